"""Which files in a folder of reports this library wrote: it replaces and removes no others. And what they say."""

import hashlib
import json
import os
import re
from pathlib import Path
from typing import Any, Final

from cna_viz.errors import UsageError

_MARK: Final = b"\n% written by cna_viz\n"
_SIGNS: Final = {
    ".html": b'<meta name="generator" content="cna_viz ',
    ".json": b'"command": "cna-viz report ',
    ".pdf": _MARK,
    ".png": _MARK,
}
_KEY: Final = "cna_viz"
_SOURCE: Final = re.compile(r"\d+_\w+\.ipynb")


def read_summary(folder: Path) -> dict[str, Any]:
    """Return the ``summary.json`` of the report in ``folder``; empty where it is missing or unreadable."""
    try:
        found = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def marked(content: bytes) -> bytes:
    """Return a picture or a PDF with our mark after its end, where viewers no longer read."""
    return content + _MARK


def mark_notebook(notebook: Any) -> None:
    """Store a digest of the cells in a notebook's metadata, so that later edits are noticed."""
    notebook.metadata[_KEY] = {"cells": _digest(notebook.cells)}


def why_not_written(path: Path, name: str = "") -> str:
    """Return why a file is not an unedited one of ours; empty where it is.

    ``name`` is its original name, where it was renamed before its removal.
    """
    if path.is_symlink() or not path.is_file():
        return "is not a regular file"
    kind = Path(name or path).suffix
    if kind == ".ipynb":
        return _why_not_our_notebook(path.read_bytes())
    return "" if _SIGNS[kind] in path.read_bytes() else "was not written by cna-viz"


def why_not_replaceable(path: Path) -> str:
    """Return why a path must not be written to; empty where nothing, or a file of ours, is there."""
    return why_not_written(path) if os.path.lexists(path) else ""


def check_replaceable(*paths: Path) -> None:
    """Refuse to replace files that are not ours."""
    for path in paths:
        if reason := why_not_replaceable(path):
            hint = "move it away, or choose another folder with --out"
            raise UsageError(f"{path} {reason} and would be replaced: {hint}")


def _why_not_our_notebook(content: bytes) -> str:
    try:
        notebook = json.loads(content)
        metadata, cells = notebook["metadata"], notebook["cells"]
        if _KEY in metadata:
            return "" if metadata[_KEY]["cells"] == _digest(cells) else "was edited since it was written"
        # Notebooks of older versions have no mark; papermill's metadata show a source of ours and no output.
        papermill = metadata["papermill"]
        old = papermill["output_path"] is None and _SOURCE.fullmatch(papermill["input_path"])
        return "" if old else "was not written by cna-viz"
    except (ValueError, KeyError, TypeError, RecursionError):
        return "was not written by cna-viz"


def _digest(cells: Any) -> str:
    sources = [(cell["cell_type"], "".join(cell["source"])) for cell in cells]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()
