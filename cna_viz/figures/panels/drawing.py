"""How every panel looks: the theme of the figures, with small words and margins, and no footnote.

A panel is a figure as plotly.js reads it, without the checks of plotly.py, which take longer than a slider may.
``go.Figure(drawing)`` checks one afterwards; the tests do that with every kind of panel.
"""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping, Sequence
from math import ceil
from textwrap import wrap
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from cna_viz.figures.pieces.marks import Trace
from cna_viz.figures.style.theme import MUTED, escaped, looks

Drawing = dict[str, Any]
"""``data`` (traces, which may hold arrays) and ``layout``."""

HEIGHT: Final = 370
"""Pixels of a panel by default."""
NARROW: Final = 440
"""Pixels of width that every panel has at least: legends and words break their lines for it."""
ABOVE, LINE = 16, 19
"""Pixels above the title, and of one of its lines."""
LETTER, ENTRY, ROW = 6.5, 34, 20
"""Pixels of a letter of a legend, of the mark of an entry with its padding, and of a row's height."""
FONT: Final = 12
"""Size of the words of axes and legends in pixels."""
_TYPES: Final = frozenset({"f8", "f4", "i4", "i2", "i1", "u4", "u2", "u1"})
"""Kinds of arrays that plotly.js takes as they are in memory."""
_PLAIN: Final = frozenset({int, str, bool, type(None)})
"""Types whose values JSON always holds: a list of a number per node need not be looked at one by one."""


def compact(data: Sequence[Trace], title: str, layout: Mapping[str, Any], *, kept: str, height: int) -> Drawing:
    """Return traces as a finished panel.

    Args:
        data: The traces.
        title: What is seen, one or two lines.
        layout: Axes, legend, margins and what else differs from panel to panel.
        kept: Zoom is kept between panels that share this name.
        height: Height in pixels.
    """
    words = {"text": title, "font": {"size": 14}, "x": 0, "pad": {"l": 8}, "y": 1 - ABOVE / height, "yanchor": "top"}
    margin = {"l": 16, "r": 16, "t": ABOVE + LINE * (1 + title.count("<br>")), "b": 16, **layout.get("margin", {})}
    shown = {name: _small(part) if "axis" in name else part for name, part in layout.items()}
    if "legend" in shown:
        shown["legend"] = {"font": {"size": FONT}, **shown["legend"]}
    own = {"template": looks(), "title": words, "height": height, "uirevision": kept}
    return {"data": list(data), "layout": {**own, **shown, "margin": margin}}


def words_panel(title: str, sentence: str) -> Drawing:
    """Return a low panel with a title and, in plain text, why there is nothing to draw and what to do."""
    lines = wrap(sentence, 60, break_on_hyphens=False)  # which fit in the narrowest panel
    place = {"xref": "paper", "yref": "paper", "x": 0, "y": 1, "xanchor": "left", "yanchor": "top", "align": "left"}
    look = {"showarrow": False, "font": {"size": 13, "color": MUTED}}
    text = {"text": escaped("\n".join(lines)).replace("\n", "<br>"), **place, **look}
    layout = {"annotations": [text], "xaxis": {"visible": False}, "yaxis": {"visible": False}}
    return compact([], f"<b>{title}</b>", layout, kept="words", height=70 + 19 * len(lines))


def legend_rows(names: Iterable[str]) -> int:
    """Return how many rows a legend with these names has in a narrow panel."""
    return ceil(sum(LETTER * len(name) + ENTRY for name in names) / NARROW)


def legend_below(title: str) -> dict[str, Any]:
    """Return a legend at the lower edge of a panel."""
    words = {"text": title, "font": {"size": FONT}}
    return {"title": words, "x": 0.02, "xref": "container", "y": 0, "yref": "container", "yanchor": "bottom"}


def to_json(figure: go.Figure | Drawing) -> str:
    """Return a figure as plotly.js reads it; arrays of numbers are packed."""
    if isinstance(figure, go.Figure):
        text: str = figure.to_json()
        return text
    return json.dumps(_packed(figure), separators=(",", ":"))


def _small(axis: Mapping[str, Any]) -> dict[str, Any]:
    title = {"font": {"size": FONT + 1}, "standoff": 4, "text": axis["title"]} if "title" in axis else None
    # Margins that fit themselves to what is on the axes lay out a panel twice, and shift it while a slider moves.
    return {"automargin": False, "tickfont": {"size": FONT}, **axis, **({"title": title} if title else {})}


def _packed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _packed(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return value if _PLAIN.issuperset(map(type, value)) else [_packed(inner) for inner in value]
    if isinstance(value, np.ndarray):
        kind = value.dtype.str[1:]
        if value.dtype.str[0] == ">" or kind not in _TYPES or value.ndim != 1:
            return _packed(value.tolist())
        return {"dtype": kind, "bdata": b64encode(np.ascontiguousarray(value).data).decode("ascii")}
    if isinstance(value, np.generic):
        return _packed(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None  # JSON has no NaN; plotly.js leaves a gap, as for NaN
    return value
