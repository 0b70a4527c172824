"""Which files in a folder of reports this library wrote: it replaces and removes no others."""

from pathlib import Path
from typing import Final

from cna_viz.errors import UsageError

METADATA: Final = {"written_by": "cna_viz"}
"""In the metadata of every notebook that a report leaves."""
_MARK: Final = b"\n% written by cna_viz\n"
_SIGNS: Final = {
    ".html": b'<meta name="generator" content="cna_viz ',
    ".json": b'"command": "cna-viz report ',
    ".ipynb": b'"written_by": "cna_viz"',
    ".pdf": _MARK,
    ".png": _MARK,
}


def marked(content: bytes) -> bytes:
    """Return a picture or a PDF with our mark behind its end, where programs that show it no longer read."""
    return content + _MARK


def why_not_written(path: Path, name: str = "") -> str:
    """Return why a file is not one that a report left; empty where it is.

    Args:
        path: The file.
        name: The name that it had, where it is about to be removed.

    Raises:
        OSError: When it can't be read.
    """
    if path.is_symlink() or not path.is_file():
        return "is not a file of its own"
    kind = Path(name or path).suffix
    if _SIGNS[kind] in path.read_bytes():
        return ""
    # Notebooks had no mark once; they were written together with their page.
    page = path.with_name("index.html")
    return "" if kind == ".ipynb" and page.exists() and not why_not_written(page) else "was not written by cna-viz"


def why_not_replaceable(path: Path) -> str:
    """Return why nothing may be written to a path: there is something that no report left."""
    return why_not_written(path) if path.exists() or path.is_symlink() else ""


def check_replaceable(*paths: Path) -> None:
    """Refuse to replace files that are not ours.

    Raises:
        UsageError: Naming the first of them.
    """
    for path in paths:
        reason = why_not_replaceable(path)
        if reason:
            raise UsageError(
                f"{path} {reason} and would be replaced: move it away, or choose another folder with --out"
            )
