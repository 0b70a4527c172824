"""Notebooks run from the first cell to the last, as reports do, on a graph that needs no download."""

import json
import re
from pathlib import Path

import pytest

from cna_viz import list_runs
from cna_viz.reports.report import make_report

TINY = {
    "inside_a_layer": {"layers": "3", "hidden": "6", "clusters": "3", "epochs": "3"},
    "your_own_model": {"layers": "3", "hidden": "6", "epochs": "3"},
}


@pytest.mark.parametrize("name", TINY)
def test_it_runs(name: str, tmp_path: Path) -> None:
    given = {"dataset": "karate", "runs": str(tmp_path / "runs"), **TINY[name]}
    result = make_report(name, given, tmp_path / "out")
    figures = re.findall(
        r'<script type="application/json" id="figure-\d+-data">(.*?)</script>', result.index.read_text()
    )
    assert len(figures) >= 4
    assert all(json.loads(figure)["data"] for figure in figures)
    assert [entry.status for entry in list_runs(tmp_path / "runs")] == ["complete"]
