"""Is a file of a record what was written? The manifest says what each must be; nothing else is trusted."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from cna_viz.errors import RecordError
from cna_viz.records import schema
from cna_viz.records.files import parse_lines, read_bytes, read_json, sha256, size_of
from cna_viz.records.migration import check_version


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


def is_complete(folder: Path) -> bool:
    """Whether the record was sealed. An unfinished run has files but no such mark."""
    return (folder / schema.COMPLETE_FILE).is_file()


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
    return _entries(read_bytes(path), path) if path.exists() else {}


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
    if not folder.is_dir():
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
    return {str(line.get("file")): _entry(line, path) for line in parse_lines(content, path)}


def _entry(line: dict[str, object], path: Path) -> Entry:
    match line:
        case {"file": str(file), "bytes": int(size), "sha256": str(digest)} if not _is_snapshot(file):
            return Entry(_inside(file, path), size, digest)
        case {"file": str(file), "bytes": int(size), "header": str(digest), "tensors": tensors}:
            return Entry(_inside(file, path), size, digest, _tensors(tensors, f"{path}: {file}"))
    raise RecordError(
        f"{path}: a line does not have file, bytes and sha256, or for a snapshot file, bytes, header and tensors: "
        f"{str(line)[:100]}"
    )


def _is_snapshot(file: str) -> bool:
    return file.startswith(f"{schema.SNAPSHOT_FOLDER}/")


def _inside(file: str, path: Path) -> str:
    pure = PurePosixPath(file)
    if pure.is_absolute() or ".." in pure.parts:
        raise RecordError(f"{path}: {file!r} leads out of the record")
    return file


def _tensors(digests: object, where: str) -> dict[str, str]:
    if not isinstance(digests, dict) or not all(isinstance(digest, str) for digest in digests.values()):
        raise RecordError(f"{where}: 'tensors' must hold a checksum per tensor")
    return digests


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


def check_snapshot(folder: Path, entry: Entry) -> None:
    """Check size and header of a snapshot, which say where every tensor is.

    Raises:
        RecordError: Naming the file, when it is missing, truncated or altered there.
    """
    check_size(folder, entry)
    try:
        with (folder / entry.file).open("rb") as file:
            header = read_header(file, entry.bytes)
    except OSError as error:
        raise RecordError(f"{folder / entry.file}: not readable ({error.strerror})") from None
    check_digest(folder, entry, sha256(header))


def read_header(file: IO[bytes], size: int) -> bytes:
    """Return what stands before the tensors of a safetensors file of this size: the length of a JSON, and the JSON."""
    length = file.read(8)
    return length + file.read(min(int.from_bytes(length, "little"), size))


def check_digest(folder: Path, entry: Entry, digest: str) -> None:
    """Raise :class:`~cna_viz.errors.RecordError` naming the file where this is not its checksum."""
    if digest != entry.sha256:
        raise RecordError(f"{folder / entry.file}: altered since it was written (its SHA-256 does not match)")
