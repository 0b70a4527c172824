"""How far two records of one config are apart: to the bit, and by how much where they are not equal."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.schema import GRAPH_FILE

Array = np.ndarray[Any, Any]

TOLERANCE: Final = 1e-5
"""Distance of numbers, as a share of the largest of them, up to which they are taken to be rounded otherwise."""
OTHERWISE: Final = 0.01
"""Share of answers and clusters that may be others: a node between two goes to one or the other."""


@dataclass(frozen=True)
class Difference:
    """What one kind of value has in two records.

    Attributes:
        what: Name of the variable.
        bits: Whether all are equal to the bit; NaN is equal to NaN.
        apart: Of numbers the largest distance, as a share of the largest number; of classes and clusters the share
            that is another. Infinite where one record lacks the variable, shapes differ, or only one is finite.
        most: The tolerance; 0 of what does not come out of the network, such as the graph.
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
    common = sorted({*one.snapshots} & {*other.snapshots})
    found: dict[str, list[Difference]] = {}
    for (here, exact), (there, _) in zip(_parts(one, common), _parts(other, common), strict=True):
        for name in sorted({*here} | {*there}):
            part = _difference(name, here.get(name), there.get(name), exact=exact)
            found.setdefault(part.what, []).append(part)
    return [_worst(parts) for parts in found.values()]


def _parts(record: Record, epochs: Sequence[int]) -> Iterator[tuple[dict[str, Array], bool]]:
    """Return the values by name, part by part, each with whether they have to be equal to the bit."""
    yield {"best epoch": np.array(record.best_epoch), "snapshots": np.array(record.snapshots)}, True
    graph = record.graph if GRAPH_FILE in record.manifest else {}
    yield {str(name): graph[name].values for name in graph}, True
    yield {str(name): record.metrics[name].values for name in record.metrics}, False
    for epoch in epochs:
        snapshot = record.snapshot(epoch)
        values = {name: snapshot.read(name) for name in snapshot.shapes()}
        yield {name: array for name, array in values.items() if array is not None}, False


def _difference(name: str, here: Array | None, there: Array | None, exact: bool = False) -> Difference:
    what = name.partition(".")[0]  # the tensors of all layers are one variable
    if here is None or there is None:
        return Difference(what, False, np.inf, 0.0)
    whole = here.dtype.kind in "biu"
    most = 0.0 if exact else OTHERWISE if whole else TOLERANCE
    if here.shape != there.shape or here.dtype != there.dtype:
        return Difference(what, False, np.inf, most)
    if _same_bits(here, there):
        return Difference(what, True, 0.0, most)
    return Difference(what, False, _share(here, there) if whole else _distance(here, there), most)


def _same_bits(here: Array, there: Array) -> bool:
    """Whether two arrays of one type are equal to the bit; NaN comes in several bits and is one value."""
    if here.dtype.kind == "f":
        here, there = (np.where(np.isnan(array), np.nan, array).astype(array.dtype) for array in (here, there))
    return here.tobytes() == there.tobytes()


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
    bits, apart = all(part.bits for part in parts), max(part.apart for part in parts)
    return Difference(parts[0].what, bits, apart, min(part.most for part in parts))
