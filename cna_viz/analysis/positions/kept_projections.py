"""Projections of a run that keep their orientation: from layer to layer, epoch to epoch, and between the stages."""

from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import numpy as np

from cna_viz.analysis.positions.methods import Method, project
from cna_viz.analysis.positions.projection import Projection, turned
from cna_viz.config.vocabulary import Stage
from cna_viz.errors import RecordError
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]
Key = tuple[int, Stage, Method]

MOST_BYTES: Final = 256 * 2**20
"""Positions kept in memory; the least recently used are dropped first."""


class KeptProjections:
    """Projections of all layers of one run, each epoch and stage computed on demand, and then kept.

    The orientation of a projection means nothing, so it must not flip between layers. The selected epoch (the last
    snapshot where that has none) is projected as any sequence of layers; every other snapshot is also rotated to match
    its neighbour on the way there. With UMAP, which takes seconds for each, they are rotated to match the selected
    epoch itself.

    Args:
        record: A run with snapshots.
        cache: Folder of kept UMAP projections; the user's cache folder when left out.
        most: Bytes of positions to keep at most; one epoch and stage is kept in any case.
    """

    def __init__(self, record: Record, cache: Path | None = None, most: int = MOST_BYTES) -> None:
        self._record, self._cache, self._most = record, cache, most
        self._kept: OrderedDict[Key, tuple[Projection, ...]] = OrderedDict()

    def layers(self, epoch: int, stage: Stage = "conv", method: Method = "pca") -> tuple[Projection, ...]:
        """Return the projections of layers 1, 2, … at one snapshot and stage, ``conv`` or ``slot`` (one layer fewer).

        Raises:
            UsageError: When there is no such snapshot or stage.
            RecordError: When a file is damaged.
        """
        key = (epoch, stage, method)
        if key not in self._kept:
            self._kept[key] = self._project(key)
        self._kept.move_to_end(key)
        while len(self._kept) > 1 and self._bytes() > self._most:
            self._kept.popitem(last=False)
        return self._kept[key]

    def _bytes(self) -> int:
        return sum(projection.positions.nbytes for layers in self._kept.values() for projection in layers)

    def holds(self, epoch: int, stage: Stage, method: Method) -> bool:
        """Whether an epoch and stage was projected already."""
        return (epoch, stage, method) in self._kept

    def _project(self, key: Key) -> tuple[Projection, ...]:
        epoch, stage, method = key
        last = self._record.layers - (stage == "slot")
        features = [self._record.embedding(layer, stage, epoch).values for layer in range(1, last + 1)]
        projections = project(features, method, self._cache)
        beside = self._beside(key)
        return tuple(projections if beside is None else between(projections, beside))

    def _beside(self, key: Key) -> tuple[Projection, ...] | None:
        """Return the projections to match; None where there are none, as for the selected epoch."""
        for other in self._way(key):
            try:
                return self.layers(*other)
            except RecordError:
                continue  # a damaged snapshot takes no other with it
        return None

    def _way(self, key: Key) -> list[Key]:
        """Return the snapshots on the way to the selected one, the nearest first."""
        epoch, stage, method = key
        snapshots, selected = self._record.snapshots, self._record.best_epoch
        selected = selected if selected in snapshots else snapshots[-1]
        if epoch == selected:
            return [(epoch, "conv", method)] if stage == "slot" and method == "pca" else []
        if method == "umap":
            return [(selected, stage, method)]
        between_both = [other for other in snapshots if min(epoch, selected) <= other <= max(epoch, selected)]
        return [(other, stage, method) for other in sorted(between_both, key=lambda other: abs(other - epoch))[1:]]


def between(projections: Sequence[Projection], beside: Sequence[Projection]) -> list[Projection]:
    """Rotate each layer to match both the layer before and itself at a neighbouring epoch or stage (``beside``).

    So it jumps neither from layer to layer nor from epoch to epoch.
    """
    found: list[Projection] = []
    before: Array | None = None
    for projection, other in zip(projections, beside, strict=False):
        if projection.has_places:
            near = [shown for shown in (before, other.positions if other.has_places else None) if shown is not None]
            positions = turned(projection.positions, np.sum(near, axis=0)) if near else projection.positions
            projection = replace(projection, positions=positions)
            before = positions
        found.append(projection)
    return found
