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


MANY = {
    "ablation": {"layers": "2", "split": "random-48-32-20", "seeds": "0,1"},
    "where_the_headline_comes_from": {"layers": "2", "splits": "random-48-32-20,official-code", "seeds": "0,1"},
    "smoothing_or_vanishing_gradients": {"depths": "2,3", "slots": "relu,cna", "inits": "glorot", "seeds": "0"},
    "how_many_clusters": {"layers": "2", "clusters": "1,8", "references": "relu", "seeds": "0,1"},
}
"""Notebooks that train many runs in processes of their own; and what makes these few and small."""


@pytest.mark.parametrize("name", MANY)
def test_it_trains_many_runs_and_compares_them(name: str, tmp_path: Path) -> None:
    given = {"dataset": "karate", "runs": str(tmp_path / "runs"), "hidden": "4", "epochs": "2", **MANY[name]}
    result = make_report(name, given, tmp_path / "out")
    page = result.index.read_text()
    figures = re.findall(r'<script type="application/json" id="figure-\d+-data">(.*?)</script>', page)
    assert len(figures) >= 2
    assert all(json.loads(figure)["data"] for figure in figures)
    assert {entry.status for entry in list_runs(tmp_path / "runs")} == {"complete"}
    assert "nothing was tuned for any one of them" in page
    assert " nan" not in page


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
