"""Is a record what was written? The manifest says what every file must be; nothing else is trusted."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cna_viz.errors import RecordError
from cna_viz.records import schema
from cna_viz.records.files import parse_lines, read_bytes, sha256


@dataclass(frozen=True)
class Entry:
    """A file as the manifest describes it.

    Attributes:
        file: Path within the record.
        bytes: Size.
        sha256: Checksum of the whole file.
        tensors: Checksum of every tensor of a snapshot, so that one can be checked without reading the others.
    """

    file: str
    bytes: int
    sha256: str
    tensors: Mapping[str, str] | None = None


Manifest = dict[str, Entry]


def is_complete(folder: Path) -> bool:
    """Whether the record was sealed. An unfinished run has files but no such mark."""
    return (folder / schema.COMPLETE_FILE).is_file()


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a sealed record and check it against the mark that was written last.

    Raises:
        RecordError: When the record is missing, unfinished, or its manifest was altered.
    """
    _check_folder(folder)
    if not is_complete(folder):
        raise RecordError(
            f"{folder}: the run was not finished (no {schema.COMPLETE_FILE}); run it again, or open what there is "
            "of it with incomplete=True"
        )
    path = folder / schema.MANIFEST_FILE
    content = read_bytes(path)
    try:
        wanted = (folder / schema.COMPLETE_FILE).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{folder / schema.COMPLETE_FILE}: not readable ({error})") from None
    if sha256(content) != wanted:
        raise RecordError(f"{path}: altered since the record was finished (its SHA-256 does not match)")
    manifest = _entries(content, path)
    for name in schema.REQUIRED_FILES:
        if name not in manifest:
            raise RecordError(f"{path}: {name} is not listed")
    return manifest


def read_unfinished_manifest(folder: Path) -> Manifest:
    """Read the manifest of a run that goes on or was interrupted, as far as it goes."""
    _check_folder(folder)
    path = folder / schema.MANIFEST_FILE
    return _entries(read_bytes(path), path) if path.exists() else {}


def _check_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise RecordError(f"{folder}: there is no such record; `cna-viz runs list` shows those there are")


def _entries(content: bytes, path: Path) -> Manifest:
    return {str(line.get("file")): _entry(line, path) for line in parse_lines(content, path)}


def _entry(line: dict[str, object], path: Path) -> Entry:
    match line:
        case {"file": str(file), "bytes": int(size), "sha256": str(digest)}:
            pure = PurePosixPath(file)
            if pure.is_absolute() or ".." in pure.parts:
                raise RecordError(f"{path}: {file!r} leads out of the record")
            return Entry(file, size, digest, _tensors(line.get("tensors"), f"{path}: {file}"))
    raise RecordError(f"{path}: a line does not have file, bytes and sha256: {line!r}")


def _tensors(digests: object, where: str) -> dict[str, str] | None:
    if digests is None:
        return None
    if not isinstance(digests, dict) or not all(isinstance(digest, str) for digest in digests.values()):
        raise RecordError(f"{where}: 'tensors' must hold a checksum per tensor")
    return digests


def check_size(folder: Path, entry: Entry) -> None:
    """Check that a file is there and as long as the manifest says.

    Raises:
        RecordError: Naming the file, when it is missing or truncated.
    """
    path = folder / entry.file
    try:
        size = path.stat().st_size
    except OSError as error:
        raise RecordError(f"{path}: not readable ({error.strerror})") from None
    if size != entry.bytes:
        raise RecordError(f"{path}: truncated or altered ({size} bytes instead of {entry.bytes})")


def read_checked(folder: Path, entry: Entry) -> bytes:
    """Return the content of a file if it is what the manifest says.

    Raises:
        RecordError: Naming the file, when it is missing, truncated or altered.
    """
    check_size(folder, entry)
    content = read_bytes(folder / entry.file)
    _check_digest(folder, entry, sha256(content))
    return content


def read_listed(folder: Path, manifest: Manifest, name: str) -> bytes:
    """Return the content of a file, checked; of one that an unfinished run has not entered yet, what there is."""
    return read_checked(folder, manifest[name]) if name in manifest else read_bytes(folder / name)


def _check_file(folder: Path, entry: Entry) -> None:
    """Check a file as :func:`read_checked` does, without holding it in memory."""
    check_size(folder, entry)
    try:
        with (folder / entry.file).open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise RecordError(f"{folder / entry.file}: not readable ({error.strerror})") from None
    _check_digest(folder, entry, digest)


def _check_digest(folder: Path, entry: Entry, digest: str) -> None:
    if digest != entry.sha256:
        raise RecordError(f"{folder / entry.file}: altered since it was written (its SHA-256 does not match)")


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
    known = {*manifest, schema.MANIFEST_FILE, schema.COMPLETE_FILE}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    problems += [f"{folder / name}: does not belong to the record" for name in sorted(present - known)]
    return problems
