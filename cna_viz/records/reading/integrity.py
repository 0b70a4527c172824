"""Is a file of a record what was written? The manifest says what each must be; nothing else is trusted."""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Final

from cna_viz.errors import RecordError, shown
from cna_viz.records import schema
from cna_viz.records.reading.files import parse_lines, read_bytes, read_json, sha256, size_of
from cna_viz.records.reading.migration import check_version


@dataclass(frozen=True)
class Entry:
    """A file as the manifest describes it.

    Attributes:
        file: Path within the record.
        bytes: Size.
        sha256: Checksum of the file; of a snapshot, of the header before its tensors.
        tensors: Checksum of every tensor of a snapshot, so that one can be checked without reading the others.
    """

    file: str
    bytes: int
    sha256: str
    tensors: Mapping[str, str] | None = None


Manifest = dict[str, Entry]

LEFT_BY_SYSTEMS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that programs which show folders leave in them."""
NOT_ITS_OWN: Final = "does not belong to the record"
LONGEST_HEADER: Final = 2**25
"""Bytes of the JSON that stands before the tensors of a file; the deepest network needs two thirds of it."""
_SHA256: Final = re.compile("[0-9a-f]{64}")


def is_complete(folder: Path) -> bool:
    """Whether the record was sealed. An unfinished run has files but no such mark."""
    return os.path.isfile(folder / schema.COMPLETE_FILE)  # where nobody may look, there is none


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a sealed record and check it against the mark that was written last.

    Raises:
        RecordError: When the record is missing, unfinished, or its manifest was altered.
    """
    check_folder(folder)
    if not is_complete(folder):
        raise RecordError(
            f"{folder}: the run was not finished (no {schema.COMPLETE_FILE}); run it again, or open what there is "
            "of it with incomplete=True"
        )
    path = folder / schema.MANIFEST_FILE
    content = read_bytes(path)
    try:
        wanted = read_bytes(folder / schema.COMPLETE_FILE).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise RecordError(f"{folder / schema.COMPLETE_FILE}: not readable ({error})") from None
    if sha256(content) != wanted:
        raise RecordError(f"{path}: altered since the record was finished (its SHA-256 does not match)")
    _check_schema(folder)
    manifest = _entries(content, path)
    for name in schema.REQUIRED_FILES:
        if name not in manifest:
            raise RecordError(f"{path}: {name} is not listed")
    return manifest


