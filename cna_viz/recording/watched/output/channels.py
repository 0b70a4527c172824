"""Whether the channels of an output can be scores of the classes, or the numbers, that the labels are."""

from typing import Final

from cna_viz.errors import UsageError, shown
from cna_viz.recording.watched.data.graph import WatchedGraph

_NOTHING: Final = 'task="none" scores nothing'


def check_channels(what: str, channels: int, watched: WatchedGraph, reading: str | None) -> None:
    """Refuse an output that is not certain to be a prediction of the labels; ``what`` describes it.

    Raises:
        UsageError: It isn't; the message names the arguments that decide.
    """
    if watched.task == "node-regression":
        _check_numbers(what, channels, reading)
    elif channels == 1:
        _check_one_channel(what, watched, reading)
    else:
        _check_classes(what, channels, watched)


def _check_numbers(what: str, channels: int, reading: str | None) -> None:
    if reading is not None:
        raise UsageError(f"reading = {shown(reading)} is for classes, and the labels are numbers: leave it out")
    if channels != 1:
        raise UsageError(f"{what}, and the labels are one number for each node: pass output=, or {_NOTHING}")


def _check_classes(what: str, channels: int, watched: WatchedGraph) -> None:
    classes = watched.graph.num_classes
    if channels < classes:
        raise UsageError(
            f"{what}, too few for labels up to {classes - 1}, since class {classes - 1} is channel {classes - 1}: pass "
            f"output=, or labels that count from 0, or {_NOTHING}"
        )
    if channels > classes and not watched.declared:
        raise UsageError(
            f"{what}, and the labels have {classes} classes: if it is scores of classes, of which some have no label, "
            f'say task="{watched.task}"; if not, pass output=, or {_NOTHING}'
        )


def _check_one_channel(what: str, watched: WatchedGraph, reading: str | None) -> None:
    classes = watched.graph.num_classes
    numbers = 'say task="node-regression" if they are numbers, ' if watched.graph.graph_of_node is None else ""
    if classes > 2:
        raise UsageError(f"{what}, and the labels have {classes} classes: {numbers}pass output=, or {_NOTHING}")
    if reading is None:
        raise UsageError(
            f'{what}, and the labels are classes 0 and 1: say reading="logits" or reading="probabilities" (of class '
            f"1), {numbers}or {_NOTHING}"
        )
