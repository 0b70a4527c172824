"""What the comparer looks at, and what two runs offer."""

from collections.abc import Sequence

import numpy as np

from cna_viz.analysis.positions.methods import METHODS
from cna_viz.analysis.tables.cluster_labels import has_clusters
from cna_viz.analysis.tables.node_groups import COLORS
from cna_viz.analysis.tables.predictions import check_same_nodes
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import STAGES
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.widgets.view_spec import Choices, ViewSpec, first_unless, within


def choices(first: Record, second: Record, stage: str = "conv") -> Choices:
    """Return what there is to choose of two runs at a stage.

    Raises:
        UsageError: When the nodes are not the same, or the runs have no snapshot in common.
    """
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
    measures = [name for name in MEASURES if any(_has(run, name, stage) for run in runs)]
    return Choices(
        layers=deepest - (stage == "slot"),
        epochs=((None,) if selected else ()) + tuple(shared),
        stages=STAGES if deepest > 1 else STAGES[:1],
        colors=tuple(color for color in COLORS if color != "cluster" or any(map(has_clusters, runs))),
        methods=METHODS,
        measures=tuple(measures),
    )


def clamped(look: ViewSpec, first: Record, second: Record) -> ViewSpec:
    """Return the look with what two runs do not offer exchanged by the nearest, or the first, that they do.

    Raises:
        UsageError: As :func:`choices`.
    """
    stage = first_unless(look.stage, choices(first, second).stages)
    offered = choices(first, second, stage)
    return within(look, offered, stage, first_unless(look.epoch, offered.epochs))


def looked_into(records: Sequence[Record]) -> list[Record]:
    """Return the runs that keep snapshots.

    Raises:
        UsageError: When there are none.
    """
    found = [record for record in records if record.snapshots]
    if not found:
        raise UsageError(
            f"none of these {len(records)} runs keeps snapshots, so there are no nodes to be seen: train with "
            "snapshots, as in `cna-viz run --slot cna --layers 16 --snapshots ends`"
        )
    return found


def first_pair(records: Sequence[Record], first: Record | None = None) -> tuple[Record, Record]:
    """Return the two runs that are shown first: one of ReLU, and the run most like it with another slot, CNA if any.

    Args:
        records: Runs with snapshots, at least one; a single one is held against itself.
        first: The first of the two, one of them, where it is not one of ReLU.
    """
    first = first or next((record for record in records if record.config.slot == "relu"), records[0])

    def unlike(other: Record) -> tuple[int, bool, bool]:
        own, its = first.config.facts, other.config.facts
        further = sum(own[name] != its[name] for name in own if name != "slot")
        return further + 10 * (own["dataset"] != its["dataset"]), own["slot"] == its["slot"], its["slot"] != "cna"

    return first, min((record for record in records if record is not first), key=unlike, default=first)


def _has(record: Record, measure: str, stage: str) -> bool:
    if measure not in record.metrics:
        return False
    # Selecting by label, twenty times per move of a slider, takes longer than drawing what was selected.
    values = record.metrics.variables[measure]
    of_stage = values.values.take(STAGES.index(stage), axis=values.dims.index("stage"))
    return bool(np.isfinite(of_stage).any())
