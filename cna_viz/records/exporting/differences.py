"""The difference between two records of one config: to the bit, and by how much if they are not equal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.schema import GRAPH_FILE

Array = np.ndarray[Any, Any]

TOLERANCE: Final = 1e-5
"""Largest distance of numbers, relative to the largest of them, that counts as rounding."""
OTHERWISE: Final = 0.01
"""Largest share of predicted classes and clusters that may differ: a node between two may go to either."""


@dataclass(frozen=True)
class RecordDifference:
    """The difference of one variable (``what``) between two records.

    Attributes:
        bits: Whether all values are equal to the bit; NaN equals NaN.
        apart: The largest distance of numbers relative to the largest number; the share of classes and clusters that
            differ. Infinite if one record lacks the variable, shapes differ, or only one value is finite.
        most: The tolerance; 0 for variables that the network does not compute, such as the graph.
    """

    what: str
    bits: bool
    apart: float
    most: float

    @property
    def within(self) -> bool:
        """Whether the values are equal within the tolerance."""
        return self.bits or self.apart <= self.most


def differences(one: Record, other: Record) -> list[RecordDifference]:
    """Compare everything but timings and machines of two records; raises UsageError if their configs differ."""
    if one.config != other.config:
        raise UsageError(f"runs {one.id} and {other.id} have different configs and can't be compared")
    common = sorted({*one.snapshots} & {*other.snapshots})
    found: dict[str, list[RecordDifference]] = {}
    for (here, exact), (there, _) in zip(_parts(one, common), _parts(other, common), strict=True):
        for name in sorted({*here} | {*there}):
            part = _difference(name, here.get(name), there.get(name), exact=exact)
            found.setdefault(part.what, []).append(part)
    return [
        RecordDifference(
            what, all(part.bits for part in parts), max(part.apart for part in parts), min(part.most for part in parts)
        )
        for what, parts in found.items()
    ]


def _parts(record: Record, epochs: Sequence[int]) -> Iterator[tuple[dict[str, Array], bool]]:
    """Yield values by name, part by part, each with whether they have to be equal to the bit."""
    yield {"best epoch": np.array(record.best_epoch), "snapshots": np.array(record.snapshots)}, True
    graph = record.graph if GRAPH_FILE in record.manifest else {}
    yield {str(name): graph[name].values for name in graph}, True
    yield {str(name): record.metrics[name].values for name in record.metrics}, False
    for epoch in epochs:
        snapshot = record.snapshot(epoch)
        values = {name: snapshot.read(name) for name in snapshot.shapes()}
        yield {name: array for name, array in values.items() if array is not None}, False


def _difference(name: str, here: Array | None, there: Array | None, exact: bool = False) -> RecordDifference:
    what = name.partition(".")[0]  # the tensors of all layers are one variable
    if here is None or there is None:
        return RecordDifference(what, False, np.inf, 0.0)
    discrete = here.dtype.kind in "biu"
    most = 0.0 if exact else OTHERWISE if discrete else TOLERANCE
    if here.shape != there.shape or here.dtype != there.dtype:
        return RecordDifference(what, False, np.inf, most)
    if here.dtype.kind == "f":  # all bit patterns of NaN are one value
        here, there = (np.where(np.isnan(array), np.nan, array).astype(array.dtype) for array in (here, there))
    if here.tobytes() == there.tobytes():
        return RecordDifference(what, True, 0.0, most)
    return RecordDifference(what, False, float(np.mean(here != there)) if discrete else _distance(here, there), most)


def _distance(here: Array, there: Array) -> float:
    here, there = here.astype(np.float64), there.astype(np.float64)
    finite = np.isfinite(here)
    if not np.array_equal(np.where(finite, 0, here), np.where(np.isfinite(there), 0, there), equal_nan=True):
        return np.inf
    largest = max(np.abs(here[finite]).max(initial=0.0), np.abs(there[finite]).max(initial=0.0))
    return float(np.abs(here[finite] - there[finite]).max(initial=0.0) / largest) if largest else 0.0
