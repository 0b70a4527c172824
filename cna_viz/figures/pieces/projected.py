"""What all figures of embeddings share: words on how features became positions, and axes."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import plotly.graph_objects as go

from cna_viz.analysis.positions.methods import Method
from cna_viz.analysis.positions.projection import Projection
from cna_viz.figures.style.theme import GRID

Array = np.ndarray[Any, Any]


def method_note(method: Method, what: str = "layer") -> str:
    """Return the note on a projection; of UMAP with its parameters.

    Args:
        method: As in :func:`~cna_viz.analysis.positions.methods.project`.
        what: What follows each other in the sequence; empty where there is only one.
    """
    if method == "pca":
        turned = f", each {what} turned onto the one before" if what else ""
        return f"PCA{turned}; rows scaled to root mean square length 1{'; same axes everywhere' if what else ''}"
    from cna_viz.analysis.positions.methods import PARAMETERS

    started = f", each {what} started from the one before" if what else ""
    parameters = ", ".join(f"{name} {value}" for name, value in PARAMETERS.items())
    return f"UMAP{started}; distances between groups mean nothing<br>{parameters}"


def caption(words: str, projection: Projection) -> str:
    """Return what a panel is, how far its nodes are spread and, of PCA, how much of that is seen."""
    if np.isnan(projection.spread):
        return f"<b>{words}</b> · features not finite, nothing to draw"
    parts = [f"<b>{words}</b>", f"relative spread {projection.spread:.2g}"]
    if projection.collapsed:
        parts.insert(1, "<b>collapsed</b>, all nodes alike")
    if np.isfinite(projection.explained):
        parts.append(f"{100 * projection.explained:.0f} % of the variance in view")
    lost = int(np.isnan(projection.positions).any(axis=1).sum())
    return " · ".join(parts) + (f"<br>{lost:,} nodes are not finite and left out" if lost else "")


def state(projection: Projection) -> str:
    """Return how far the nodes of a small panel are spread, or why nothing of it is seen."""
    if np.isnan(projection.spread):
        return "<b>not finite</b>"
    return "<b>collapsed</b>" if projection.collapsed else f"spread {projection.spread:.2g}"


def reach(projections: Iterable[Projection]) -> float:
    """Return how far axes must reach from the origin to show every node of all projections."""
    farthest = max((np.nanmax(np.abs(shown.positions), initial=0) for shown in projections), default=1)
    return float(1.05 * farthest) or 1.0


def hide_axes(figure: go.Figure, reach: float, **where: int) -> None:
    """Give panels one range and a frame: directions of a projection have neither name nor unit."""
    look = {"range": [-reach, reach], "showticklabels": False, "ticks": "", "mirror": True, "linecolor": GRID}
    figure.update_xaxes(look, **where).update_yaxes(look, **where)
