"""What there is to judge claims by: records, why others are missing, and counted weights."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cna_viz.config import RunConfig
from cna_viz.errors import RecordError
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import Record, load_record


@dataclass(frozen=True)
class Evidence:
    """What there is to judge claims by.

    Attributes:
        records: Finished runs by id.
        failed: Why other runs have no record, by id.
        counts: Numbers of weights by claim: ``convolutions``, ``slots`` and ``total``.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


def gather(
    configs: Sequence[RunConfig],
    runs: Path | str,
    failed: Mapping[str, str] | None = None,
    counts: Mapping[str, Mapping[str, int]] | None = None,
) -> Evidence:
    """Open the records there are of ``configs``; one that can't be opened is a reason, not an error.

    Args:
        configs: The runs.
        runs: Folder of the records.
        failed: Why runs failed, by id.
        counts: Numbers of weights by claim.
    """
    records: dict[str, Record] = {}
    reasons = dict(failed or {})
    for config in configs:
        folder = Path(runs) / config.run_id
        if is_complete(folder):
            try:
                records[config.run_id] = load_record(folder)
            except RecordError as error:
                reasons[config.run_id] = str(error)
    return Evidence(records, reasons, dict(counts or {}))
