"""How every panel looks: the theme of the figures, with small words and margins, and no footnote."""

from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from typing import Any, Final

from cna_viz.figures.panels.drawing import Drawing, panel
from cna_viz.figures.pieces.nodes import Trace

HEIGHT: Final = 370
"""Pixels of a panel unless somebody asks for more."""
NARROW: Final = 440
"""Pixels of width that every panel has at least: what is above or below the axes breaks its lines for it."""
ABOVE, LINE = 16, 19
"""Pixels above the title, and of one of its lines."""
LETTER, ENTRY, ROW = 6.5, 34, 20
"""Pixels of a letter of a legend, of the mark of an entry and what is around it, and of a row's height."""
FONT: Final = 12
"""Size of the words of axes and legends in pixels."""


def compact(data: Sequence[Trace], title: str, layout: Mapping[str, Any], *, kept: str, height: int) -> Drawing:
    """Return traces as a finished panel.

    Args:
        data: The traces.
        title: What is seen, one or two lines.
        layout: Axes, legend, margins and what else differs from panel to panel.
        kept: Zoom is kept between panels that have this in common.
        height: Height in pixels.
    """
    margin = {"l": 16, "r": 16, "t": ABOVE + LINE * (1 + title.count("<br>")), "b": 16, **layout.get("margin", {})}
    shown = {name: _small(part) if "axis" in name else part for name, part in layout.items() if name != "margin"}
    if "legend" in shown:
        shown["legend"] = {"font": {"size": FONT}, **shown["legend"]}
    drawing = panel(data, shown, words=title, height=height, kept=kept, margin=margin)
    drawing["layout"]["title"] |= {"y": 1 - ABOVE / height, "yanchor": "top"}
    return drawing


def legend_rows(names: Iterable[str]) -> int:
    """Return how many rows a legend with these names has in a narrow panel."""
    return ceil(sum(LETTER * len(name) + ENTRY for name in names) / NARROW)


def legend_below(title: str) -> dict[str, Any]:
    """Return a legend at the lower edge of a panel."""
    words = {"text": title, "font": {"size": FONT}}
    return {"title": words, "x": 0.02, "xref": "container", "y": 0, "yref": "container", "yanchor": "bottom"}


def _small(axis: Mapping[str, Any]) -> dict[str, Any]:
    title = {"font": {"size": FONT + 1}, "standoff": 4, "text": axis["title"]} if "title" in axis else None
    # Margins that fit themselves to what is on the axes lay out a panel twice, and shift it while a slider moves.
    return {"automargin": False, "tickfont": {"size": FONT}, **axis, **({"title": title} if title else {})}
