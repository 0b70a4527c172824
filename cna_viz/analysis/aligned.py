<<<<<<< HEAD
"""Projections of a run that keep their side: from layer to layer, from epoch to epoch, and between the stages."""

from collections import OrderedDict
from pathlib import Path
from typing import Any, Final

import numpy as np

from cna_viz.analysis.methods import Method, project
from cna_viz.analysis.projection import Projection, turned
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]
Key = tuple[int, str, Method]

MOST_BYTES: Final = 256 * 2**20
"""Positions that are kept in memory; those that were not asked for the longest are dropped first."""


class AlignedProjections:
    """Projections of all layers of one run, each epoch and stage computed when first asked for, and then kept.

    Where a picture lies on its axes means nothing, so it must not change its side while somebody looks at one layer
    after the other. The selected epoch (the last snapshot where that has none) is projected as any sequence of layers
    is; every other snapshot is turned onto its neighbour on the way there, too. By UMAP, which takes seconds for each,
    they are turned onto the selected epoch itself.

    Args:
        record: A run with snapshots.
        cache: Folder of kept UMAP projections; the user's cache folder when left out.
        most: Bytes of positions to keep at most; one epoch and stage is kept in any case.
    """

    def __init__(self, record: Record, cache: Path | None = None, most: int = MOST_BYTES) -> None:
        self._record, self._cache, self._most = record, cache, most
        self._kept: OrderedDict[Key, tuple[Projection, ...]] = OrderedDict()

    def layers(self, epoch: int, stage: str = "conv", method: Method = "pca") -> tuple[Projection, ...]:
        """Return the projections of layers 1, 2, … at one epoch and stage.

        Args:
            epoch: A snapshot's epoch.
            stage: ``conv`` or ``slot``, of which the last layer has none.
            method: ``pca`` or ``umap``.

        Raises:
            UsageError: When there is no such snapshot or stage.
            RecordError: When a file is not what was written.
        """
        key = (epoch, stage, method)
        if key not in self._kept:
            self._kept[key] = self._project(key)
        self._kept.move_to_end(key)
        self._forget()
        return self._kept[key]

    def _project(self, key: Key) -> tuple[Projection, ...]:
        epoch, stage, method = key
        last = self._record.layers - (stage == "slot")
        features = [self._record.embedding(layer, stage, epoch).values for layer in range(1, last + 1)]
        projections = project(features, method, self._cache)
        beside = self._beside(key)
        return tuple(projections if beside is None else turned(projections, self.layers(*beside)))

    def _beside(self, key: Key) -> Key | None:
        """Return what an epoch and stage is turned onto; None for the one that all others follow."""
        epoch, stage, method = key
        snapshots, selected = self._record.snapshots, self._selected()
        if epoch == selected:
            return (epoch, "conv", method) if stage == "slot" and method == "pca" else None
        if method == "umap":
            return selected, stage, method
        here = snapshots.index(epoch)
        return snapshots[here - 1 if epoch > selected else here + 1], stage, method

    def _selected(self) -> int:
        snapshots, best = self._record.snapshots, self._record.best_epoch
        return best if best in snapshots else snapshots[-1]

    def _forget(self) -> None:
        while len(self._kept) > 1 and sum(map(_bytes, self._kept.values())) > self._most:
            self._kept.popitem(last=False)


def _bytes(projections: tuple[Projection, ...]) -> int:
    return sum(projection.positions.nbytes for projection in projections)
=======
"""The layers of two networks in one picture: those of the second are turned onto those of the first."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from cna_viz.analysis.projection import Projection, turned


def aligned(projections: Sequence[Projection], onto: Sequence[Projection]) -> list[Projection]:
    """Return the projections of a network's layers, each turned onto that of the same layer of another network.

    A projection has no directions of its own, so two networks that hold the same features would look different without.
    Where the other network has no such layer, or one that is collapsed or not finite, a layer is turned onto the last
    one before it that had a place.

    Args:
        projections: Layers 1, 2, … of the network.
        onto: Layers 1, 2, … of the other one, of the same nodes in the same order; more or fewer.
    """
    found: list[Projection] = []
    reference = None
    for number, projection in enumerate(projections):
        other = onto[number] if number < len(onto) else None
        reference = other.positions if other is not None and _has_places(other) else reference
        if reference is not None and _has_places(projection):
            projection = replace(projection, positions=turned(projection.positions, reference))
        if _has_places(projection):
            reference = projection.positions
        found.append(projection)
    return found


def _has_places(projection: Projection) -> bool:
    return not projection.collapsed and bool(np.isfinite(projection.positions).any())
>>>>>>> helper-compare
