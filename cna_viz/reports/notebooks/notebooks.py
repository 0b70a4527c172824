"""The report notebooks: ``01_oversmoothing.ipynb`` is the report ``oversmoothing``; the number only orders the list."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cna_viz.errors import unknown_name

if TYPE_CHECKING:
    from nbformat import NotebookNode

_FILE_NAME = re.compile(r"\d+_(?P<name>[A-Za-z][A-Za-z0-9_-]*)")


def notebook_folder() -> Path:
    """Return the folder of the notebooks: inside the installed package, else that of the checkout."""
    package = Path(__file__).resolve().parents[2]
    packaged = package / "_notebooks"
    return packaged if packaged.is_dir() else package.parent / "notebooks"


def list_reports(folder: Path | None = None) -> dict[str, Path]:
    """Return the reports in a folder (default :func:`notebook_folder`), name to notebook, in order of their numbers."""
    paths = sorted((folder or notebook_folder()).glob("*.ipynb"))
    matches = [(path, _FILE_NAME.fullmatch(path.stem)) for path in paths]
    return {match["name"]: path for path, match in matches if match}


def find_notebook(name: str, folder: Path | None = None) -> tuple[str, Path]:
    """Return the report's name and its notebook.

    Args:
        name: The report, with or without its number: ``oversmoothing`` or ``01_oversmoothing``.
        folder: Folder of the notebooks (default :func:`notebook_folder`).

    Raises:
        UsageError: No report has this name.
    """
    reports = list_reports(folder)
    for known, path in reports.items():
        if name in {known, path.stem}:
            return known, path
    raise unknown_name("report", name, reports)


def notebook_text(notebook: "NotebookNode") -> str:
    """Return a notebook as the text of its file."""
    import nbformat

    writes: Any = nbformat.writes  # untyped
    return str(writes(notebook))
