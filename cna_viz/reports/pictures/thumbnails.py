"""A thumbnail for every report of a gallery, drawn by one browser for all; without a browser, a reason.

A thumbnail lies beside its page as ``thumbnail.png`` and is of use as long as it is not older than the notebook.
"""

import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from cna_viz.files import write_atomically
from cna_viz.reports.pictures.browser import find_browser, run
from cna_viz.reports.pictures.pictures import find_picture
from cna_viz.reports.written import marked, why_not_replaceable

NAME: Final = "thumbnail.png"
_START: Final = 60
"""Seconds that a browser may take to start."""
_EACH: Final = 10
"""Seconds that it may take for a picture."""


def read_thumbnail(folder: Path) -> str:
    """Return the thumbnail of the report in ``folder`` as a data URI; empty where there is none that is up to date."""
    try:
        path = folder / NAME
        if path.stat().st_mtime_ns < (folder / "report.ipynb").stat().st_mtime_ns:
            return ""
        return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError:
        return ""


def draw_thumbnails(folders: Sequence[Path]) -> str:
    """Draw the thumbnails that are missing or out of date.

    Args:
        folders: Folders of finished reports.

    Returns:
        Why there are reports without one, as a sentence for people; empty where all have one, or have no picture.
    """
    pictures = {folder: find_picture(folder / "report.ipynb") for folder in folders if not read_thumbnail(folder)}
    to_draw, note = [], ""
    for folder, picture in pictures.items():
        if picture and (reason := why_not_replaceable(folder / NAME)):
            note = f"{folder / NAME} {reason} and is not replaced."
            continue
        if picture and picture.image:
            write_atomically(folder / NAME, marked(base64.b64decode(picture.image)))
        elif picture:
            to_draw.append((folder / NAME, picture.figure))
    if not to_draw:
        return note
    if find_spec("kaleido") is None:
        return "Pictures of the figures need the extra images: pip install 'cna-viz[images]'."
    if find_browser() is None:
        return "Pictures of the figures need Chrome or Chromium; BROWSER_PATH names one in an unusual place."
    with tempfile.TemporaryDirectory(prefix="cna-viz-", ignore_cleanup_errors=True) as scratch:
        jobs = Path(scratch) / "jobs.json"
        jobs.write_text(json.dumps([[str(path.resolve()), figure] for path, figure in to_draw]), encoding="utf-8")
        try:
            run([sys.executable, "-m", "cna_viz.reports.pictures.draw", str(jobs)], _START + _EACH * len(to_draw))
        except (OSError, subprocess.SubprocessError):
            return "Pictures of some figures are missing, because the browser that should draw them failed or hangs."
    return note
