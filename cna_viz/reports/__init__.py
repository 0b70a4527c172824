"""Reports: a parameterized notebook, run strictly, becomes one self-contained HTML page.

``notebooks`` reads and checks parameters before anything runs, ``running`` runs the notebook and judges whether it
reached its end, ``page`` renders it, ``pictures`` prints the page and draws thumbnails, :func:`.report.make_report`
joins these steps, and ``many`` makes several reports by one command.

Nothing is imported here: papermill and nbconvert take seconds, and listing reports must not wait for them.
"""
