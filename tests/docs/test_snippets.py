"""Every piece of Python in the documents compiles, what it imports and calls is there, and the first steps run."""

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from cna_viz import figures, list_runs
from tests.docs.pages import GUIDES, ROOT, code, name

OF_OTHERS = {"dask_jobqueue", "dask_kubernetes"}
"""Packages that a guide shows and that are no dependency."""
START = ROOT / "docs" / "getting-started.md"
WATCH = ROOT / "docs" / "watch.md"
WITH_PYTHON = [page for page in GUIDES if code(page, "python")]


def missing(source: str) -> list[str]:
    """Return what a piece of Python imports, or takes from what it imported of ours, and that is not there."""
    known: dict[str, ModuleType] = {}
    lacking = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] not in OF_OTHERS:
            module = importlib.import_module(node.module or "")
            lacking += [f"{node.module}.{alias.name}" for alias in node.names if not hasattr(module, alias.name)]
            known |= {alias.asname or alias.name: getattr(module, alias.name, module) for alias in node.names}
        if isinstance(node, ast.Import):
            known |= {alias.asname or alias.name: importlib.import_module(alias.name) for alias in node.names}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = known.get(node.value.id)
            if isinstance(module, ModuleType) and not hasattr(module, node.attr):
                lacking.append(f"{node.value.id}.{node.attr}")
    return lacking


@pytest.mark.parametrize("page", WITH_PYTHON, ids=name)
def test_python_compiles_and_what_it_names_is_there(page: Path) -> None:
    source = "\n".join(code(page, "python"))
    compile(source, name(page), "exec")
    assert missing(source) == []


def test_the_test_sees_what_is_missing() -> None:
    assert missing("from cna_viz import figures\nfigures.plot_training_curves\nfigures.plot_nothing") == [
        "figures.plot_nothing"
    ]
    assert missing("from cna_viz import figure") == ["cna_viz.figure"]
    with pytest.raises(ImportError):
        missing("import cna_vis")


@pytest.mark.parametrize("page", GUIDES, ids=name)
def test_figures_that_are_named_exist(page: Path) -> None:
    named = set(re.findall(r"\bplot_\w+\b(?!<)", page.read_text(encoding="utf-8"))) - {"plot_"}
    assert named <= set(figures.__all__)


@pytest.mark.subprocess
def test_the_loops_of_strangers_run(tmp_path: Path) -> None:
    source = "\n".join(code(WATCH, "python"))
    answer = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", source], cwd=tmp_path, capture_output=True, text=True
    )
    assert answer.returncode == 0, answer.stderr
    assert {run.status for run in list_runs(tmp_path / "runs")} == {"complete"}
    assert len(list_runs(tmp_path / "runs")) == source.count("with watch(") + 1  # that of the callback


@pytest.mark.subprocess
def test_the_first_steps_run(tmp_path: Path) -> None:
    source = "\n".join(code(START, "python")).replace("epochs=100", "epochs=3").replace("range(20)", "range(3)")
    assert source.count("(3)") >= 1
    assert "epochs=3" in source
    answer = subprocess.run([sys.executable, "-c", source], cwd=tmp_path, capture_output=True, text=True)
    assert answer.returncode == 0, answer.stderr
    assert {path.name for path in tmp_path.iterdir()} == {"runs", "effective_rank.html", "rayleigh.html"}
    assert len([path for path in (tmp_path / "runs").iterdir() if (path / "COMPLETE").is_file()]) == 3
