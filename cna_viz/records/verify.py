"""Check every byte of a record."""

import hashlib
from pathlib import Path

from cna_viz.errors import RecordError
from cna_viz.records.integrity import NOT_ITS_OWN, Entry, check_digest, check_size, read_manifest, strangers
from cna_viz.records.snapshot import Snapshot


def find_problems(folder: Path) -> list[str]:
    """Check every file of a record and return what is wrong, one line each; an empty list means that all is well."""
    try:
        manifest = read_manifest(folder)
    except RecordError as error:
        return [str(error)]
    problems = []
    for entry in manifest.values():
        try:
            _check_file(folder, entry)
        except RecordError as error:
            problems.append(str(error))
    try:
        return problems + [f"{folder / name}: {NOT_ITS_OWN}" for name in strangers(folder, manifest)]
    except RecordError as error:
        return [*problems, str(error)]


def _check_file(folder: Path, entry: Entry) -> None:
    """Check a file without holding it in memory."""
    if entry.tensors is not None:
        snapshot = Snapshot(folder, entry)
        for name in entry.tensors:
            snapshot.read(name)
        return
    check_size(folder, entry)
    try:
        with (folder / entry.file).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RecordError(f"{folder / entry.file}: not readable ({error.strerror})") from None
    check_digest(folder, entry, digest)
