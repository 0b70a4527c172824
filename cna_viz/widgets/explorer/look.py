"""What the explorer looks at, and what a run offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from cna_viz.analysis.positions.methods import METHODS, Method
from cna_viz.analysis.tables.cluster_labels import has_clusters
from cna_viz.analysis.tables.node_colors import COLORS, Color
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import STAGES
from cna_viz.records.record import Record

T = TypeVar("T")


@dataclass(frozen=True)
class Look:
    """One layer of one run at one epoch.

    Attributes:
        layer: The layer.
        epoch: A snapshot's epoch; None for the selected model's.
        stage: ``conv`` or ``slot``.
        color: What nodes are coloured by.
        method: ``pca`` or ``umap``.
        measure: The measure whose curves are drawn.
    """

    layer: int = 1
    epoch: int | None = None
    stage: str = "conv"
    color: Color = "class"
    method: Method = "pca"
    measure: str = "rayleigh"


@dataclass(frozen=True)
class Choices:
    """What a run offers at a stage.

    Attributes:
        layers: How many layers the stage has.
        epochs: Its snapshots; of a run without any the epoch of the selected model, where it was measured.
        stages: Its stages.
        colors: What its nodes can be coloured by.
        methods: Ways to project them.
        measures: What was measured.
    """

    layers: int
    epochs: tuple[int, ...]
    stages: tuple[str, ...]
    colors: tuple[Color, ...]
    methods: tuple[Method, ...]
    measures: tuple[str, ...]


def choices(record: Record, stage: str = "conv") -> Choices:
    """Return what there is to choose of a run.

    Args:
        record: The run.
        stage: The stage whose layers are counted; of a run of one layer, which has no slot, ``conv`` is.

    Raises:
        RecordError: When its metrics are not what was written.
    """
    stages = STAGES if record.layers > 1 else ("conv",)
    kept = bool(record.snapshots)
    possible = {"class": True, "degree": True, "cluster": kept and has_clusters(record), "prediction": kept}
    return Choices(
        layers=record.layers - (stage == "slot" and record.layers > 1),
        epochs=record.snapshots or (record.best_epoch,),
        stages=tuple(stages),
        colors=tuple(color for color in COLORS if possible[color]),
        methods=METHODS if kept else ("pca",),
        measures=tuple(name for name in MEASURES if name in record.metrics and _measured(record, name)),
    )


def clamped(look: Look, record: Record) -> Look:
    """Return what is looked at, or the nearest to it that a run offers; the epoch is never None."""
    stage = _among(look.stage, choices(record).stages)
    offered = choices(record, stage)
    wanted = record.best_epoch if look.epoch is None else look.epoch
    return Look(
        layer=min(max(look.layer, 1), offered.layers),
        epoch=min(offered.epochs, key=lambda epoch: abs(epoch - wanted)),
        stage=stage,
        color=_among(look.color, offered.colors),
        method=_among(look.method, offered.methods),
        measure=_among(look.measure, offered.measures or (look.measure,)),
    )


def _among(value: T, offered: Sequence[T]) -> T:
    return value if value in offered else offered[0]


def _measured(record: Record, measure: str) -> bool:
    # Not metrics[measure], which makes coordinates for each of the many measures at every move of a slider.
    return bool(np.isfinite(record.metrics.variables[measure].values).any())