def read_unfinished_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run that goes on or was interrupted, as far as it goes."""
    check_folder(folder)
    path = folder / schema.MANIFEST_FILE
    _check_schema(folder)
    return _entries(read_bytes(path), path) if os.path.lexists(path) else {}


def strangers(folder: Path, manifest: Manifest) -> list[str]:
    """Return what lies in the folder of a record and does not belong to it: files, folders, links, devices."""
    known = {*manifest, schema.MANIFEST_FILE, schema.COMPLETE_FILE, schema.SNAPSHOT_FOLDER}
    names = _names_in(folder)
    if schema.SNAPSHOT_FOLDER in names and not (folder / schema.SNAPSHOT_FOLDER).is_symlink():
        names += [f"{schema.SNAPSHOT_FOLDER}/{name}" for name in _names_in(folder / schema.SNAPSHOT_FOLDER)]
    return sorted(name for name in names if name not in known)


def check_strangers(folder: Path, manifest: Manifest) -> None:
    """Refuse a finished record in which something lies that does not belong to it.

    Raises:
        RecordError: Naming what lies there.
    """
    found = strangers(folder, manifest)
    if found:
        raise RecordError(f"{folder / found[0]}: {NOT_ITS_OWN}; move it out of the folder")


def _names_in(folder: Path) -> list[str]:
    try:
        return [name for name in os.listdir(folder) if name not in LEFT_BY_SYSTEMS]
    except OSError as error:
        raise RecordError(f"{folder}: not readable ({error.strerror})") from None


def check_folder(folder: Path) -> None:
    """Raise :class:`~cna_viz.errors.RecordError` where there is no such folder, or it may not be looked into."""
    if not os.path.isdir(folder):
        raise RecordError(f"{folder}: there is no such record; `cna-viz runs list` shows those there are")
    try:
        os.stat(f"{folder}/.")  # which only somebody may do who may look into it
    except OSError as error:
        raise RecordError(f"{folder}: not readable ({error.strerror})") from None


def _check_schema(folder: Path) -> None:
    """Refuse a record of an unknown schema by name, before its manifest, whose form may be another, is blamed."""
    path = folder / schema.ENVIRONMENT_FILE
    try:
        version = read_json(path).get("schema_version")
    except RecordError:
        return  # what is wrong with it is said where it is read
    if type(version) is int:
        check_version(version, str(folder))


def _entries(content: bytes, path: Path) -> Manifest:
    manifest: Manifest = {}
    for line in parse_lines(content, path):
        entry = _entry(line, path)
        if entry.file in manifest:
            raise RecordError(f"{path}: {entry.file} is listed twice")
        manifest[entry.file] = entry
    return manifest


def _entry(line: Mapping[str, Any], path: Path) -> Entry:
    file = line.get("file")
    if not schema.is_record_file(file):
        raise RecordError(f"{path}: {shown(file)} is not a file of a record")
    match line:
        case {"bytes": size, "sha256": digest} if file in schema.REQUIRED_FILES:
            tensors = None
        case {"bytes": size, "header": digest, "tensors": dict(tensors)} if file not in schema.REQUIRED_FILES:
            pass
        case _:
            raise RecordError(
                f"{path}: a line does not have file, bytes and sha256, or for a snapshot file, bytes, header and "
                f"tensors: {shown(line)}"
            )
    if not schema.is_count(size):
        raise RecordError(f"{path}: {file} has {shown(size)} bytes, it must have an integer of at least 0")
    for checksum in (digest, *(tensors or {}).values()):
        if not isinstance(checksum, str) or not _SHA256.fullmatch(checksum):
            raise RecordError(f"{path}: {file} has checksum {shown(checksum)}, it must have 64 hexadecimal digits")
    return Entry(file, size, digest, tensors)


def check_size(folder: Path, entry: Entry) -> None:
    """Check that a file is there and as long as the manifest says.

    Raises:
        RecordError: Naming the file, when it is missing, a link, or truncated.
    """
    path = folder / entry.file
    if path.parent != folder and path.parent.is_symlink():
        raise RecordError(f"{path.parent}: not a folder of the record but a link, which is not followed")
    size = size_of(path)
    if size != entry.bytes:
        raise RecordError(f"{path}: truncated or altered ({size} bytes instead of {entry.bytes})")


def read_checked(folder: Path, entry: Entry) -> bytes:
    """Return the content of a file if it is what the manifest says.

    Raises:
        RecordError: Naming the file, when it is missing, truncated or altered.
    """
    check_size(folder, entry)
    content = read_bytes(folder / entry.file)
    check_digest(folder, entry, sha256(content))
    return content


def read_listed(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Return the content of a file, checked; of one that an unfinished run has not entered yet, what there is."""
    return read_checked(folder, manifest[name]) if name in manifest else read_bytes(folder / name)


def read_header(folder: Path, entry: Entry) -> bytes:
    """Return what stands before the tensors of a file, which says where each of them is; its size is checked.

    Raises:
        RecordError: Naming the file, when it is missing, truncated, or not readable.
    """
    check_size(folder, entry)
    try:
        with (folder / entry.file).open("rb") as file:
            return header_of(file)
    except OSError as error:
        raise RecordError(f"{folder / entry.file}: not readable ({error.strerror})") from None


def header_of(file: IO[bytes]) -> bytes:
    """Return the first bytes of a safetensors file: the length of a JSON, and the JSON, cut where it is too long."""
    length = file.read(8)
    return length + file.read(min(int.from_bytes(length, "little"), LONGEST_HEADER))


def check_digest(folder: Path, entry: Entry, digest: str) -> None:
    """Raise :class:`~cna_viz.errors.RecordError` naming the file where this is not its checksum."""
    if digest != entry.sha256:
        raise RecordError(f"{folder / entry.file}: altered since it was written (its SHA-256 does not match)")
