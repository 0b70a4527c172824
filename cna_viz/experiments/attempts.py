"""Interrupted attempts at a run: kept until a finished record replaces them, and removed only if ours."""

import logging
import os
import re
from functools import partial
from itertools import count
from pathlib import Path
from typing import Final

from cna_viz.config import RESULTS_VERSION, RunConfig, id_of
from cna_viz.errors import CnaVizError, RecordError
from cna_viz.records import schema
from cna_viz.records.reading.files import read_bytes, read_json
from cna_viz.records.reading.integrity import LEFT_BY_SYSTEMS
from cna_viz.removal import TEMPORARY, entries, not_own, remove

logger = logging.getLogger("cna_viz")

FOLDER: Final = re.compile(rf"\.?(?P<id>[0-9a-f]{{16}})(?P<aside>\.unfinished-[1-9][0-9]*)?({TEMPORARY})?")
"""Folder names of a run: its record, an attempt that was set aside, and either during removal."""

_SNAPSHOT: Final = r"[0-9]{4,}\.safetensors"
_FILE: Final = "|".join(map(re.escape, (*schema.REQUIRED_FILES, schema.MANIFEST_FILE)))
_WRITTEN: Final = re.compile(rf"({_FILE})|{schema.SNAPSHOT_FOLDER}/{_SNAPSHOT}")
DRAFT: Final = re.compile(rf"({schema.SNAPSHOT_FOLDER}/\.{_SNAPSHOT}|\.({_FILE}|{schema.COMPLETE_FILE})){TEMPORARY}")
"""Temporary files of a run, by their paths within its folder."""


def set_aside(folder: Path) -> None:
    """Rename the folder of an interrupted attempt to ``<id>.unfinished-<n>``, out of the way of a new one.

    Raises:
        RecordError: When it holds anything that the attempt did not write; it stays where it is.
    """
    if not os.path.lexists(folder):
        return
    try:  # other owners of these files, and other names of them, lose nothing by the rename
        reason = why_not_attempt(folder, folder.name, LEFT_BY_SYSTEMS)
    except OSError as error:
        reason = f"can't be read ({error.strerror})"
    if reason:
        raise RecordError(
            f"{folder}: {reason}, so this run can't be trained there; move it away, or choose another folder"
        )
    names = (folder.with_name(f"{folder.name}.unfinished-{number}") for number in count(1))
    folder.rename(next(name for name in names if not os.path.lexists(name)))


def forget_attempts(folder: Path) -> None:
    """Remove the attempts that a finished record has replaced; one with files of others is kept and logged."""
    for attempt in sorted(folder.parent.glob(f"{folder.name}.unfinished-*")):
        reason = remove(attempt, partial(why_not_attempt, run=folder.name))
        if reason:
            logger.warning("%s: kept, as it %s", attempt, reason)


def why_kept(folder: Path, run: str) -> str:
    """Return why a folder can't be removed as an interrupted attempt at a run; empty where it can."""
    try:
        return not_own(folder) or why_not_attempt(folder, run)
    except OSError as error:
        return f"can't be read ({error.strerror})"


def why_not_attempt(folder: Path, run: str, ignore: frozenset[str] = frozenset()) -> str:
    """Return why a folder is not that of an interrupted attempt, whoever owns it; empty where it is.

    Entries with the names in ``ignore`` don't count. Raises OSError where it can't be read.
    """
    name = FOLDER.fullmatch(folder.name)
    if name is None or name["id"] != run:
        return "does not have the name of an attempt"
    if folder.is_symlink() or not folder.is_dir():
        return "is not a folder, or is a link"
    if (folder / schema.COMPLETE_FILE).is_file():
        return "is a finished record"
    found = [entry for entry in entries(folder) if entry.name not in ignore]
    for entry in found:
        if entry.is_symlink() or not _is_written(entry, folder):
            return f"holds {entry.relative_to(folder).as_posix()}, which is not part of a record"
    if folder / schema.CONFIG_FILE in found:
        return "" if _run_in(folder) == run else f"has a {schema.CONFIG_FILE} of another run"
    # A run writes its config first: before that there are only empty files and the draft of the config.
    if any(entry.is_file() and entry.stat().st_size and not DRAFT.fullmatch(entry.name) for entry in found):
        return f"has no {schema.CONFIG_FILE}"
    return ""


def _is_written(entry: Path, folder: Path) -> bool:
    name = entry.relative_to(folder).as_posix()
    if name == schema.SNAPSHOT_FOLDER:
        return entry.is_dir()
    return bool(_WRITTEN.fullmatch(name) or DRAFT.fullmatch(name)) and entry.is_file()


def _run_in(folder: Path) -> str:
    """Return the id of the run whose config is in a folder; empty where that is no config."""
    environment = folder / schema.ENVIRONMENT_FILE
    try:
        content = read_bytes(folder / schema.CONFIG_FILE)
        RunConfig.from_json(content.decode())
        version = read_json(environment).get("results_version") if environment.exists() else RESULTS_VERSION
        return id_of(content, version) if isinstance(version, int) else ""
    except (CnaVizError, UnicodeDecodeError):
        return ""
