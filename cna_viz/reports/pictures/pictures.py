"""The picture of a report: which of its figures it is, and how that is made small.

A cell tagged ``thumbnail`` has the picture; without one it is the first figure of the notebook.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from cna_viz.reports.page.widgets import FIGURE

TAG: Final = "thumbnail"
WIDTH: Final = 800
"""Pixels of a picture."""
HEIGHTS: Final = (500, 700)
"""Its least and greatest height; the space on a card is 8 to 5."""


@dataclass(frozen=True)
class Picture:
    """A figure of a notebook, as plotly's JSON, or an image, as base64 of a PNG; the other is empty."""

    figure: Mapping[str, Any]
    image: str = ""


def find_picture(notebook: Path) -> Picture | None:
    """Return the picture of an executed notebook, or ``None`` where it has none or can't be read."""
    try:
        cells = list(json.loads(notebook.read_text(encoding="utf-8"))["cells"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    tagged = [cell for cell in cells if TAG in cell["metadata"].get("tags", [])]
    return next(_pictures([*tagged, *cells]), None)


def _pictures(cells: list[dict[str, Any]]) -> Iterator[Picture]:
    for cell in cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if FIGURE in data:
                yield Picture(_reduced(data[FIGURE]))
            elif "image/png" in data:
                yield Picture({}, "".join(data["image/png"]).replace("\n", ""))


def _reduced(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Return the figure without title and footnote, which nobody could read and a card has in words."""
    layout = dict(figure.get("layout", {}))
    height = layout.get("height")
    margin = dict(layout.get("margin", {}))
    layout["annotations"] = [note for note in layout.get("annotations", []) if not _is_footnote(note)]
    layout.pop("title", None)
    layout["width"] = WIDTH
    layout["height"] = min(max(HEIGHTS[0], height if isinstance(height, int | float) else 0), HEIGHTS[1])
    layout["margin"] = {**margin, "t": 48, "b": 64}  # px: enough for a legend above, and for an axis below
    return {"data": figure.get("data", []), "layout": layout}


def _is_footnote(annotation: Mapping[str, Any]) -> bool:
    return annotation.get("yref") == "paper" and annotation.get("yanchor") == "top" and annotation.get("y", 1) <= 0
