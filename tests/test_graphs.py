"""The public module of the user's own graphs."""

import json
import math
import subprocess
import sys
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from cna_viz import graphs
from cna_viz.config import DataConfig
from cna_viz.config.own import entry_path
from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import Graph
from cna_viz.data.own import store as own_store
from cna_viz.data.splits import make_split
from cna_viz.errors import DataError, UsageError


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Keep graphs in a folder of the test's own."""
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(tmp_path / "graphs"))
    return tmp_path / "graphs"


def karate(name: str = "club") -> graphs.OwnEntry:
    return graphs.add(nx.karate_club_graph(), name=name, label="club", features="onehot")


def test_an_entry_knows_the_graph_and_makes_configs() -> None:
    entry = karate()
    assert graphs.show("club") == graphs.show("own:club") == entry
    assert graphs.list() == [entry]
    graph = graphs.load("club")
    assert (graph.name, graph.num_nodes) == ("own:club", entry.nodes)
    data = entry.config(weights="drop")
    assert (data.dataset, data.split, data.weights) == ("own:club", DataConfig().split, "drop")
    assert data.own is not None
    assert data.own.digest == entry.digest
    assert entry.config("random-80-10-10").split == "random-80-10-10"


def test_content_that_another_name_points_to_is_kept() -> None:
    first, second = karate("a"), karate("b")
    assert first.digest == second.digest
    assert graphs.remove("a") == first
    assert [one.name for one in graphs.list()] == ["b"]
    assert graphs.load("b").num_nodes == 34
    graphs.remove("b")
    with pytest.raises(UsageError, match="unknown graph of your own 'b'"):
        graphs.load("b")


def test_a_name_that_another_process_takes_meanwhile_is_not_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    save, path = own_store.save_tensors, nx.path_graph(34)
    nx.set_node_attributes(path, {node: node % 2 for node in path}, "label")

    def slowly(graph: Graph) -> bytes:
        monkeypatch.setattr(own_store, "save_tensors", save)
        graphs.add(path, name="club", features="degree")
        return save(graph)

    monkeypatch.setattr(own_store, "save_tensors", slowly)
    with pytest.raises(UsageError, match="there is a graph named 'club' with other content"):
        karate()
    assert graphs.show("club").edges == 33


def test_homophily_is_nan_where_there_are_no_classes() -> None:
    y, edges = torch.arange(4) / 3, torch.tensor([[0, 1, 2], [1, 2, 3]])
    assert math.isnan(graphs.add(Data(x=torch.eye(4), y=y, edge_index=edges), name="x").homophily)


def test_damaged_entries_are_refused() -> None:
    karate()
    facts = json.loads(entry_path("club").read_text())
    entry_path("club").write_text(json.dumps({"name": facts["name"]}))
    with pytest.raises(DataError, match="is not the entry of a graph"):
        graphs.show("club")


@pytest.mark.parametrize("digest", [None, 5, "", "../x", "a" * 63])
def test_an_import_under_the_name_of_a_damaged_entry_is_refused_in_a_sentence(store: Path, digest: object) -> None:
    (store / "names").mkdir(parents=True)
    entry_path("club").write_text(json.dumps({"name": "club", "digest": digest}))
    for use in (karate, lambda: graphs.remove("club"), lambda: DataConfig(dataset="own:club")):
        with pytest.raises(DataError, match=r"club\.json: is not the entry of a graph named 'club': remove the file"):
            use()
    assert [path.name for path in store.rglob("*.*")] == ["club.json"]


def test_entries_that_lack_a_fact_are_refused() -> None:
    karate()
    facts = json.loads(entry_path("club").read_text())
    del facts["edges"]
    entry_path("club").write_text(json.dumps(facts))
    with pytest.raises(DataError, match=r"is damaged \('edges'\)"):
        graphs.show("club")


def test_a_damaged_entry_hinders_no_removal_and_keeps_what_it_may_point_to(store: Path) -> None:
    entry = karate("a")
    (store / "names" / "b.json").write_text("{")
    graphs.remove("a")
    assert not entry_path("a").exists()
    assert (store / "content" / f"{entry.digest}.safetensors").exists()


@pytest.mark.parametrize("name", ["con", "NUL.x", "lpt1"])
def test_names_that_some_systems_reserve_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="none that Windows reserves"):
        karate(name)


@pytest.mark.parametrize("cut", [True, False])
def test_damaged_content_is_noticed_and_an_import_mends_it(store: Path, cut: bool) -> None:
    path = store / "content" / f"{karate().digest}.safetensors"
    whole = path.read_bytes()
    path.write_bytes(whole[:-100] if cut else whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(DataError, match=r"import (it|the graph) again"):
        graphs.load("club")
    karate()
    assert path.read_bytes() == whole
    assert graphs.load("club").num_nodes == 34


def test_the_example_is_the_karate_club_with_two_members_unlabelled(tmp_path: Path) -> None:
    nodes, edges = graphs.example(tmp_path / "tables")
    entry = graphs.add(nodes=nodes, edges=edges, name="club", label="club", features="degree")
    club = nx.karate_club_graph()
    assert (entry.nodes, entry.edges, entry.unlabelled, entry.weighted) == (34, 78, 2, True)
    assert graphs.load("club").edge_weight.sum() == 2 * club.size(weight="weight")
    assert graphs.load("club").y[[0, 8, 9, 33]].tolist() == [0, -1, -1, 1]


def test_a_split_of_your_own_is_kept_by_its_content(tmp_path: Path) -> None:
    part = np.arange(34) % 3
    flags = {f"{name}_mask": part == number for number, name in enumerate(SPLITS)}
    np.savez(tmp_path / "split.npz", **flags)
    rows = [f"{node},{SPLITS[part[node]]}" for node in range(34)]
    (tmp_path / "split.csv").write_text("\n".join(["node,split", *rows[::-1]]))
    data = DataConfig(dataset="karate")
    digest = graphs.add_split(tmp_path / "split.npz", data)
    assert graphs.add_split(tmp_path / "split.csv", data) == digest
    own = DataConfig(dataset="karate", split_file=digest)
    split = make_split(load_graph(own), own.split, 0)
    assert {name: rows.tolist() for name, rows in split.items()} == {
        name: np.flatnonzero(part == number).tolist() for number, name in enumerate(SPLITS)
    }
    with pytest.raises(DataError, match="34 rows, and digits has 1797"):
        load_graph(own.replace(dataset="digits"))
    with pytest.raises(UsageError, match="is not the SHA-256 of a split"):
        DataConfig(dataset="karate", split_file="split.csv")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("id,split\n0,train\n", "has no column 'node'"),
        ("node,split\n0,training\n", "'training' is no split: they are train, val, test"),
        ("node,split\n34,train\n", "column 'node' must hold whole numbers from 0 to 33"),
        ("node,split\n0,train\n0,val\n1,test\n", "the masks overlap in 1 node"),
        ("node,split\n0,train\n1,val\n", "the test mask of repetition 0 has no labelled node"),
        ("node,split,repetition\n0,train,-1\n", "column 'repetition' must hold whole numbers"),
        ("", "can't be read"),
    ],
)
def test_other_split_files_are_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "split.csv").write_text(text)
    with pytest.raises(DataError, match=message):
        graphs.add_split(tmp_path / "split.csv", DataConfig(dataset="karate"))


@pytest.mark.subprocess
def test_listing_imports_no_torch() -> None:
    karate()
    code = "import sys; from cna_viz import graphs; print(len(graphs.list()), 'torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["1", "False"]
