"""Every figure on a dark page: the same figure, each colour of the theme replaced by its counterpart.

One table serves :func:`dark`, which replaces the colours of a figure, and the switch between light and dark of reports
and widgets, which carry :func:`counterparts` and :func:`exchange_script`.
"""

import re
from base64 import b64decode
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import numpy as np
import plotly.graph_objects as go
from plotly.colors import hex_to_rgb, label_rgb, sample_colorscale

from cna_viz.figures.style.theme import BAND, GRID, INK, MUTED, PAPER, SEQUENTIAL

DARK_PAPER: Final = "#14171d"

_COLORS: Final = {
    INK: "#e6e9ef",
    MUTED: "#a3abb9",
    GRID: "#2b303a",
    BAND: "#2f3541",
    PAPER: DARK_PAPER,
    # Slots. Blues are lighter, so that the darker of the two stays the one of CNA.
    "#7a7f87": "#9aa0aa",
    "#d55e00": "#ee7a33",
    "#0072b2": "#4a9fe0",
    "#56b4e9": "#a8dcff",
    "#009e73": "#2fc79a",
    "#332288": "#9b8cf0",
    "#e69f00": "#f5b82e",
    "#882255": "#d870a5",
    "#117733": "#5fb56c",
    "#cc79a7": "#e8a9ca",
    "#aa4499": "#c77ddb",
    "#661100": "#cf6b56",
    "#999933": "#bdbd5a",
    # Classes and clusters.
    "#4477aa": "#6fa3d8",
    "#ee6677": "#ff8594",
    "#228833": "#55b868",
    "#ccbb44": "#dccb5a",
    "#66ccee": "#8fddf5",
    "#aa3377": "#d86aab",
    "#222222": "#e8e8e8",
    "#ee7733": "#ff9455",
    "#bbbbbb": "#8a8f98",
    # Groups that have an order.
    "#00204d": "#4a69a3",
    "#414d6b": "#717c99",
    "#7c7b78": "#999794",
    "#bcaf6f": "#cbbe80",
    "#ffea46": "#ffea46",
}
"""Colours on white and their counterparts on the dark paper; keys in lower case."""

LOWEST: Final = 0.22
"""Where the sequential scale starts on the dark paper, which its first colours blend into."""

_RGB: Final = re.compile(r"rgb(a?)\((\d+), ?(\d+), ?(\d+)(?:, ?([\d.]+))?\)")


@cache
def counterparts() -> Mapping[str, str]:
    """Return the counterpart of every colour of the theme, ``#rrggbb`` in lower case to the same on the dark paper."""
    light = sample_colorscale(SEQUENTIAL, list(np.linspace(0, 1, 10)), colortype="tuple")
    dark = sample_colorscale(SEQUENTIAL, list(np.linspace(LOWEST, 1, 10)), colortype="tuple")
    return {_hex(before): _hex(after) for before, after in zip(light, dark, strict=True)} | _COLORS


def exchange_script() -> str:
    """Return the JavaScript function ``exchanger``, the counterpart of :func:`dark` in a browser."""
    return files("cna_viz.figures").joinpath("scripts", "exchange.js").read_text(encoding="utf-8")


def dark(figure: go.Figure) -> go.Figure:
    """Return the figure for a dark page; the given one stays as it is.

    Args:
        figure: A figure of this package. Colours that are not the theme's stay as they are.
    """
    parts = figure.to_plotly_json()
    return go.Figure(
        data=[_exchange(trace) for trace in parts["data"]],
        layout=_exchange(parts["layout"]),
        frames=[_exchange(frame) for frame in parts.get("frames", [])],
    )


def _exchange(value: Any, colored: bool = False) -> Any:
    """Replace the values of keys that name a colour; names and texts that look like one stay."""
    if isinstance(value, dict):
        if "bdata" in value:
            return _decode(value)
        return {key: _exchange(inner, key.lower().endswith(("color", "colorscale"))) for key, inner in value.items()}
    if isinstance(value, np.ndarray) and value.dtype.kind in "OU":
        return _exchange(value.tolist(), colored)
    if isinstance(value, list | tuple):
        return [_exchange(inner, colored) for inner in value]
    return counterpart(value) if colored and isinstance(value, str) else value


def _decode(stored: Mapping[str, Any]) -> "np.ndarray[Any, Any]":
    """Return an array of numbers that plotly has packed for the JSON."""
    values = np.frombuffer(b64decode(stored["bdata"]), dtype=stored["dtype"])
    return values.reshape([int(size) for size in str(stored["shape"]).split(",")]) if "shape" in stored else values


def counterpart(color: str) -> str:
    """Return the counterpart of one colour, ``#rrggbb``, ``rgb(…)`` or ``rgba(…)``; itself where it has none."""
    match = _RGB.fullmatch(color)
    if not match:
        return counterparts().get(color.lower(), color)
    alpha, *channels, opacity = match.groups()
    found = counterparts().get("#{:02x}{:02x}{:02x}".format(*map(int, channels)))
    if not found:
        return color
    return f"rgba{(*hex_to_rgb(found), float(opacity))}" if alpha else label_rgb(hex_to_rgb(found))


def _hex(channels: tuple[float, float, float]) -> str:
    return "#{:02x}{:02x}{:02x}".format(*(round(255 * channel) for channel in channels))
