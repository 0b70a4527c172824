"""Run a notebook with papermill, strictly: it reached its end, or it is a :class:`~cna_viz.errors.ReportError`.

The kernel works in the caller's working directory, so that relative paths mean what the user meant.
"""

import logging
import tempfile
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from cna_viz.errors import ReportError
from cna_viz.files import replace_files
from cna_viz.reports.notebooks.notebooks import notebook_text
from cna_viz.reports.page.widgets import strip_widgets
from cna_viz.reports.running import completion, kernel
from cna_viz.reports.written import mark_notebook, why_not_written

if TYPE_CHECKING:
    from nbformat import NotebookNode

Progress = Callable[[int, int, str], None]
"""Called before each code cell with its number, the number of all, and the heading above it."""

logging.getLogger("papermill").addHandler(logging.NullHandler())  # or its warnings would go to stderr


def execute(
    source: Path,
    values: Mapping[str, object],
    partial: Path,
    progress: Progress | None = None,
    log: TextIO | None = None,
) -> "NotebookNode":
    """Run the notebook ``source`` with parameters that are already checked, and return it with its outputs.

    Args:
        source: The notebook; it is not written to.
        values: The parameters.
        partial: Where to keep the partial notebook when it fails or is interrupted.
        progress: See :data:`Progress`.
        log: Receives the kernel's stderr while it runs.

    Raises:
        ReportError: A cell failed, or the kernel died or did not start. ``KeyboardInterrupt`` passes through, with a
            note that names the partial notebook, once the kernel is shut down.
    """
    run = _Run(source, values, progress)
    try:
        with tempfile.TemporaryDirectory(prefix="cna-viz-") as scratch:
            run.execute(kernel.kernel_manager_class(Path(scratch)), log)
    except BaseException as error:
        error.add_note(keep(run.notebook, partial))
        raise
    failure = completion.find_failure(run.notebook, run.token, run.position, run.crash)
    if failure:
        raise ReportError(f"{failure}; {keep(run.notebook, partial)}")
    completion.strip_end(run.notebook)
    return run.notebook


class _Run:
    """A notebook while it runs: how far it is, and what went wrong outside its cells."""

    def __init__(self, source: Path, values: Mapping[str, object], progress: Progress | None) -> None:
        self.source = source.name
        self.token = uuid.uuid4().hex
        self.position = -1
        self.crash = ""
        self.progress = progress
        self.notebook = _prepare(source, values)
        completion.append_end(self.notebook, self.token)

    def execute(self, kernel_manager_class: type, log: TextIO | None) -> None:
        import papermill
        from nbclient.exceptions import DeadKernelError
        from papermill.exceptions import PapermillExecutionError

        try:
            papermill.execute_notebook(
                self.notebook,
                None,
                kernel_name=kernel.NAME,
                language="python",
                progress_bar=False,
                stderr_file=log,
                start_timeout=180,  # seconds; a busy machine with a cold disk is slow, not broken
                iopub_timeout=60,
                kernel_manager_class=kernel_manager_class,
                shutdown_kernel="immediate",  # with its children; a polite end prints an interrupt to the terminal
                on_notebook_start=self._notebook_started,
                on_cell_execute=self._cell_started,
            )
        except PapermillExecutionError:
            self.crash = ""  # the failed cell tells more
        except DeadKernelError:
            self.crash = "the kernel died; was it killed, or out of memory?"
        except (RuntimeError, TimeoutError) as error:  # it did not start, or does not answer
            self.crash = f"the kernel failed: {error}"

    def _notebook_started(self, notebook: "NotebookNode") -> None:
        self.notebook = notebook
        notebook.metadata.papermill.input_path = self.source  # papermill would store the whole input there

    def _cell_started(self, cell: "NotebookNode", cell_index: int) -> None:
        self.position = cell_index
        positions = [position for position, _ in completion.code_cells(self.notebook)]
        if self.progress and cell_index != positions[-1]:  # the last one is the end cell
            heading = _heading_above(self.notebook, cell_index)
            self.progress(positions.index(cell_index) + 1, len(positions) - 1, heading)


def _prepare(source: Path, values: Mapping[str, object]) -> "NotebookNode":
    """Load the notebook and inject the values; papermill's own injection would warn about types it does not know."""
    from papermill.iorw import load_notebook_node
    from papermill.parameterize import parameterize_notebook

    try:
        notebook: NotebookNode = load_notebook_node(str(source))
    except (OSError, ValueError, AttributeError) as error:
        raise ReportError(f"{source} is not a notebook: {error}") from None
    if values:
        notebook = parameterize_notebook(notebook, dict(values), kernel_name=kernel.NAME, language="python")
    return notebook


def _heading_above(notebook: "NotebookNode", position: int) -> str:
    for cell in reversed(notebook.cells[:position]):
        headings = [line.lstrip("# ") for line in cell.source.splitlines() if line.startswith("#")]
        if cell.cell_type == "markdown" and headings:
            return str(headings[-1])
    return ""


def keep(notebook: "NotebookNode", partial: Path) -> str:
    """Write the notebook to ``partial`` and return a clause that says so; a full disk must not hide the failure."""
    completion.strip_end(notebook)
    strip_widgets(notebook)
    mark_notebook(notebook)
    try:
        replace_files({partial: notebook_text(notebook)}, why_not_written)
    except OSError as error:
        return f"the partial notebook could not be kept: {error}"
    return f"partial notebook: {partial}"
