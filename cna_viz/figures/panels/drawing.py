"""Figures as plotly.js reads them, without the checks of plotly.py, which take longer than a slider may.

``go.Figure(drawing)`` checks one afterwards; the tests do that with every kind there is.
"""

import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go

from cna_viz.figures.style.theme import looks

Drawing = dict[str, Any]
"""``data`` (traces, which may hold arrays) and ``layout``."""

SMALL: Final = 14
"""Size of the title of a panel in pixels."""
_TYPES: Final = frozenset({"f8", "f4", "i4", "i2", "i1", "u4", "u2", "u1"})
"""Kinds of arrays that plotly.js takes as they are in memory."""
_PLAIN: Final = frozenset({int, str, bool, type(None)})
"""Types of which JSON holds every value: a list of a number per node need not be looked at one by one."""


def panel(
    data: Sequence[Mapping[str, Any]],
    layout: Mapping[str, Any],
    *,
    words: str,
    height: int,
    kept: str,
    margin: Mapping[str, int] | None = None,
) -> Drawing:
    """Return a small figure: a short title, no footnote, narrow margins.

    Args:
        data: Traces.
        layout: Axes and what else the panel needs.
        words: The title.
        height: Height in pixels.
        kept: Zoom is kept between figures that have this in common.
        margin: Margins in pixels that differ from the narrow ones, by ``l``, ``r``, ``t`` or ``b``.
    """
    title = {"text": words, "font": {"size": SMALL}, "x": 0, "pad": {"l": 8}}
    margins = {"l": 12, "r": 12, "t": 40, "b": 48, **(margin or {})}
    own = {"template": looks(), "title": title, "height": height, "margin": margins, "uirevision": kept}
    return {"data": list(data), "layout": {**own, **layout}}


def to_json(figure: go.Figure | Drawing) -> str:
    """Return a figure as plotly.js reads it; arrays of numbers are packed."""
    if isinstance(figure, go.Figure):
        text: str = figure.to_json()
        return text
    return json.dumps(_packed(figure), separators=(",", ":"))


def _packed(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _packed(inner) for name, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return value if _PLAIN.issuperset(map(type, value)) else [_packed(inner) for inner in value]
    if isinstance(value, np.ndarray):
        return _packed_array(value)
    if isinstance(value, np.generic):
        return _packed(value.item())
    if isinstance(value, float) and not np.isfinite(value):
        return None  # JSON has no NaN; plotly.js leaves a gap, as for NaN
    return value


def _packed_array(array: "np.ndarray[Any, Any]") -> Any:
    kind = array.dtype.str[1:]
    if array.dtype.str[0] == ">" or kind not in _TYPES or array.ndim != 1:
        return _packed(array.tolist())
    return {"dtype": kind, "bdata": b64encode(np.ascontiguousarray(array).data).decode("ascii")}
