"""Raw files of graphs and of traffic that are odd but valid, or wrong: read right, or refused."""

import zipfile
from pathlib import Path
from typing import Any

import pytest
import torch

from cna_viz.config import DataConfig
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.datasets import load_graph
from cna_viz.data.embedded import motifs
from cna_viz.data.graph import edge_homophily
from cna_viz.errors import DataError

TABLES = {
    "A": "1, 2\n2, 1\n2, 3\n3, 2\n5, 8\n8, 5\n",
    "graph_indicator": "1\n1\n1\n2\n3\n3\n3\n3\n",
    "graph_labels": "1\n-1\n1\n",
    "node_labels": "5\n7\n5\n8\n7\n7\n5\n8\n",
}


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty cache; there is no data root."""
    monkeypatch.setenv("CNA_VIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CNA_VIZ_DATA", raising=False)
    return tmp_path / "cache"


def write_graphs(root: Path, **changed: str) -> None:
    folder = root / "TUDataset" / "PROTEINS" / "raw"
    folder.mkdir(parents=True)
    for table, text in {**TABLES, **changed}.items():
        (folder / f"PROTEINS_{table}.txt").write_text(text)


def write_traffic(
    root: Path, edges: str = "id1,id2\n2,0\n3,2\n0,3\n1,2\n", words: str = '{"0": [0], "1": [1]}'
) -> None:
    folder = root / "musae"
    folder.mkdir()
    (folder / "chameleon_edges.csv").write_text(edges)
    (folder / "chameleon_target.csv").write_text("id,target\n0,1\n1,2\n2,3\n3,4\n")
    (folder / "chameleon_features.json").write_text(words)


def test_the_last_graphs_have_no_edges(tmp_path: Path) -> None:
    write_graphs(tmp_path, A="1, 2\n2, 1\n2, 3\n3, 2\n")
    graph = load_graph(DataConfig(dataset="proteins"), tmp_path)
    assert graph.edge_index.tolist() == [[0, 1, 1, 2], [1, 0, 2, 1]]
    assert graph.graph_of_node is not None
    assert graph.graph_of_node.tolist() == [0, 0, 0, 1, 2, 2, 2, 2]


def test_nodes_that_are_not_in_the_order_of_their_graphs_are_refused(tmp_path: Path) -> None:
    write_graphs(tmp_path, graph_indicator="1\n1\n2\n1\n3\n3\n3\n3\n", A="1, 2\n2, 1\n5, 8\n8, 5\n")
    with pytest.raises(DataError, match="in the order of the nodes"):
        load_graph(DataConfig(dataset="proteins"), tmp_path)


@pytest.mark.parametrize("lost", ["graph_labels", "node_labels"])
@pytest.mark.parametrize("attributes", [True, False])
def test_nothing_is_kept_of_an_archive_that_lacks_a_file(
    lost: str, attributes: bool, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    def fetch(url: str, folder: str, **options: Any) -> str:
        path = f"{folder}/PROTEINS.zip"
        with zipfile.ZipFile(path, "w") as archive:
            for table, text in TABLES.items():
                if table != lost:
                    archive.writestr(f"PROTEINS/PROTEINS_{table}.txt", text)
            if attributes:
                archive.writestr("PROTEINS/PROTEINS_node_attributes.txt", "1.0\n" * 8)
        return path

    monkeypatch.setattr("cna_viz.data.download.download_url", fetch)
    with pytest.raises(DataError, match=f"the archive lacks PROTEINS_{lost}.txt"):
        load_graph(DataConfig(dataset="proteins"))
    assert [path for path in cache.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("dataset", ["chameleon-traffic", "chameleon-traffic-misaligned"])
@pytest.mark.parametrize("line", ["0,99", "0", "3,-7", "3,1.5", "3,x"])
def test_links_to_pages_that_there_are_not(tmp_path: Path, dataset: str, line: str) -> None:
    write_traffic(tmp_path, f"id1,id2\n2,0\n3,2\n{line}\n")
    with pytest.raises(DataError, match=f"dataset '{dataset}' can't be read"):
        load_graph(DataConfig(dataset=dataset), tmp_path)


@pytest.mark.parametrize("words", ['{"0": [0, 2], "-1": [1]}', '{"0": [0, 2], "1": [-1]}'])
def test_negative_pages_and_words_are_refused(tmp_path: Path, words: str) -> None:
    write_traffic(tmp_path, words=words)
    with pytest.raises(DataError, match="negative number"):
        load_graph(DataConfig(dataset="chameleon-traffic"), tmp_path)


def test_targets_that_float32_cant_hold_are_refused() -> None:
    y = torch.tensor([1e39, 0.0], dtype=torch.float64)
    with pytest.raises(ValueError, match="finite"):
        clean("x", RawGraph(torch.eye(2), y, torch.empty(2, 0, dtype=torch.int64)))


def test_graphs_have_no_homophily() -> None:
    assert edge_homophily(motifs()) != edge_homophily(motifs())  # NaN: all nodes bear the class of their graph
