"""Notebooks are arguments, not programs: no outputs, short cells, commented parameters, logic in the library."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cna_viz.config import RunConfig
from cna_viz.experiments.grid import depth_grid
from cna_viz.reports.notebooks.notebooks import list_reports, notebook_folder
from cna_viz.reports.notebooks.parameters import convert, read_parameters

NOTEBOOKS = sorted(notebook_folder().glob("*.ipynb"))
ALLOWED = re.compile(
    r"cna_viz(\.(analysis|config|data|experiments|figures|graphs|measures|nn|records|widgets))?|IPython\.display"
)
"""The public rooms, and nothing deeper."""


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def path(request: pytest.FixtureRequest) -> Path:
    """Return the path of each notebook in turn."""
    notebook: Path = request.param
    return notebook


@pytest.fixture
def notebook(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def code(notebook: Any) -> list[Any]:
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def tagged(notebook: Any) -> list[Any]:
    return [cell for cell in code(notebook) if "parameters" in cell.metadata.get("tags", [])]


def test_there_are_notebooks_and_each_is_a_report() -> None:
    assert NOTEBOOKS
    assert list(list_reports().values()) == NOTEBOOKS


def test_the_format_is_valid(path: Path) -> None:
    raw = json.loads(path.read_text(encoding="utf-8"))
    nbformat.validate(raw)
    ids = [cell["id"] for cell in raw["cells"]]
    assert len(set(ids)) == len(ids)


def test_nothing_of_a_run_is_kept(path: Path, notebook: Any) -> None:
    for cell in code(notebook):
        assert cell.outputs == []
        assert cell.execution_count is None
    assert "papermill" not in path.read_text(encoding="utf-8")
    assert "widgets" not in notebook.metadata


def test_it_begins_with_a_question_and_ends_in_words(notebook: Any) -> None:
    first, last = notebook.cells[0], notebook.cells[-1]
    assert first.cell_type == last.cell_type == "markdown"
    title = first.source.splitlines()[0]
    assert title.startswith("# ")
    assert title.endswith("?")
    headings = [line for cell in notebook.cells if cell.cell_type == "markdown" for line in cell.source.splitlines()]
    assert "## Conclusion" in headings


def test_parameters_are_declared_once_and_before_everything_else(notebook: Any) -> None:
    (cell,) = tagged(notebook)
    assert cell is code(notebook)[0]


def test_every_parameter_has_a_comment(path: Path) -> None:
    declared = read_parameters(path)
    assert declared
    assert not [parameter.name for parameter in declared if len(parameter.comment.split()) < 2]


def test_the_defaults_are_accepted(path: Path) -> None:
    declared = read_parameters(path)
    assert convert(declared, {}) == {parameter.name: parameter.default for parameter in declared}


def test_every_parameter_is_used(path: Path, notebook: Any) -> None:
    used = {
        node.id
        for cell in code(notebook)
        if cell not in tagged(notebook)
        for node in ast.walk(ast.parse(cell.source))
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load)
    }
    assert not {parameter.name for parameter in read_parameters(path)} - used


def test_cells_are_short_and_define_nothing(notebook: Any) -> None:
    for cell in code(notebook):
        assert 1 <= len(cell.source.splitlines()) <= 15, cell.source
        nodes = list(ast.walk(ast.parse(cell.source)))
        assert not [n for n in nodes if isinstance(n, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)], (
            cell.source
        )
        assert not re.search(r"^\s*[%!]", cell.source, re.MULTILINE), "shell and magic commands do not belong here"


OWN_MODEL = re.compile(r"torch(\.nn\.functional)?|torch_geometric\.nn")
"""What the notebook about models of other people needs beside that: it has to make one."""


def test_only_the_reading_wing_and_the_experiments_are_imported(path: Path, notebook: Any) -> None:
    allowed = re.compile(f"{ALLOWED.pattern}|{OWN_MODEL.pattern}") if path.stem == "09_your_own_model" else ALLOWED
    for cell in code(notebook):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.Import):
                assert not [alias.name for alias in node.names if not allowed.fullmatch(alias.name)], cell.source
            if isinstance(node, ast.ImportFrom):
                assert allowed.fullmatch(node.module or ""), cell.source
                assert node.module != "cna_viz" or not {alias.name for alias in node.names} & {"nn", "models"}


def test_the_readme_lists_it_with_its_question(path: Path, notebook: Any) -> None:
    readme = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    assert f"**{path.stem}** {notebook.cells[0].source.splitlines()[0].removeprefix('# ')}" in readme


def test_warnings_are_not_silenced(notebook: Any) -> None:
    assert not [cell.source for cell in code(notebook) if "filterwarnings" in cell.source]


def test_the_oversmoothing_report_asks_for_runs_that_exist() -> None:
    values = convert(read_parameters(list_reports()["oversmoothing"]), {})
    asked = {name: value for name, value in values.items() if name not in {"runs", "data"}}
    configs = depth_grid(**asked)  # type: ignore[arg-type]
    depths, slots, seeds = (values[name] for name in ("depths", "slots", "seeds"))
    assert isinstance(depths, list)
    assert isinstance(slots, list)
    assert isinstance(seeds, list)
    assert len({config.run_id for config in configs}) == len(depths) * len(slots) * len(seeds)
    assert all(isinstance(config, RunConfig) for config in configs)
