"""What the explorer looks at, and what a run offers."""

import numpy as np

from cna_viz.analysis.positions.methods import METHODS
from cna_viz.analysis.tables.cluster_labels import has_clusters
from cna_viz.analysis.tables.node_groups import COLORS
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import STAGES
from cna_viz.records.record import Record
from cna_viz.widgets.view_spec import Choices, ViewSpec, first_unless, within


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


def clamped(look: ViewSpec, record: Record) -> ViewSpec:
    """Return what is looked at, or the nearest to it that a run offers; the epoch is never None."""
    stage = first_unless(look.stage, choices(record).stages)
    offered = choices(record, stage)
    wanted = record.best_epoch if look.epoch is None else look.epoch
    return within(
        look, offered, stage, min(record.snapshots or (record.best_epoch,), key=lambda epoch: abs(epoch - wanted))
    )


def _measured(record: Record, measure: str) -> bool:
    # Not metrics[measure], which makes coordinates for each of the many measures at every move of a slider.
    return bool(np.isfinite(record.metrics.variables[measure].values).any())
