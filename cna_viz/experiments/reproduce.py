"""Train a recorded run again, elsewhere, and hold both records against each other."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cna_viz.config import RESULTS_VERSION
from cna_viz.errors import UsageError
from cna_viz.experiments.run import load_or_run
from cna_viz.records.exporting.differences import RecordDifference, differences
from cna_viz.records.record import Record

DEPENDS: Final = ("commit", "device", "platform", "threads", "versions")
"""Facts of a record's environment on which its numbers may depend."""


@dataclass(frozen=True)
class Reproduction:
    """What came of training a run again.

    Attributes:
        run: Id of the run.
        differences: How far the records are apart, variable by variable.
        elsewhere: Facts on which numbers depend and that are not as they were: before, and now.
    """

    run: str
    differences: list[RecordDifference]
    elsewhere: dict[str, tuple[Any, Any]]

    @property
    def verdict(self) -> str:
        """``equal to the bit``, ``equal within the tolerance`` or ``different``."""
        if all(one.bits for one in self.differences):
            return "equal to the bit"
        return "equal within the tolerance" if all(one.within for one in self.differences) else "different"


def reproduce(record: Record, data: Path | None = None, progress: bool = True) -> Reproduction:
    """Train a run again with its number of threads, in a folder that is removed afterwards, and compare.

    Args:
        record: A finished run.
        data: Data root; the environment variable CNA_VIZ_DATA or the user's cache folder when left out.
        progress: Show a bar on stderr.

    Raises:
        UsageError: When this library has not trained it, it was not finished, or it is of another results version.
        DataError: When the dataset can't be had.
        RecordError: When the record is not what was written.
    """
    if record.config.watched is not None:
        raise UsageError(f"run {record.id} was watched: only the program that trained it can do so again")
    if record.status == "incomplete":
        raise UsageError(f"run {record.id} was not finished: `cna-viz run` with its config goes on with it")
    version = record.environment.get("results_version")
    if version != RESULTS_VERSION:
        raise UsageError(
            f"run {record.id} has results version {version}, and this cna_viz has {RESULTS_VERSION}: its numbers are "
            "others on purpose; install the version that made it"
        )
    with TemporaryDirectory(prefix="cna-viz-reproduce-") as folder, _threads(record.environment.get("threads")):
        again = load_or_run(record.config, runs=folder, data=data, progress=progress)
        return Reproduction(record.id, differences(record, again), _elsewhere(record.environment, again.environment))


@contextmanager
def _threads(count: int | None) -> Iterator[None]:
    """Let torch compute with as many threads as it did, as sums depend on how they are shared out."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(count or before)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _elsewhere(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    facts = {name: (before.get(name), now.get(name)) for name in DEPENDS if name != "versions"}
    old, new = before.get("versions", {}), now.get("versions", {})
    facts |= {name: (old.get(name), new.get(name)) for name in sorted({*old, *new})}
    return {name: pair for name, pair in facts.items() if pair[0] != pair[1]}
