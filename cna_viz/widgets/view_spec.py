"""The view of a widget that shows runs layer by layer, and the choices that runs offer."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np

from cna_viz.analysis.positions.methods import METHODS, Method
from cna_viz.analysis.tables.cluster_labels import has_clusters
from cna_viz.analysis.tables.node_groups import COLORS, Color
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import STAGES, Stage
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

T = TypeVar("T")


@dataclass(frozen=True)
class ViewSpec:
    """One layer at one epoch, of one run or of two.

    Attributes:
        layer: The layer.
        epoch: Epoch of a snapshot; None for the selected model.
        stage: ``conv`` or ``slot``.
        color: What nodes are coloured by.
        method: ``pca`` or ``umap``.
        measure: The measure to draw.
    """

    layer: int = 1
    epoch: int | None = None
    stage: Stage = "conv"
    color: Color = "class"
    method: Method = "pca"
    measure: str = "rayleigh"


@dataclass(frozen=True)
class Choices:
    """The values that one or two runs offer for a :class:`ViewSpec`; ``layers`` is the number at the stage."""

    layers: int
    epochs: tuple[int | None, ...]
    stages: tuple[Stage, ...]
    colors: tuple[Color, ...]
    methods: tuple[Method, ...]
    measures: tuple[str, ...]


def run_choices(record: Record, stage: Stage = "conv") -> Choices:
    """Return the choices of one run; a run of one layer has the stage ``conv`` only."""
    kept = bool(record.snapshots)
    possible = {
        "class": True,
        "degree": True,
        "cluster": kept and has_clusters(record),
        "prediction": kept and record.config.task != "none",
    }
    return Choices(
        layers=record.layers - (stage == "slot" and record.layers > 1),
        epochs=record.snapshots or (record.best_epoch,),
        stages=STAGES if record.layers > 1 else STAGES[:1],
        colors=tuple(color for color in COLORS if possible[color]),
        methods=METHODS if kept else ("pca",),
        measures=tuple(name for name in MEASURES if _measured(record, name)),
    )


def clamp_to_run(view: ViewSpec, record: Record) -> ViewSpec:
    """Return the view that a run offers and that is nearest to the requested one; its epoch is never None."""
    offered = run_choices(record, first_unless(view.stage, run_choices(record).stages))
    wanted = record.best_epoch if view.epoch is None else view.epoch
    epochs = record.snapshots or (record.best_epoch,)
    return _within(view, offered, min(epochs, key=lambda epoch: abs(epoch - wanted)))


def pair_choices(first: Record, second: Record, stage: Stage = "conv") -> Choices:
    """Return the choices of two runs; refuse runs on other nodes or without a common snapshot."""
    from cna_viz.analysis.tables.predictions import check_same_nodes  # loads sklearn, which the explorer never needs

    check_same_nodes(first, second)
    runs = (first, second)
    deepest = max(run.layers for run in runs)
    selected = all(run.best_epoch in run.snapshots for run in runs)
    shared = sorted(set(first.snapshots) & set(second.snapshots))
    if not selected and not shared:
        raise UsageError(
            f"runs {first.id[:8]} and {second.id[:8]} have no snapshot in common: train them with snapshots 'ends' or "
            "'log', as in `cna-viz run --snapshots ends`"
        )
    possible = {"cluster": any(map(has_clusters, runs)), "prediction": all(run.config.task != "none" for run in runs)}
    return Choices(
        layers=deepest - (stage == "slot"),
        epochs=((None,) if selected else ()) + tuple(shared),
        stages=STAGES if deepest > 1 else STAGES[:1],
        colors=tuple(color for color in COLORS if possible.get(color, True)),
        methods=METHODS,
        measures=tuple(name for name in MEASURES if any(_measured(run, name, stage) for run in runs)),
    )


def clamp_to_pair(view: ViewSpec, first: Record, second: Record) -> ViewSpec:
    """Return the view that two runs offer and that is nearest to the requested one."""
    offered = pair_choices(first, second, first_unless(view.stage, pair_choices(first, second).stages))
    return _within(view, offered, first_unless(view.epoch, offered.epochs))


def first_unless(value: T, offered: Sequence[T]) -> T:
    """Return the value if it is offered, else the first that is."""
    return value if value in offered else offered[0]


def _within(view: ViewSpec, offered: Choices, epoch: int | None) -> ViewSpec:
    return replace(
        view,
        stage=first_unless(view.stage, offered.stages),
        epoch=epoch,
        layer=min(max(view.layer, 1), offered.layers),
        color=first_unless(view.color, offered.colors),
        method=first_unless(view.method, offered.methods),
        measure=first_unless(view.measure, offered.measures or (view.measure,)),
    )


def _measured(record: Record, measure: str, stage: str | None = None) -> bool:
    """Whether a record has finite values of a measure, at one stage or at any."""
    if measure not in record.metrics:
        return False
    # Labelled selection, twenty times per move of a slider, takes longer than drawing.
    values = record.metrics.variables[measure]
    of_stage = values.values if stage is None else values.values.take(STAGES.index(stage), values.dims.index("stage"))
    return bool(np.isfinite(of_stage).any())
