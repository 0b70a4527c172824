"""Notebooks that the tests write, and one report made from such a notebook."""

import io
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cna_viz.reports.report import ReportResult, make_report

PARAMETERS = """\
dataset: str = "digits"  # name of the dataset
depths: list[int] = [2, 4, 8]  # numbers of layers
lr: float = 0.01  # learning rate
title: str | None = None  # text that a user may choose
"""
HOSTILE = "</script><script>alert(1)</script><img src=http://evil.example/x onerror=alert(2)> $x$ \" ' \\"

Write = Callable[..., Path]


def write_notebook(folder: Path, name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
    """Write a notebook; a cell that starts with ``#`` and a space is markdown."""
    nodes = [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})] if parameters else []
    for cell in cells:
        new = nbformat.v4.new_markdown_cell if cell.startswith("# ") else nbformat.v4.new_code_cell
        nodes.append(new(cell.removeprefix("# | ")))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}.ipynb"
    nbformat.write(nbformat.v4.new_notebook(cells=nodes), path)
    return path


@pytest.fixture(scope="session", name="write_notebook")
def write_notebook_fixture() -> Write:
    """Return the function, for fixtures that live longer than a test."""
    return write_notebook


@pytest.fixture
def notebooks(tmp_path: Path) -> Path:
    return tmp_path / "notebooks"


@pytest.fixture
def write(notebooks: Path) -> Write:
    def write(name: str, *cells: str, parameters: str = PARAMETERS) -> Path:
        return write_notebook(notebooks, name, *cells, parameters=parameters)

    return write


@dataclass
class Made:
    """A finished report and what was heard while it was made."""

    result: ReportResult
    log: str
    progress: list[tuple[int, int, str]] = field(default_factory=list)

    hostile: str = HOSTILE

    @property
    def html(self) -> str:
        return self.result.index.read_text(encoding="utf-8")

    @property
    def summary(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads((self.result.index.parent / "summary.json").read_text(encoding="utf-8"))
        return loaded


@pytest.fixture(scope="package")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """One report with everything a page can hold, made where a foreign kernel is registered as ``python3``."""
    folder = tmp_path_factory.mktemp("made")
    write_notebook(
        folder / "notebooks",
        "01_all",
        "# | # Depth & $\\hat A$\n\nIt costs \\$5, `not $maths$`, and $a_i < b$ holds.\n\n$$\\frac{a}{b}$$",
        "import os, sys\nimport pandas as pd\nimport plotly.graph_objects as go\nfrom IPython.display import Markdown",
        "# | ## First look\n\n[paper](https://arxiv.org/abs/2412.04064) H<sub>2</sub>O <script>alert(0)</script>",
        "layout = {'title': title, 'width': 2000}\n"
        "go.Figure(go.Scatter(y=[1, float('nan'), 3], name=title, line_color='#0072B2'), layout=layout)",
        "pd.DataFrame({'slot': ['relu', title], 'accuracy': [0.5, 0.25]})",
        "# | ## Second look",
        "go.Figure(go.Scatter3d(x=[1], y=[2], z=[3])).show()",
        "print('step 1\\rstep 2', title)\nprint('training ...', file=sys.stderr)\nMarkdown(f'**value**: {title}')",
        "env = os.environ",
        "print(sys.executable, os.getcwd(), env['CNA_VIZ_BATCH'], env['PLOTLY_RENDERER'], type(lr), depths)",
        "display({'application/vnd.cna-viz.summary+json': {'accuracy': 0.5}}, raw=True)",
        "display({'application/vnd.cna-viz.summary+json': {'layers': [2, 4]}}, raw=True)",
    )
    foreign = folder / "jupyter" / "kernels" / "python3"
    foreign.mkdir(parents=True)
    (foreign / "kernel.json").write_text(json.dumps({"argv": ["false"], "display_name": "x", "language": "python"}))
    heard: list[tuple[int, int, str]] = []
    log = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("JUPYTER_PATH", str(foreign.parents[1]))
        patch.chdir(folder)
        result = make_report(
            "01_all",
            {"depths": "2,4", "lr": 1, "title": HOSTILE},
            Path("out"),
            lambda number, count, heading: heard.append((number, count, heading)),
            log=log,
            notebooks=folder / "notebooks",
        )
        index, notebook = (folder / path for path in (result.index, result.notebook))
    return Made(ReportResult(result.name, index, notebook, result.seconds), log.getvalue(), heard)
