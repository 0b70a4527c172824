"""What nodes can be coloured by: their class, cluster, prediction or degree."""

from typing import Any, Final, Literal

import numpy as np

from cna_viz.analysis.tables.node_groups import (
    NodeGroups,
    degree_groups,
    node_groups,
    numbered_groups,
    predicted_groups,
)
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Color = Literal["class", "cluster", "prediction", "degree"]
COLORS: Final[tuple[Color, ...]] = ("class", "cluster", "prediction", "degree")

Array = np.ndarray[Any, Any]


def color_groups(record: Record, color: Color, layer: int, epoch: int | None = None) -> NodeGroups | None:
    """Return the groups of nodes that have one colour; None where nodes are to be coloured by clusters and have none.

    Args:
        record: A run.
        color: ``class`` (fifths of the target where it is a number), ``cluster`` (of the slot after the layer),
            ``prediction`` (the class or fifth of the number that the model answers) or ``degree``.
        layer: The layer after whose slot clusters are asked for.
        epoch: A snapshot's epoch; the selected model's when left out.

    Raises:
        UsageError: When clusters or predictions are asked for and there is no snapshot of this epoch.
    """
    if color == "class":
        return node_groups(record)
    if color == "degree":
        return degree_groups(record.graph["degree"].values)
    if color == "prediction":
        return _predictions(record, record.prediction(epoch).values)
    label = record.layer_variable("cluster_label", layer, epoch)
    return None if label is None else numbered_groups(label.values, "cluster")


def no_clusters(record: Record) -> UsageError:
    """Return the error for a figure that is to be coloured by clusters where no layer has any."""
    return UsageError(
        f"run {record.id} has no clusters in these layers (slot {record.config.slot!r}, and the last layer has no "
        "slot): colour by class, prediction or degree, or take a run with slot 'cna'"
    )


def _predictions(record: Record, predicted: Array) -> NodeGroups:
    target = record.graph["target"].values
    if predicted.dtype.kind == "f":
        return predicted_groups(predicted, target)
    return numbered_groups(predicted, "prediction", predicted != target)
