"""Whether a notebook really ran to its end; the metadata alone are never believed.

A killed kernel leaves cells that say ``completed`` and a notebook whose ``exception`` is null, and a cell that raises
``SystemExit(0)`` counts as success. So a last cell is appended that prints a token, and only a notebook that shows the
token has ended.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from cna_viz import errors

if TYPE_CHECKING:
    from nbformat import NotebookNode

END_TAG = "end-of-report"


def append_end(notebook: "NotebookNode", token: str) -> None:
    """Append the cell that prints ``token``."""
    from nbformat.v4 import new_code_cell

    new_cell: Any = new_code_cell  # untyped
    notebook.cells.append(new_cell(f"print({token!r})", metadata={"tags": [END_TAG]}))


def strip_end(notebook: "NotebookNode") -> None:
    """Remove the cell that :func:`append_end` added, and those by which papermill points at an error."""
    added = {END_TAG, "papermill-error-cell-tag"}
    notebook.cells = [cell for cell in notebook.cells if not added & set(cell.metadata.get("tags", []))]


def code_cells(notebook: "NotebookNode") -> "Iterator[tuple[int, NotebookNode]]":
    """Yield position and cell of all cells that are executed, the end cell included."""
    for position, cell in enumerate(notebook.cells):
        if cell.cell_type == "code" and cell.source.strip():
            yield position, cell


def find_failure(notebook: "NotebookNode", token: str, running: int, crash: str) -> str:
    """Return why and where the notebook did not reach its end; empty when it did.

    ``token`` is that of the end cell, ``running`` the position of the cell that was started last (-1 for none), and
    ``crash`` what went wrong outside the cells, such as a dead kernel.
    """
    if crash and running < 0:
        return crash
    for number, (position, cell) in enumerate(code_cells(notebook), start=1):
        where = f" (code cell [{number}] `{cell.source.strip().splitlines()[0]}`)"
        for output in cell.outputs:
            if output.output_type == "error":
                return _reason(output.ename, output.evalue) + where
        if crash and position == running:
            return crash + where
        if cell.metadata.get("papermill", {}).get("status") != "completed":
            return "the cell did not finish" + where
        if END_TAG in cell.metadata.get("tags", []):
            printed = "".join(output.text for output in cell.outputs if output.output_type == "stream")
            ended = printed.strip() == token and not crash
            return "" if ended else "the last cell did not run" + where
    return "the last cell is missing"


def _reason(name: str, text: str) -> str:
    """Return one line for an error of the kernel; the message of an error of ours needs no name before it."""
    line = " ".join(text.split())
    line = line if len(line) <= 400 else f"{line[:400]} ..."
    kind = getattr(errors, name, None)
    ours = isinstance(kind, type) and issubclass(kind, errors.CnaVizError)
    return line if ours and line else f"{name}: {line}".rstrip(": ")
