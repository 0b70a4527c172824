"""Whether a run was trained already, on the content that its dataset has now."""

import json
from collections.abc import Sequence
from pathlib import Path

from cna_viz.config import RunConfig
from cna_viz.data.known import known_content
from cna_viz.errors import DataError
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.schema import ENVIRONMENT_FILE


def missing_of(
    configs: Sequence[RunConfig], runs: Path, data: Path | None, refused: dict[str, str] | None = None
) -> list[RunConfig]:
    """Return the runs without a finished record.

    Args:
        configs: The runs.
        runs: Folder of the records.
        data: Data root.
        refused: Receives the reason by run id where a record is refused, in the place of an error.

    Raises:
        DataError: A record is of other content than its dataset has now.
    """
    missing = []
    known: dict[str, str | None] = {}
    for config in configs:
        if not is_complete(runs / config.run_id):
            missing.append(config)
            continue
        key = config.data.model_dump_json()
        try:
            if key not in known:
                known[key] = known_content(config.data, data)
            check_content(config, runs / config.run_id, known[key])
        except DataError as error:
            if refused is None:
                raise
            refused[config.run_id] = str(error)
    return missing


def check_content(config: RunConfig, folder: Path, content: str | None) -> None:
    """Refuse a finished record of other content; records of before contents were written are let be.

    Raises:
        DataError: The record in ``folder`` is of other content than ``content``.
    """
    try:
        recorded = json.loads((folder / ENVIRONMENT_FILE).read_text("utf-8")).get("content")
    except (OSError, ValueError, AttributeError):
        return  # opening the record says what is wrong
    if content is not None and recorded is not None and recorded != content:
        raise DataError(
            f"run {config.run_id} in {folder.parent} was trained on {config.data.dataset} with content "
            f"{recorded[:12]}, and the data given now has content {content[:12]}: give the data that it was trained "
            "on, or another --runs folder"
        )
