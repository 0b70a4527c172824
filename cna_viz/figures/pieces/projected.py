"""Projected layers: of one run or two, the words on them, and their axes."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go

from cna_viz.analysis.positions.methods import METHODS, Method, project
from cna_viz.analysis.positions.projection import Projection, aligned
from cna_viz.analysis.words import counted
from cna_viz.config.vocabulary import Stage
from cna_viz.figures.style.labels import STAGE_LABELS, check_choice
from cna_viz.figures.style.theme import GRID
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]


def method_note(method: Method, what: str = "layer") -> str:
    """Return the note on a projection, with UMAP's parameters; ``what`` makes a sequence, or is empty for one alone."""
    if method == "pca":
        rotated = f", each {what} rotated to match the previous one (Procrustes)" if what else ""
        return f"PCA{rotated}; rows scaled to root mean square length 1{'; same axes everywhere' if what else ''}"
    from cna_viz.analysis.positions.methods import PARAMETERS

    started = f", each {what} started from the previous one" if what else ""
    parameters = ", ".join(f"{name} {value}" for name, value in PARAMETERS.items())
    return f"UMAP{started}; distances between groups mean nothing<br>{parameters}"


def caption(words: str, projection: Projection) -> str:
    """Return the name of a panel, how far its nodes are spread and, for PCA, the share of the variance in view."""
    if np.isnan(projection.spread):
        return f"<b>{words}</b> · features not finite, nothing to draw"
    parts = [f"<b>{words}</b>", f"relative spread {projection.spread:.2g}"]
    if projection.collapsed:
        parts.insert(1, "<b>collapsed</b>, all nodes alike")
    if np.isfinite(projection.explained):
        parts.append(f"{100 * projection.explained:.0f} % of the variance in view")
    lost = int(np.isnan(projection.positions).any(axis=1).sum())
    return " · ".join(parts) + (f"<br>left out: {counted(lost, 'node')} without finite features" if lost else "")


def state(projection: Projection) -> str:
    """Return how far the nodes of a small panel are spread, or why they can't be seen."""
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


@dataclass(frozen=True)
class PairedLayers:
    """Where the nodes of two runs are, by layer.

    Attributes:
        first: Projections of layers 1, 2, … of the first run.
        second: The same of the second run, rotated to match those of the first.
        far: How far axes must reach to show every node of both in all layers.
    """

    first: tuple[Projection, ...]
    second: tuple[Projection, ...]
    far: float

    @property
    def deepest(self) -> int:
        """The last layer that at least one of them has."""
        return max(len(self.first), len(self.second))

    def at(self, layer: int) -> tuple[Projection | None, Projection | None]:
        """Return the projections of a layer; None where a run has no such layer."""
        one, other = (run[layer - 1] if 0 < layer <= len(run) else None for run in (self.first, self.second))
        return one, other


def paired_layers(
    first: Record,
    second: Record,
    *,
    epoch: int | None = None,
    stage: Stage = "conv",
    method: Method = "pca",
    cache: Path | None = None,
) -> PairedLayers:
    """Project all layers of two runs, those of the second rotated to match those of the first.

    Args:
        first: A run with snapshots.
        second: Another on the same nodes, of any depth.
        epoch: A snapshot's epoch of both; the selected models' when left out.
        stage: ``conv`` or ``slot``; a run of one layer has no slot.
        method: ``pca`` or ``umap``.
        cache: Folder of kept UMAP projections; the user's cache folder when left out.

    Raises:
        UsageError: When the nodes are not the same, a name is unknown, or a run has no such snapshot.
    """
    from cna_viz.analysis.tables.predictions import check_same_nodes  # imports scikit-learn, which the explorer spares

    check_choice("stage", stage, STAGE_LABELS)
    check_choice("method", method, METHODS)
    check_same_nodes(first, second)
    features = [
        [record.embedding(layer, stage, epoch).values for layer in range(1, record.layers + 1 - (stage == "slot"))]
        for record in (first, second)
    ]
    one, other = (project(layers, method, cache) if layers else [] for layers in features)
    other = aligned(other, one)
    return PairedLayers(tuple(one), tuple(other), reach([*one, *other]) if one or other else float(np.nan))
