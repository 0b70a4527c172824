"""Is a record what was written? The manifest says what every file must be; nothing else is trusted."""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from cna_viz.errors import RecordError
from cna_viz.records import schema
from cna_viz.records.files import read_lines, sha256


@dataclass(frozen=True)
class Entry:
    """A file as the manifest describes it."""

    file: str
    bytes: int
    sha256: str


def is_complete(folder: Path) -> bool:
    """Whether the record was sealed. An unfinished run has files but no such mark."""
    return (folder / schema.COMPLETE_FILE).is_file()


def read_manifest(folder: Path) -> dict[str, Entry]:
    """Read the manifest of a sealed record and check it against the mark that was written last.

    Raises:
        RecordError: When the record is missing, unfinished, or its manifest was altered.
    """
    if not folder.is_dir():
        raise RecordError(f"{folder}: there is no such record; `cna-viz runs list` shows those there are")
    if not is_complete(folder):
        raise RecordError(f"{folder}: the run was not finished (no {schema.COMPLETE_FILE}); run it again")
    path = folder / schema.MANIFEST_FILE
    try:
        actual, wanted = sha256(path.read_bytes()), (folder / schema.COMPLETE_FILE).read_text("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise RecordError(f"{path}: not readable ({error})") from None
    if actual != wanted:
        raise RecordError(f"{path}: altered since the record was finished (its SHA-256 does not match)")
    manifest = {str(line.get("file")): _entry(line, path) for line in read_lines(path)}
    for name in schema.REQUIRED_FILES:
        if name not in manifest:
            raise RecordError(f"{path}: {name} is not listed")
    return manifest


def _entry(line: dict[str, object], path: Path) -> Entry:
    match line:
        case {"file": str(file), "bytes": int(size), "sha256": str(digest)}:
            pure = PurePosixPath(file)
            if pure.is_absolute() or ".." in pure.parts:
                raise RecordError(f"{path}: {file!r} leads out of the record")
            return Entry(file, size, digest)
    raise RecordError(f"{path}: a line does not have file, bytes and sha256: {line!r}")


def read_checked(folder: Path, entry: Entry) -> bytes:
    """Return the content of a file if it is what the manifest says.

    Raises:
        RecordError: Naming the file, when it is missing, truncated or altered.
    """
    path = folder / entry.file
    try:
        size = path.stat().st_size
        if size != entry.bytes:
            raise RecordError(f"{path}: truncated or altered ({size} bytes instead of {entry.bytes})")
        content = path.read_bytes()
    except OSError as error:
        raise RecordError(f"{path}: not readable ({error.strerror})") from None
    if sha256(content) != entry.sha256:
        raise RecordError(f"{path}: altered since it was written (its SHA-256 does not match)")
    return content


def find_problems(folder: Path) -> list[str]:
    """Check every file of a record and return what is wrong, one line each; an empty list means that all is well."""
    try:
        manifest = read_manifest(folder)
    except RecordError as error:
        return [str(error)]
    problems = []
    for entry in manifest.values():
        try:
            read_checked(folder, entry)
        except RecordError as error:
            problems.append(str(error))
    known = {*manifest, schema.MANIFEST_FILE, schema.COMPLETE_FILE}
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    problems += [f"{folder / name}: does not belong to the record" for name in sorted(present - known)]
    return problems
