"""Notebooks run from the first cell to the last, as reports do, on a graph that needs no download."""

import json
import re
from pathlib import Path

import pytest

from cna_viz import list_runs
from cna_viz.errors import ReportError
from cna_viz.reports.report import make_report

TINY = {
    "inside_a_layer": {"layers": "3", "hidden": "6", "clusters": "3", "epochs": "3"},
    "your_own_model": {"layers": "3", "hidden": "6", "epochs": "3"},
}


MANY = {
    "ablation": {"layers": "2", "split": "random-48-32-20", "seeds": "0,1"},
    "where_the_headline_comes_from": {"layers": "2", "splits": "random-48-32-20,class-40-30-30", "seeds": "0,1"},
    "smoothing_or_vanishing_gradients": {"depths": "2,3", "slots": "relu,cna", "inits": "glorot", "seeds": "0"},
    "how_many_clusters": {"layers": "2", "clusters": "1,8", "references": "relu", "seeds": "0,1"},
    "architectures_and_parameters": {
        "layers": "2",
        "backbones": "gcn,sage",
        "slots": "relu,cna",
        "seeds": "0,1",
        "widths": "4,8",
        "cluster_counts": "1,3",
        "width_seeds": "0,1",
    },
}
"""Notebooks that train many runs in processes of their own; and what makes these few and small."""


@pytest.mark.slow
@pytest.mark.parametrize("name", MANY)
def test_it_trains_many_runs_and_compares_them(name: str, tmp_path: Path) -> None:
    given = {"dataset": "karate", "runs": str(tmp_path / "runs"), "hidden": "4", "epochs": "2", **MANY[name]}
    result = make_report(name, given, tmp_path / "out")
    page = result.index.read_text()
    figures = re.findall(r'<script type="application/json" id="figure-\d+-data">(.*?)</script>', page)
    assert len(figures) >= 2
    assert all(json.loads(figure)["data"] for figure in figures)
    assert {entry.status for entry in list_runs(tmp_path / "runs")} == {"complete"}
    assert "none was tuned individually" in page
    assert " nan" not in page


@pytest.mark.slow
@pytest.mark.parametrize("graphs", [["karate", "texas"], []])
def test_heterophily_uses_the_available_graphs_and_says_which_are_not(
    graphs: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "data").touch()  # a file where downloads would go: none is tried
    monkeypatch.setenv("CNA_VIZ_CACHE", str(tmp_path))
    monkeypatch.delenv("CNA_VIZ_DATA", raising=False)
    small = {"layers": "2", "hidden": "4", "epochs": "2", "seeds": "0,1", "slots": "relu", "homophilies": "0.1,0.9"}
    given = {**small, "runs": str(tmp_path / "runs")}
    page = make_report("heterophily", {**given, "graphs": graphs}, tmp_path / "out").index.read_text()
    figures = re.findall(r'<script type="application/json" id="figure-\d+-data">(.*?)</script>', page)
    assert len(figures) == (3 if graphs else 1)
    assert all(json.loads(figure)["data"] for figure in figures)
    assert ("<strong>texas</strong> is left out: dataset 'texas' is not on disk" in page) == bool(graphs)
    assert ("cna-viz report heterophily -p graphs texas --data path/to/data" in page) == bool(graphs)
    assert ("karate: 34 nodes, 78 edges, 4 classes; edge homophily 0.7" in page) == bool(graphs)
    assert ("<li>no real graph is available" in page) != bool(graphs)
    assert ("<p>No real graph is available" in page) != bool(graphs)
    assert " nan" not in page
    assert {entry.status for entry in list_runs(tmp_path / "runs")} == {"complete"}


@pytest.mark.slow
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


def test_the_quickstart_trains_two_networks_and_shows_them(tmp_path: Path) -> None:
    given = {"dataset": "karate", "runs": str(tmp_path / "runs"), "layers": "3", "hidden": "6", "epochs": "3"}
    page = make_report("quickstart", given, tmp_path / "out").index.read_text()
    assert len(re.findall(r'id="figure-\d+-data"', page)) == 3
    assert [entry.status for entry in list_runs(tmp_path / "runs")] == ["complete", "complete"]


