"""How every panel looks: the theme of the figures, with small words and margins, and no footnote."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from math import ceil
from typing import Any, Final

import plotly.graph_objects as go

from cna_viz.figures.theme import template

HEIGHT: Final = 370
"""Pixels of a panel unless somebody asks for more."""
NARROW: Final = 440
"""Pixels of width that every panel has at least: what is above or below the axes breaks its lines for it."""
ABOVE, LINE = 16, 19
"""Pixels above the title, and of one of its lines."""
LETTER, ENTRY, ROW = 6.5, 34, 20
"""Pixels of a letter of a legend, of the mark of an entry and what is around it, and of a row's height."""


def panel(
    data: Sequence[Any], title: str, layout: Mapping[str, Any], *, revision: str, height: int = HEIGHT
) -> go.Figure:
    """Return traces as a finished panel, which is a figure of its own.

    Args:
        data: The traces.
        title: What is seen, one or two lines.
        layout: Axes, legend, margins and what else differs from panel to panel.
        revision: What the panel shows: while it is the same, a zoom is kept from figure to figure.
        height: Height in pixels.
    """
    own: dict[str, Any] = {
        "template": _template(),
        "title": {"text": title, "y": 1 - ABOVE / height},
        "height": height,
        "uirevision": revision,
        "margin": {"l": 16, "r": 16, "t": ABOVE + LINE * (1 + title.count("<br>")), "b": 16},
    }
    return go.Figure(
        {"data": list(data), "layout": {**own, **layout, "margin": {**own["margin"], **layout.get("margin", {})}}}
    )


def legend_rows(names: Iterable[str]) -> int:
    """Return how many rows a legend with these names has in a narrow panel."""
    return ceil(sum(LETTER * len(name) + ENTRY for name in names) / NARROW)


@cache
def _template() -> go.layout.Template:
    small = template()
    axis = {"title": {"font": {"size": 13}, "standoff": 4}, "tickfont": {"size": 12}}
    small.layout.update(
        title={"font": {"size": 14}, "pad": {"l": 8}, "yanchor": "top"},
        legend={"font": {"size": 12}},
        xaxis=axis,
        yaxis=axis,
    )
    return small
