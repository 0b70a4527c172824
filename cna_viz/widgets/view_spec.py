"""What a widget shows of runs layer by layer, and what there is to choose."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from cna_viz.analysis.positions.methods import Method
from cna_viz.analysis.tables.node_groups import Color

T = TypeVar("T")


@dataclass(frozen=True)
class ViewSpec:
    """One layer at one epoch, of one run or of two.

    Attributes:
        layer: The layer.
        epoch: A snapshot's epoch; None for the selected model's.
        stage: ``conv`` or ``slot``.
        color: What nodes are coloured by.
        method: ``pca`` or ``umap``.
        measure: The measure that is drawn.
    """

    layer: int = 1
    epoch: int | None = None
    stage: str = "conv"
    color: Color = "class"
    method: Method = "pca"
    measure: str = "rayleigh"


@dataclass(frozen=True)
class Choices:
    """What runs offer at a stage.

    Attributes:
        layers: How many layers the stage has, in the deeper run.
        epochs: The snapshots, those that both runs have; None for the selected models.
        stages: The stages.
        colors: What nodes can be coloured by.
        methods: Ways to project them.
        measures: What was measured.
    """

    layers: int
    epochs: tuple[int | None, ...]
    stages: tuple[str, ...]
    colors: tuple[Color, ...]
    methods: tuple[Method, ...]
    measures: tuple[str, ...]


def first_unless(value: T, offered: Sequence[T]) -> T:
    """Return a value that is offered, else the first that is."""
    return value if value in offered else offered[0]


def within(spec: ViewSpec, offered: Choices, stage: str, epoch: int | None) -> ViewSpec:
    """Return a view with what is not offered replaced by the nearest, or the first, that is.

    Args:
        spec: The view that is wanted.
        offered: What there is to choose at the stage.
        stage: The stage.
        epoch: The epoch.
    """
    return replace(
        spec,
        stage=stage,
        epoch=epoch,
        layer=min(max(spec.layer, 1), offered.layers),
        color=first_unless(spec.color, offered.colors),
        method=first_unless(spec.method, offered.methods),
        measure=first_unless(spec.measure, offered.measures or (spec.measure,)),
    )
