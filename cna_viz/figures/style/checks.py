"""What every figure asks of its arguments before it draws."""

from collections.abc import Iterable, Sequence

from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record


def check_records(records: Sequence[Record]) -> None:
    """Refuse to draw nothing; raises :class:`~cna_viz.errors.UsageError`."""
    if not records:
        raise UsageError("no records to draw: make some with `cna-viz run`")


def one_depth(records: Sequence[Record]) -> int:
    """Return the number of layers that all records have; raises :class:`~cna_viz.errors.UsageError` if they differ."""
    check_records(records)
    depths = sorted({record.layers for record in records})
    if len(depths) > 1:
        raise UsageError(f"this figure needs records of one depth, not of depths {', '.join(map(str, depths))}")
    return depths[0]


def one_metric(records: Sequence[Record]) -> str:
    """Return the metric that all records have; raises :class:`~cna_viz.errors.UsageError` if they differ."""
    check_records(records)
    metrics = sorted({record.metric for record in records})
    if len(metrics) > 1:
        raise UsageError(f"this figure needs records of one metric, not of {', '.join(metrics)}: draw datasets apart")
    return metrics[0]


def check_choice(kind: str, value: str, choices: Iterable[str]) -> None:
    """Refuse a name that is not among the choices; raises :class:`~cna_viz.errors.UsageError` listing them."""
    if value not in (known := list(choices)):
        raise unknown_name(kind, value, known)


def nothing_measured(measure: str, stage: str) -> UsageError:
    """Return the error for a figure that would be empty."""
    where = "; a network of one layer has no slot" if stage == "slot" else ""
    return UsageError(f"these records hold no value of {measure!r} at stage {stage!r} to draw{where}")
