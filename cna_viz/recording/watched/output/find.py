"""Finding how the output of a model is read: only if it is declared or certain."""

from typing import Any, Final

from cna_viz.errors import UsageError, shown, unknown_name
from cna_viz.recording.watched.data.graph import WatchedGraph
from cna_viz.recording.watched.output.choice import OutputChoice, as_path, find_path, path_name, pick
from cna_viz.recording.watched.output.reading import Reading, likely_kind, may_be_either

_READINGS: Final = ("logits", "probabilities")
_NOTHING: Final = 'task="none" scores nothing'


def find_reading(
    raw: Any, watched: WatchedGraph, model: str, *, output: OutputChoice = None, reading: str | None = None
) -> Reading | None:
    """Return how the output of a model is read; None where the task is ``none``.

    Args:
        raw: What the model returned.
        watched: The graph.
        model: Name of the model, for messages.
        output: Which tensor is scored, where there are several with a row for each node or graph.
        reading: ``logits`` or ``probabilities``, where it can't be known.

    Raises:
        UsageError: There is no reading, or more than one; the message names the argument that decides.
        RecordError: The output is not what ``reading`` says.
    """
    if reading is not None and reading not in _READINGS:
        raise unknown_name("reading", str(reading), _READINGS)
    if watched.task == "none":
        return None
    rows = len(watched.graph.target)
    choice = find_path(raw, rows, model) if output is None else as_path(output)
    found = pick(raw, choice, rows)
    channels = 1 if found.dim() == 1 else found.shape[1]
    what = f"{model} returns {'1 channel' if channels == 1 else f'{channels} channels'} ({path_name(choice)})"
    _check_channels(what, channels, watched, reading)
    if watched.task != "node-regression" and reading is None and may_be_either(found):
        raise UsageError(
            f'{what}, whose rows almost sum to 1: say reading="probabilities" if they only don\'t because of rounding, '
            'or reading="logits"'
        )
    kind = "numbers" if watched.task == "node-regression" else reading or likely_kind(found)
    made = Reading(watched, choice, channels, kind, declared=reading is not None)
    made.rows(raw)
    return made


def _check_channels(what: str, channels: int, watched: WatchedGraph, reading: str | None) -> None:
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
