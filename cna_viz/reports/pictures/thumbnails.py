"""Thumbnails of reports, drawn by one browser for all: the figure of a cell tagged ``thumbnail``, else the first one.

Browsers hang, so this module draws in a separate process, as a program with a JSON file of ``[path, figure]`` as its
argument. It needs the extra ``images`` (kaleido) and downloads nothing.
"""

import asyncio
import base64
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from cna_viz.files import write_atomically
from cna_viz.reports.page.widgets import FIGURE
from cna_viz.reports.pictures.browser import find_browser, run
from cna_viz.reports.written import marked, why_not_replaceable, why_not_written

NAME: Final = "thumbnail.png"
_WIDTH, _HEIGHTS = 800, (500, 700)
"""Pixels of a picture, and its least and greatest height; the space on a card is 8 to 5."""
_START, _EACH = 60, 10
"""Seconds that a browser may take to start, and for each picture."""


def read_thumbnail(folder: Path) -> str:
    """Return the thumbnail of the report in ``folder`` as a data URI; empty where it is missing or out of date."""
    try:
        path = folder / NAME
        if path.stat().st_mtime_ns < (folder / "report.ipynb").stat().st_mtime_ns:
            return ""
        return f"data:image/png;base64,{base64.b64encode(path.read_bytes()).decode()}"
    except OSError:
        return ""


def draw_thumbnails(folders: Sequence[Path]) -> str:
    """Draw the thumbnails that are missing or out of date in the folders of finished reports.

    Returns:
        Why reports lack a thumbnail, as a sentence; empty where all have one, or have no figure.
    """
    to_draw, note = [], ""
    for folder in folders:
        path, picture = folder / NAME, None
        if not read_thumbnail(folder):
            picture = find_picture(folder / "report.ipynb")
        if picture and (reason := why_not_replaceable(path)):
            note = f"{path} {reason} and is not replaced."
        elif isinstance(picture, bytes):
            write_atomically(path, marked(picture))
        elif picture:
            to_draw.append((str(path.resolve()), picture))
    if not to_draw:
        return note
    if find_spec("kaleido") is None:
        return "Pictures of the figures need the extra images: pip install 'cna-viz[images]'."
    if find_browser() is None:
        return "Pictures of the figures need Chrome or Chromium; BROWSER_PATH names one in an unusual place."
    with tempfile.TemporaryDirectory(prefix="cna-viz-", ignore_cleanup_errors=True) as scratch:
        jobs = Path(scratch) / "jobs.json"
        jobs.write_text(json.dumps(to_draw), encoding="utf-8")
        try:
            run([sys.executable, "-m", "cna_viz.reports.pictures.thumbnails", str(jobs)], _START + _EACH * len(to_draw))
        except (OSError, subprocess.SubprocessError):
            return "Pictures of some figures are missing, because the browser that draws them failed or hangs."
    return note


def find_picture(notebook: Path) -> dict[str, Any] | bytes | None:
    """Return the picture of an executed notebook as plotly's JSON or as a PNG; ``None`` where it has none."""
    try:
        cells = list(json.loads(notebook.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    tagged = [cell for cell in cells if "thumbnail" in cell["metadata"].get("tags", [])]
    for output in (output for cell in [*tagged, *cells] for output in cell.get("outputs", [])):
        data = output.get("data", {})
        if FIGURE in data:
            return _reduced(data[FIGURE])
        if "image/png" in data:
            return base64.b64decode("".join(data["image/png"]))
    return None


def _reduced(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figure without title and footnote, which would be illegible; the card has both as text."""
    layout = dict(figure.get("layout", {}))
    height = layout.get("height")
    layout["annotations"] = [note for note in layout.get("annotations", []) if not _is_footnote(note)]
    layout.pop("title", None)
    layout["width"] = _WIDTH
    layout["height"] = min(max(_HEIGHTS[0], height if isinstance(height, int | float) else 0), _HEIGHTS[1])
    layout["margin"] = {**layout.get("margin", {}), "t": 48, "b": 64}  # px: for a legend above and an axis below
    return {"data": figure.get("data", []), "layout": layout}


def _is_footnote(annotation: Mapping[str, Any]) -> bool:
    return annotation.get("yref") == "paper" and annotation.get("yanchor") == "top" and annotation.get("y", 1) <= 0


async def _draw(jobs: list[tuple[str, dict[str, Any]]]) -> int:
    """Draw figures to paths, each written at once; returns the exit code, 1 where one could not be drawn."""
    from kaleido import Kaleido, PageGenerator

    failed = 0
    # Kaleido's default page downloads MathJax.
    async with Kaleido(page_generator=PageGenerator(mathjax=False), timeout=30) as kaleido:
        for path, figure in jobs:
            try:
                content = await kaleido.calc_fig(figure, opts={"format": "png", "scale": 1})
            except Exception as error:  # whatever it is, the other figures can be drawn
                print(f"{path}: {error}", file=sys.stderr)
                failed = 1
            else:
                write_atomically(Path(path), marked(content), why_not_written)
    return failed


if __name__ == "__main__":
    sys.exit(asyncio.run(_draw(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))))
