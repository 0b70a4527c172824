"""The manifest of a record, and checks of the files against it."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cna_viz.errors import RecordError, shown
from cna_viz.records import schema
from cna_viz.records.reading import facts
from cna_viz.records.reading.files import parse_lines, read_bytes, read_json, readable, sha256, size_of


@dataclass(frozen=True)
class ManifestEntry:
    """A file of the record and its size; a checksum of its content, or for a snapshot, of header and every tensor."""

    file: str
    bytes: int
    sha256: str
    tensors: Mapping[str, str] | None = None


Manifest = dict[str, ManifestEntry]

LEFT_BY_SYSTEMS: Final = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})
"""Files that file managers leave in folders."""
NOT_ITS_OWN: Final = "does not belong to the record"
LONGEST_HEADER: Final = 2**25
"""Maximum size in bytes of the JSON header of a safetensors file; the deepest network needs two thirds of it."""


def is_complete(folder: Path) -> bool:
    """Whether the record was sealed; an unfinished run has no such mark."""
    return os.path.isfile(folder / schema.COMPLETE_FILE)  # False if the folder may not be read


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a sealed record and check it against its mark."""
    check_folder(folder)
    if not is_complete(folder):
        advice = "run it again, or open it unfinished with incomplete=True"
        raise RecordError(f"{folder}: the run was not finished (no {schema.COMPLETE_FILE}); {advice}")
    path, mark = folder / schema.MANIFEST_FILE, folder / schema.COMPLETE_FILE
    content = read_bytes(path)
    try:
        wanted = read_bytes(mark).decode("ascii").strip()
    except UnicodeDecodeError as error:
        raise RecordError(f"{mark}: not readable ({error})") from None
    if sha256(content) != wanted:
        raise RecordError(f"{path}: altered since the record was finished (its SHA-256 does not match)")
    manifest = _entries(folder, content)
    for name in schema.REQUIRED_FILES:
        if name not in manifest:
            raise RecordError(f"{path}: {name} is not listed")
    return manifest


def read_unfinished_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run in progress or an interrupted one, as far as it goes."""
    check_folder(folder)
    path = folder / schema.MANIFEST_FILE
    return _entries(folder, read_bytes(path) if os.path.lexists(path) else b"")


def _entries(folder: Path, content: bytes) -> Manifest:
    try:
        version = read_json(folder / schema.ENVIRONMENT_FILE).get("schema_version")
    except RecordError:
        version = None  # reported when the file is read
    if type(version) is int:  # before the manifest, which another schema may write differently
        facts.check_version(version, str(folder))
    path, manifest = folder / schema.MANIFEST_FILE, Manifest()
    for line in parse_lines(content, path):
        file = line.get("file")
        if not schema.is_record_file(file):
            raise RecordError(f"{path}: {shown(file)} is not a file of a record")
        if file in manifest:
            raise RecordError(f"{path}: {file} is listed twice")
        snapshot = file not in schema.REQUIRED_FILES
        facts.check(facts.SnapshotLine if snapshot else facts.FileLine, line, f"{path}: {file}")
        digest, tensors = (line["header"], line["tensors"]) if snapshot else (line["sha256"], None)
        manifest[file] = ManifestEntry(file, line["bytes"], digest, tensors)
    return manifest


def unexpected_files(folder: Path, manifest: Manifest) -> list[str]:
    """Return the names of files, folders, links and devices in the folder of a record that don't belong to it."""
    known = {*manifest, schema.MANIFEST_FILE, schema.COMPLETE_FILE, schema.SNAPSHOT_FOLDER}
    names = _names_in(folder)
    if schema.SNAPSHOT_FOLDER in names and not (folder / schema.SNAPSHOT_FOLDER).is_symlink():
        names += [f"{schema.SNAPSHOT_FOLDER}/{name}" for name in _names_in(folder / schema.SNAPSHOT_FOLDER)]
    return sorted(name for name in names if name not in known)


def _names_in(folder: Path) -> list[str]:
    with readable(folder):
        return [name for name in os.listdir(folder) if name not in LEFT_BY_SYSTEMS]


def check_folder(folder: Path) -> None:
    """Raise :class:`~cna_viz.errors.RecordError` if there is no such folder, or it can't be read."""
    if not os.path.isdir(folder):
        raise RecordError(f"{folder}: no such record; `cna-viz runs list` lists the records")
    with readable(folder):
        os.stat(f"{folder}/.")  # needs the permission to look into it


def check_size(folder: Path, entry: ManifestEntry) -> None:
    """Raise :class:`~cna_viz.errors.RecordError` if a file is missing, a link, or has another size."""
    path = folder / entry.file
    if path.parent != folder and path.parent.is_symlink():
        raise RecordError(f"{path.parent}: not a folder of the record but a link, which is not followed")
    size = size_of(path)
    if size != entry.bytes:
        raise RecordError(f"{path}: truncated or altered ({size} bytes instead of {entry.bytes})")


def check_digest(folder: Path, entry: ManifestEntry, digest: str) -> None:
    """Raise :class:`~cna_viz.errors.RecordError` if this is not the checksum of the file."""
    if digest != entry.sha256:
        raise RecordError(f"{folder / entry.file}: altered since it was written (its SHA-256 does not match)")


def read_checked(folder: Path, entry: ManifestEntry) -> bytes:
    """Return the content of a file; raises :class:`~cna_viz.errors.RecordError` if it is not as the manifest says."""
    check_size(folder, entry)
    content = read_bytes(folder / entry.file)
    check_digest(folder, entry, sha256(content))
    return content


def read_listed(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Return the checked content of a file; unchecked if an unfinished run has not listed it yet."""
    return read_checked(folder, manifest[name]) if name in manifest else read_bytes(folder / name)


def read_header(folder: Path, entry: ManifestEntry) -> bytes:
    """Return the header of a safetensors file: the length of a JSON, and the JSON, cut if it is too long."""
    check_size(folder, entry)
    with readable(folder / entry.file), (folder / entry.file).open("rb") as file:
        length = file.read(8)
        return length + file.read(min(int.from_bytes(length, "little"), LONGEST_HEADER))
