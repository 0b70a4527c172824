"""The layers of two runs, projected for one picture: computed once, and shown layer by layer."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from cna_viz.analysis.positions.methods import METHODS, Method, project
from cna_viz.analysis.positions.projection import Projection, aligned
from cna_viz.analysis.tables.predictions import check_same_nodes
from cna_viz.figures.pieces.projected import reach
from cna_viz.figures.style.checks import check_choice
from cna_viz.figures.style.labels import STAGE_LABELS
from cna_viz.records.record import Record


@dataclass(frozen=True)
class PairedLayers:
    """Where the nodes of two runs are, by layer.

    Attributes:
        first: Projections of layers 1, 2, … of the first run.
        second: The same of the second run, turned onto those of the first.
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
    stage: str = "conv",
    method: Method = "pca",
    cache: Path | None = None,
) -> PairedLayers:
    """Project all layers of two runs, those of the second turned onto those of the first.

    Args:
        first: A run with snapshots.
        second: Another on the same nodes, of any depth.
        epoch: A snapshot's epoch of both; the selected models' when left out.
        stage: ``conv`` or ``slot``; of the latter a run of one layer has none.
        method: ``pca`` or ``umap``.
        cache: Folder of kept UMAP projections; the user's cache folder when left out.

    Raises:
        UsageError: When the nodes are not the same, a name is unknown, or a run has no such snapshot.
    """
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
