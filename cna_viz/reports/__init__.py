"""Reports: a parameterized notebook, run strictly, becomes one self-contained HTML page.

The road of a report, a folder per step:

- ``notebooks``: finds the notebooks, reads the parameters that they declare, and checks values against types and the
  config, all before anything is run;
- ``running``: runs the notebook and judges whether it really came to its end;
- ``page``: makes one page of it;
- ``report`` joins everything: :func:`.report.make_report`; ``pictures`` prints its page and draws thumbnails;
- ``many``: several reports by one command, a process each, and the page that lists them.

Nothing is imported here: papermill and nbconvert take seconds, and listing reports must not wait for them.
"""
