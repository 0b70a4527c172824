"""Records of older schemas, read like those of today.

A record stays what its run left, and its checksums with it: nothing is written anew. What an older schema did not say
is filled in while it is read.

- **3**: settings that came later have the value that they had before they could be chosen, their default; every run was
  selected by its accuracy, whatever its dataset is scored by today.
"""

from collections.abc import Mapping
from typing import Any, Final

from cna_viz.config import RunConfig
from cna_viz.errors import RecordError, shown
from cna_viz.records.schema import SCHEMA_VERSION

OLDEST: Final = 3
"""The oldest schema that is read; before it, snapshots had other checksums."""
_SELECTED_BY_ACCURACY: Final = 3


def check_version(version: object, where: str) -> None:
    """Check that a record of this schema can be read.

    Args:
        version: What the record says.
        where: The record, for the message.

    Raises:
        RecordError: When it is older than all that are read, newer than this cna_viz, or no version at all.
    """
    known = f"this cna_viz reads versions {OLDEST} to {SCHEMA_VERSION}"
    if type(version) is not int:
        raise RecordError(f"{where}: schema version {shown(version)}; {known}")
    if version > SCHEMA_VERSION:
        raise RecordError(f"{where}: schema version {version}; {known}: it was written by a newer one, install that")
    if version < OLDEST:
        raise RecordError(f"{where}: schema version {version}; {known}: train the run again")


def metric_of(config: RunConfig, environment: Mapping[str, Any]) -> str:
    """Return the score that selected the model of a run."""
    old = environment.get("schema_version", SCHEMA_VERSION) <= _SELECTED_BY_ACCURACY
    return "accuracy" if old else config.metric
