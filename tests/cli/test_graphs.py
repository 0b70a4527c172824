"""``cna-viz graphs``, and own graphs in ``datasets`` and ``run``."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx
import pytest

Call = Callable[..., Any]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    """Write the karate club as GraphML and as tables."""
    network = nx.karate_club_graph()
    nx.write_graphml(network, tmp_path / "karate.graphml")
    clubs = "".join(f"{node},{node / 3},{club}\n" for node, club in network.nodes(data="club"))
    (tmp_path / "nodes.csv").write_text("id,age,club\n" + clubs)
    (tmp_path / "edges.csv").write_text(
        "from,to\n" + "".join(f"{source},{target}\n" for source, target in network.edges)
    )
    return tmp_path


def add(call: Call, files: Path, *words: object) -> Any:
    return call("graphs", "add", files / "karate.graphml", "--label", "club", "--features", "degree", *words)


def test_a_graph_is_added_shown_listed_and_removed(call: Call, files: Path) -> None:
    added = add(call, files, "--name", "club")
    assert (added.code, added.err) == (0, "")
    assert "own:club (node-classification, accuracy, weighted)" in added.out
    assert "nodes 34, edges 78, features 1, classes 2" in added.out
    shown = call("graphs", "show", "own:club")
    assert shown.out == added.out
    lines = call("graphs", "list").out.splitlines()
    assert lines[0].split() == [
        "name",
        "task",
        "metric",
        "nodes",
        "edges",
        "features",
        "classes",
        "homophily",
        "digest",
    ]
    assert lines[1].split()[:7] == ["own:club", "node-classification", "accuracy", "34", "78", "1", "2"]
    assert call("graphs", "remove", "club").out.startswith("removed: graph")
    assert not [path for path in (files / "graphs").rglob("*") if path.is_file()]
    assert "unknown graph of your own 'club'" in call("graphs", "show", "club").complaint


def test_json_has_the_facts(call: Call, files: Path) -> None:
    facts = json.loads(add(call, files, "--name", "club", "--json").out)
    assert facts == json.loads(call("graphs", "show", "club", "--json").out)
    assert (facts["nodes"], facts["class_names"]) == (34, ["Mr. Hi", "Officer"])
    assert any("one" in change or "edges read" in change for change in facts["changes"])
    listed = json.loads(call("graphs", "list", "--json").out)
    assert listed == {"folder": str(files / "graphs"), "graphs": [facts]}


def test_tables_are_two_options(call: Call, files: Path) -> None:
    words = ("--nodes", files / "nodes.csv", "--edges", files / "edges.csv", "--label", "club", "--name", "t")
    answer = call("graphs", "add", *words)
    assert (answer.code, answer.err) == (0, "")
    assert "edges go from column 'from' to 'to'" in answer.out


def test_graphs_names_the_folder_for_every_command(call: Call, files: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_GRAPHS", "overwritten by --graphs, and restored after the test")
    store = files / "elsewhere"
    assert add(call, files, "--name", "club", "--graphs", store).code == 0
    assert (store / "names" / "club.json").is_file()
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(files / "empty"))
    assert call("run", "--dataset", "own:club", "--dry-run").code == 2
    answer = call("run", "--dataset", "own:club", "--dry-run", "--graphs", store)
    assert answer.code == 0, answer.err


def test_other_content_needs_replace(call: Call, files: Path) -> None:
    add(call, files, "--name", "club")
    again = ("--name", "club", "--weights", "drop")
    assert "replace it with --replace" in add(call, files, *again).complaint
    assert add(call, files, *again, "--replace").code == 0
    assert add(call, files, "--name", "club", "--weights", "drop").code == 0


def test_own_graphs_are_listed_after_the_datasets(call: Call, files: Path) -> None:
    add(call, files, "--name", "club")
    (files / "graphs" / "names" / "broken.json").write_text("{")
    listed = call("graphs", "list")
    assert listed.out.splitlines()[-1].startswith("own:club")
    assert "broken.json" in listed.err
    answer = call("datasets")
    assert answer.out.splitlines()[-1].split()[:5] == ["own:club", "node-classification", "accuracy", "34", "78"]
    assert "own:broken: " in answer.err
    (*_, entry) = json.loads(call("datasets", "--json").out)["datasets"]
    assert (entry["name"], entry["nodes"], entry["on_disk"]) == ("own:club", 34, True)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "the following arguments are required"),
        (("ad",), "unknown action 'ad'; choices, nearest first: add"),
        (("add",), "add needs --name NAME"),
        (("add", "--name", "x"), "a graph is one file or folder, or --nodes FILE and --edges FILE together"),
        (("add", "karate.graphml", "--name", "a/b"), "can't be the name of a graph"),
        (("add", "karate.graphml", "--name", "x"), "--label names it, one of club"),
        (("add", "karate.graphml", "--name", "x", "--label", "club"), "--features degree, onehot"),
        (("add", "none.npz", "--name", "x"), "none.npz is no file"),
        (("add", "nodes.csv", "--name", "x"), "a graph is two"),
        (("add", "karate.xml", "--name", "x"), "unknown format '.xml'"),
        (("add", "karate.graphml", "--name", "x", "--task", "y"), "unknown task 'y'"),
        (("show",), "show needs the NAME"),
        (("remove",), "remove needs the NAME"),
        (("list", "x"), "list takes no name"),
        (("show", "x", "--label", "y"), "--label goes with add only"),
        (("list", "--directed"), "--directed goes with add only"),
    ],
)
def test_other_words_are_refused_in_a_line(words: tuple[str, ...], message: str, call: Call, files: Path) -> None:
    answer = call("graphs", *words)
    assert answer.code in (1, 2)
    assert message in answer.complaint
    assert not (files / "graphs").exists()
