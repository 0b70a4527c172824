"""papermill's own command line runs the notebooks, too; it checks nothing, and lists have to be YAML."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cna_viz import list_runs
from cna_viz.reports.notebooks.notebooks import list_reports


def papermill(folder: Path, *words: str) -> "subprocess.CompletedProcess[str]":
    source = list_reports()["oversmoothing"]
    small = {"dataset": "karate", "epochs": "2", "hidden": "4", "clusters": "2", "runs": str(folder / "runs")}
    given = [word for name, value in small.items() for word in ("-p", name, value)]
    command = [sys.executable, "-m", "papermill", str(source), str(folder / "out.ipynb"), *given, *words]
    return subprocess.run(command, capture_output=True, text=True)


@pytest.mark.slow
def test_it_runs_a_notebook_and_lists_are_given_as_yaml(tmp_path: Path) -> None:
    answer = papermill(tmp_path, "-y", "depths: [2, 3]", "-y", "slots: [relu, cna]", "-y", "seeds: [0]")
    assert answer.returncode == 0, answer.stderr
    assert len(list_runs(tmp_path / "runs")) == 4
    shown = json.loads((tmp_path / "out.ipynb").read_text())["cells"]
    assert not [output for cell in shown for output in cell.get("outputs", []) if output["output_type"] == "error"]


@pytest.mark.parametrize(("name", "value"), [("depths", "2,4"), ("slots", "relu,cna")])
def test_a_list_given_as_text_is_refused_and_trains_nothing(tmp_path: Path, name: str, value: str) -> None:
    answer = papermill(tmp_path, "-p", name, value)
    assert answer.returncode != 0
    assert "UsageError: " in answer.stderr
    assert not (tmp_path / "runs").exists()
