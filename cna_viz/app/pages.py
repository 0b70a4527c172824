"""The pages of the app, and the private folder they are served from."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

from cna_viz.reports.notebooks.notebooks import find_notebook, notebook_text
from cna_viz.reports.page.page import split_title

if TYPE_CHECKING:
    from nbformat import NotebookNode


@dataclass(frozen=True)
class Page:
    """A notebook as a page: its report, its name in the navigation, and what a visitor can do there."""

    report: str
    short: str
    sentence: str

    @property
    def name(self) -> str:
        """Its path."""
        return self.short.lower()


PAGES: Final = (
    Page("teaching", "Lesson", "45 minutes in six steps: predict, look, try. No training; everybody sees the same."),
    Page("explorer", "Explorer", "Explore stored runs layer by layer, compare two, switch parts of CNA on and off."),
    Page("playground", "Playground", "A small graph and a deep network to change by hand: step, bend, rewire, train."),
)
"""The pages in their order."""


@contextmanager
def served_folder(runs: Path | None) -> Iterator[Path]:
    """Yield a temporary folder with the notebooks of the pages, private to the user.

    Pages with a parameter ``runs`` get the folder of the records; its default is kept when ``runs`` is None.
    """
    with TemporaryDirectory(prefix="cna-viz-") as name:
        folder = Path(name)
        for page in PAGES:
            notebook = _notebook(page.report, runs)
            (folder / f"{page.name}.ipynb").write_text(notebook_text(notebook), encoding="utf-8")
        yield folder


def made_ready(count: int, runs: Path | None) -> dict[str, int]:
    """Return how many copies of each page to prepare: none of pages that show the given runs, which may change."""
    return {page.name: 0 if runs is not None and _has_runs(_notebook(page.report, None)) else count for page in PAGES}


def titles() -> dict[str, str]:
    """Return the title of every page by its name."""
    return {page.name: split_title(_notebook(page.report, None))[0] for page in PAGES}


def _notebook(report: str, runs: Path | None) -> "NotebookNode":
    from papermill.iorw import load_notebook_node

    load: Any = load_notebook_node  # untyped
    notebook: NotebookNode = load(str(find_notebook(report)[1]))
    notebook.metadata["title"] = split_title(notebook)[0]
    if runs is not None and _has_runs(notebook):
        from papermill.parameterize import parameterize_notebook

        notebook = parameterize_notebook(notebook, {"runs": str(runs.resolve())})
    return notebook


def _has_runs(notebook: "NotebookNode") -> bool:
    cells = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    return any(line.startswith("runs:") for cell in cells for line in cell.source.splitlines())
