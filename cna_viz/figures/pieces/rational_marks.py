"""Learned rational functions as lines, and the density of what enters them."""

from typing import Any, Final, Literal

import numpy as np

from cna_viz.analysis.tables.rational import RationalCurves
from cna_viz.figures.pieces.nodes import Trace
from cna_viz.figures.style.theme import CLASS_COLORS, INK, OTHER_DASHES, class_style

Array = np.ndarray[Any, Any]

Part = Literal["value", "density", "difference"]
"""What a line shows: the function, the density of what enters it, or its distance from ReLU."""

SHOWN: Final = 4.0
"""How far the axis reaches at least to both sides; nearly all normalized values lie within."""


def reach(curves: RationalCurves) -> float:
    """Return how far the horizontal axis reaches to both sides."""
    return float(max(SHOWN, np.abs(curves.z[curves.lives.any(axis=0)]).max(initial=0) + 0.1))


def value_range(curves: RationalCurves) -> list[float]:
    """Return the range of the vertical axis of the functions.

    What is drawn thin may leave the picture: it would press flat what has values.
    """
    held = curves.y[curves.lives & np.isfinite(curves.y)]
    low, high = held.min(initial=-0.5), held.max(initial=reach(curves))
    margin = 0.06 * (high - low)
    return [low - margin, high + margin]


def relu_trace(width: float) -> Trace:
    """Return ReLU between ``-width`` and ``width``."""
    look = {"mode": "lines", "line": {"color": INK, "dash": "dot", "width": 1.5}}
    return {"type": "scatter", "x": [-width, 0, width], "y": [0, 0, width], **look, "name": "ReLU", "hoverinfo": "skip"}


def cluster_traces(curves: RationalCurves, cluster: int) -> list[tuple[Part, Trace]]:
    """Return the lines of a cluster, each with what it shows; their ``legendgroup`` is :func:`curve_name`.

    The function is thin everywhere and bold where the middle 99 % of its values lie; a cluster without nodes has the
    thin line only.
    """
    value, lives = curves.y[cluster], curves.lives[cluster]
    lines: list[tuple[Part, Trace]] = []
    if np.isfinite(value).any():
        lines.append(("value", _thin(curves, cluster)))
    if not lives.any():
        return lines
    if np.isfinite(value[lives]).any():
        lines += [("value", _bold(curves, cluster)), ("difference", _difference(curves, cluster))]
    return [*lines, ("density", _density(curves, cluster))]


def curve_name(cluster: int) -> str:
    """Return what the lines of a cluster are called as a group of the legend."""
    return f"cluster {cluster}"


def _line(curves: RationalCurves, cluster: int, y: object, hover: str, **line: object) -> Trace:
    color, _ = class_style(cluster)
    # Colours come again after ten clusters.
    dash = OTHER_DASHES[cluster // len(CLASS_COLORS) % len(OTHER_DASHES)]
    return {
        "type": "scatter",
        "x": curves.z,
        "y": y,
        "mode": "lines",
        "line": {"color": color, "dash": dash, **line},
        "legendgroup": curve_name(cluster),
        "name": str(cluster),
        "showlegend": False,
        "hovertemplate": f"cluster {cluster}<br>{hover}<extra></extra>",
    }


def _thin(curves: RationalCurves, cluster: int) -> Trace:
    hover = "R(%{x:.2g}) = %{y:.3g}"
    return {**_line(curves, cluster, curves.y[cluster], hover, width=1, shape="spline"), "opacity": 0.5}


def _bold(curves: RationalCurves, cluster: int) -> Trace:
    y = _where(curves.y[cluster], curves.lives[cluster])
    line = _line(curves, cluster, y, "R(%{x:.2g}) = %{y:.3g}", width=3, shape="spline")
    del line["showlegend"]
    return {**line, **_mark(curves, cluster)}


def _difference(curves: RationalCurves, cluster: int) -> Trace:
    y = _where(curves.y[cluster] - np.maximum(curves.z, 0), curves.lives[cluster])
    # Not rounded: ReLU has a corner at 0.
    return {**_line(curves, cluster, y, "R − ReLU at %{x:.2g}: %{y:.3g}", width=2), **_mark(curves, cluster)}


def _density(curves: RationalCurves, cluster: int) -> Trace:
    return _line(curves, cluster, 100 * curves.density[cluster], "%{y:.2g} % around %{x:.2g}", width=2, shape="hvh")


def _mark(curves: RationalCurves, cluster: int) -> Trace:
    """Return a mark where a line is a single point, which can't be seen."""
    mode = "lines" if np.count_nonzero(curves.lives[cluster]) > 1 else "lines+markers"
    return {"mode": mode, "marker": {"color": class_style(cluster)[0], "size": 9}}


def _where(value: Array, where: Array) -> list[float | None]:
    """Return the values with gaps where a rational does not live or is not finite."""
    return [float(y) if here and np.isfinite(y) else None for y, here in zip(value, where, strict=True)]
