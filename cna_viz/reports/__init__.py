"""Reports: a parameterized notebook, run strictly, becomes one self-contained HTML page.

The road of a report, a file per step:

- ``notebooks`` finds the notebooks, ``parameters`` reads what they declare, ``kinds`` turns text into declared types
  and ``meaning`` holds the values against the config, all before anything is run;
- ``kernel`` and ``execute`` run the notebook, ``verdict`` judges whether it really came to its end;
- ``mathml``, ``markdown``, ``tables``, ``outputs`` and ``provenance`` make the pieces of the ``page``;
- ``report`` joins everything: :func:`.report.make_report`.

Nothing is imported here: papermill and nbconvert take seconds, and listing reports must not wait for them.
"""
