"""Train a recorded run again, elsewhere, and compare both records."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from cna_viz.config import RESULTS_VERSION
from cna_viz.data.known import known_content
from cna_viz.errors import UsageError
from cna_viz.experiments.run import load_or_run
from cna_viz.experiments.trained import check_content
from cna_viz.records.exporting.differences import RecordDifference, differences
from cna_viz.records.record import Record

DEPENDS: Final = ("commit", "device", "platform", "threads", "versions")
"""Facts of a record's environment that may change its numbers."""


@dataclass(frozen=True)
class Reproduction:
    """Differences between a record and its repetition, and between the facts that may change numbers: before, now."""

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
        DataError: When the dataset can't be found, downloaded or read, or its content is not that of the record.
        RecordError: When the record was altered.
    """
    if record.config.watched is not None:
        raise UsageError(f"run {record.id} was watched: only the program that trained it can do so again")
    if record.status == "incomplete":
        raise UsageError(f"run {record.id} was not finished: `cna-viz run` with its config trains it again")
    version = record.environment.get("results_version")
    if version != RESULTS_VERSION:
        raise UsageError(
            f"run {record.id} has results version {version}, and this cna_viz has {RESULTS_VERSION}: its numbers "
            "differ on purpose; install the version that made it"
        )
    check_content(record.config, record.folder, known_content(record.config.data, data))
    import torch

    threads = torch.get_num_threads()
    try:
        # Sums depend on how threads split them.
        torch.set_num_threads(record.environment.get("threads") or threads)
        with TemporaryDirectory(prefix="cna-viz-reproduce-") as folder:
            again = load_or_run(record.config, runs=folder, data=data, progress=progress)
            elsewhere = _elsewhere(record.environment, again.environment)
            return Reproduction(record.id, differences(record, again), elsewhere)
    finally:
        torch.set_num_threads(threads)


def _elsewhere(before: Mapping[str, Any], now: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    facts = {name: (before.get(name), now.get(name)) for name in DEPENDS if name != "versions"}
    old, new = before.get("versions", {}), now.get("versions", {})
    facts |= {name: (old.get(name), new.get(name)) for name in sorted({*old, *new})}
    return {name: pair for name, pair in facts.items() if pair[0] != pair[1]}
