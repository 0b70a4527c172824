"""Reports: a parameterized notebook, run strictly, becomes one self-contained HTML page.

The road of a report, a file per step:

- ``notebooks`` finds the notebooks, ``parameters`` reads what they declare, ``kinds`` turns text into declared types
  and ``meaning`` holds the values against the config, all before anything is run;
- ``kernel`` and ``execute`` run the notebook, ``verdict`` judges whether it really came to its end;
- ``mathml``, ``markdown``, ``tables``, ``outputs`` and ``provenance`` make the pieces of the ``page``;
- ``widgets`` says what stands in the place of a widget;
- ``report`` joins everything: :func:`.report.make_report`; ``browser`` prints its page.

Several reports by one command:

- ``gallery`` and ``batch`` check what is asked for and say it as ``jobs``;
- ``many`` makes them in ``workers``, a process each, and ``estimate`` says how long it takes;
- ``summary``, ``pictures``, ``thumbnails`` (drawn by ``draw``) and ``cards`` make the pieces of the ``listing``.

Nothing is imported here: papermill and nbconvert take seconds, and listing reports must not wait for them.
"""
