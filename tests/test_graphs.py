"""The public module of the user's own graphs."""

import json
import math
import subprocess
import sys
from pathlib import Path

import networkx as nx
import pytest
import torch
from torch_geometric.data import Data

from cna_viz import graphs
from cna_viz.config import DataConfig
from cna_viz.config.own import entry_path
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


def test_homophily_is_nan_where_there_are_no_classes() -> None:
    y, edges = torch.arange(4) / 3, torch.tensor([[0, 1, 2], [1, 2, 3]])
    assert math.isnan(graphs.add(Data(x=torch.eye(4), y=y, edge_index=edges), name="x").homophily)


def test_damaged_entries_are_refused() -> None:
    karate()
    facts = json.loads(entry_path("club").read_text())
    entry_path("club").write_text(json.dumps({"name": facts["name"]}))
    with pytest.raises(DataError, match="is damaged"):
        graphs.show("club")


@pytest.mark.subprocess
def test_listing_imports_no_torch() -> None:
    karate()
    code = "import sys; from cna_viz import graphs; print(len(graphs.list()), 'torch' in sys.modules)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.split() == ["1", "False"]
