"""How far two records of one config are apart: to the bit, and by how much where they are not equal."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.schema import GRAPH_FILE

Array = np.ndarray[Any, Any]

TOLERANCE: Final = 1e-5
"""Largest distance of numbers, as a share of the largest of them, that other hardware may cause by rounding."""
OTHERWISE: Final = 0.01
"""Largest share of answers and clusters that may be others: a node between two goes to one or the other."""


@dataclass(frozen=True)
class Difference:
    """What one kind of value has in two records.

    Attributes:
        what: Name of the variable.
        bits: Whether all are equal to the bit; NaN is equal to NaN.
        apart: Of numbers the largest distance, as a share of the largest number; of classes and clusters the share
            that is another. Infinite where shapes differ, or where only one is finite.
        most: The tolerance.
    """

    what: str
    bits: bool
    apart: float
    most: float

    @property
    def within(self) -> bool:
        """Whether the values are equal within the tolerance."""
        return self.bits or self.apart <= self.most


def differences(one: Record, other: Record) -> list[Difference]:
    """Compare all that two records of the same config measured and kept; seconds and machines are not compared.

    Args:
        one: A record.
        other: Another of the same run.

    Raises:
        UsageError: When they are not of the same config.
        RecordError: When a file is not what was written.
    """
    if one.config != other.config:
        raise UsageError(f"runs {one.id} and {other.id} are two configs: what differs between them is no error")
    found: dict[str, list[Difference]] = {}
    for name, here, there in _pairs(one, other):
        found.setdefault(name, []).append(_difference(name, here, there))
    return [_worst(parts) for parts in found.values()]


def _pairs(one: Record, other: Record) -> Iterator[tuple[str, Array, Array]]:
    yield "best epoch", np.array(one.best_epoch), np.array(other.best_epoch)
    if GRAPH_FILE in one.manifest and GRAPH_FILE in other.manifest:
        for name in one.graph:
            yield str(name), one.graph[name].values, other.graph[name].values
    for name in one.metrics:
        yield str(name), one.metrics[name].values, other.metrics[name].values
    yield "snapshots", np.array(one.snapshots), np.array(other.snapshots)
    for epoch in sorted({*one.snapshots} & {*other.snapshots}):
        here, there = one.snapshot(epoch), other.snapshot(epoch)
        for name in here.shapes():
            values, others = here.read(name), there.read(name)
            if values is not None:
                yield name.partition(".")[0], values, np.array(np.nan) if others is None else others


def _difference(name: str, here: Array, there: Array) -> Difference:
    whole = here.dtype.kind in "biu"
    most = OTHERWISE if whole else TOLERANCE
    if here.shape != there.shape or here.dtype != there.dtype:
        return Difference(name, False, np.inf, most)
    bits = here.tobytes() == there.tobytes() or bool(np.array_equal(here, there, equal_nan=not whole))
    return Difference(name, bits, 0.0 if bits else _share(here, there) if whole else _distance(here, there), most)


def _share(here: Array, there: Array) -> float:
    return float(np.mean(here != there))


def _distance(here: Array, there: Array) -> float:
    here, there = here.astype(np.float64), there.astype(np.float64)
    finite = np.isfinite(here)
    if not np.array_equal(finite, np.isfinite(there)) or not np.array_equal(
        here[~finite], there[~finite], equal_nan=True
    ):
        return np.inf
    largest = max(np.abs(here[finite]).max(initial=0.0), np.abs(there[finite]).max(initial=0.0))
    return float(np.abs(here[finite] - there[finite]).max(initial=0.0) / largest) if largest else 0.0


def _worst(parts: list[Difference]) -> Difference:
    first = parts[0]
    return Difference(
        first.what,
        all(part.bits for part in parts),
        max(part.apart for part in parts),
        min(part.most for part in parts),
    )
