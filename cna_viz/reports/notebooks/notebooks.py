"""Where the report notebooks are, and what they are called.

A notebook ``01_oversmoothing.ipynb`` is the report ``oversmoothing``; the number only orders the list.
"""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cna_viz.errors import unknown_name

if TYPE_CHECKING:
    from nbformat import NotebookNode

_FILE_NAME = re.compile(r"\d+_(?P<name>[A-Za-z][A-Za-z0-9_-]*)")


def notebook_folder() -> Path:
    """Return the folder of the notebooks: the one inside the installed package, else that of the checkout."""
    package = Path(__file__).resolve().parents[2]
    packaged = package / "_notebooks"
    return packaged if packaged.is_dir() else package.parent / "notebooks"


def list_reports(folder: Path | None = None) -> dict[str, Path]:
    """Return the reports that exist, name to notebook, in the order of their numbers.

    Args:
        folder: Where to look; :func:`notebook_folder` when left out.
    """
    paths = sorted((folder or notebook_folder()).glob("*.ipynb"))
    matches = [(path, _FILE_NAME.fullmatch(path.stem)) for path in paths]
    return {match["name"]: path for path, match in matches if match}


def find_notebook(name: str, folder: Path | None = None) -> tuple[str, Path]:
    """Return the report's name and its notebook.

    Args:
        name: The report, with or without its number: ``oversmoothing`` or ``01_oversmoothing``.
        folder: Where to look; :func:`notebook_folder` when left out.

    Raises:
        UsageError: There is no such report.
    """
    reports = list_reports(folder)
    for known, path in reports.items():
        if name in {known, path.stem}:
            return known, path
    raise unknown_name("report", name, reports)


def notebook_text(notebook: "NotebookNode") -> str:
    """Return the text of a notebook's file."""
    import nbformat

    writes: Any = nbformat.writes  # untyped
    return str(writes(notebook))