@pytest.mark.slow
def test_a_graph_in_two_tables_becomes_a_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(tmp_path / "graphs"))
    small = {"depths": "2,3", "hidden": "4", "epochs": "3", "seeds": "0,1"}
    given = {"folder": str(tmp_path / "tables"), "runs": str(tmp_path / "runs"), **small}
    page = make_report("your_own_graph", given, tmp_path / "out").index.read_text()
    figures = re.findall(r'<script type="application/json" id="figure-\d+-data">(.*?)</script>', page)
    assert len(figures) == 5
    assert all(json.loads(figure)["data"] for figure in figures)
    assert "78 edges read: 78 undirected edges" in page
    assert (
        "2 labels missing (-1, empty, or NA, NaN, null or None as text): unlabelled, in no split and no score" in page
    )
    assert "Mr. Hi" in page
    assert " nan" not in page
    again = make_report("your_own_graph", given, tmp_path / "again").index.read_text()
    assert len(list_runs(tmp_path / "runs")) == 8
    assert "dataset own:club (" in again


def test_the_lesson_reads_the_records_of_the_package_and_trains_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    page = make_report("teaching", {}, tmp_path / "out").index.read_text()
    figures = re.findall(r'<script type="application/json" id="figure-\d+-data">(.*?)</script>', page)
    assert len(figures) == 10  # six answers, and in the places of what is touched
    assert all(json.loads(figure)["data"] for figure in figures)
    assert [path.name for path in tmp_path.iterdir()] == ["out"]


CLAIMS = """
claims:
  - {id: level, kind: level, text: It works., source: Figure 1, standing: first hand, protocol: unknown,
     runs: {dataset: karate, hidden: 6, layers: 3, epochs: 2},
     arm: {published: 1}, own: {split: random-60-20-20}, fair: {split: random-80-10-10}}
  - {id: far, kind: level, text: It works., source: Figure 2, standing: first hand, protocol: unknown,
     runs: {dataset: karate, hidden: 6, layers: 3, slot: cna, clusters: 40},
     arm: {published: 90}, fair: {split: random-80-10-10}}
  - {id: weights, kind: parameters, text: It is small., source: Figure 3, standing: first hand, protocol: unknown,
     published: 34900, unused: 120, in_channels: 128, out_channels: 40,
     network: {backbone: sage, layers: 4, hidden: 60}}
  - {id: none, kind: none, text: It is new., source: Figure 4, standing: second hand, protocol: unknown,
     published: nothing, why: nobody knows}
"""


@pytest.mark.slow
@pytest.mark.parametrize(("only", "drawn"), [("level,far,weights,none", 1), ("far,none", 0)])
def test_the_ledger_is_written_whatever_can_be_run(tmp_path: Path, only: str, drawn: int) -> None:
    (tmp_path / "claims.yaml").write_text(CLAIMS)
    given = {"claims_file": str(tmp_path / "claims.yaml"), "epochs": "2", "only": only, "workers": "1"}
    result = make_report("claims", {**given, "runs": str(tmp_path / "runs")}, tmp_path / "out")
    page = result.index.read_text()
    assert len(re.findall(r'id="figure-\d+-data"', page)) == drawn
    assert "clusters = 40 is out of range: it must be at most 34" in page
    assert "nobody knows" in page
    results = json.loads((result.index.parent / "summary.json").read_text())["results"]
    assert list(results) == only.split(",")
    assert ("<strong>reproduced</strong>" in page) == (drawn == 1)


@pytest.mark.slow
def test_a_claims_file_that_makes_no_sense_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "claims.yaml").write_text(CLAIMS.replace("kind: none", "kind: nine"))
    given = {"claims_file": str(tmp_path / "claims.yaml"), "runs": str(tmp_path / "runs")}
    with pytest.raises(
        ReportError, match=r"claims\.yaml, line 12: claim 'none': unknown kind 'nine'; choices"
    ) as refused:
        make_report("claims", given, tmp_path / "out")
    assert "\n" not in str(refused.value)
