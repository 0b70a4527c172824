"""Datasets of graphs in the TU layout: whose nodes, which classes, which edges; only labels become features."""

from pathlib import Path

import pytest
import torch
from torch_geometric.datasets import TUDataset

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.data.datasets import load_graph
from cna_viz.data.readers import read_tu
from cna_viz.errors import DataError

# Three graphs of 3, 1 and 4 nodes: a path, a node alone, an edge with two nodes alone. There is no node label 6.
TABLES = {
    "A": "1, 2\n2, 1\n2, 3\n3, 2\n5, 8\n8, 5\n",
    "graph_indicator": "1\n1\n1\n2\n3\n3\n3\n3\n",
    "graph_labels": "1\n-1\n1\n",
    "node_labels": "5\n7\n5\n8\n7\n7\n5\n8\n",
}
ATTRIBUTES = "".join(f"{node}.5, -0.25\n" for node in range(8))


def write_tables(root: Path, name: str = "PROTEINS", **changed: str) -> Path:
    """Write the tables of a dataset."""
    folder = root / f"TUDataset/{name}/raw"
    folder.mkdir(parents=True)
    for table, text in {**TABLES, **changed}.items():
        (folder / f"{name}_{table}.txt").write_text(text)
    return folder


@pytest.mark.parametrize("extra", [{}, {"node_attributes": ATTRIBUTES, "edge_labels": "0\n1\n0\n1\n2\n2\n"}])
def test_three_graphs(extra: dict[str, str], root: Path) -> None:
    write_tables(root, **extra)
    graph = load_graph(DataConfig(dataset="proteins"), root)
    assert graph.graph_of_node is not None
    assert graph.graph_of_node.tolist() == [0, 0, 0, 1, 2, 2, 2, 2]
    assert graph.first_nodes().tolist() == [0, 3, 4, 8]
    assert (graph.target.tolist(), graph.y.tolist()) == ([1, 0, 1], [1, 1, 1, 0, 1, 1, 1, 1])
    assert (graph.num_classes, graph.task, graph.published) == (2, "graph-classification", {})
    assert graph.edge_index.tolist() == [[0, 1, 1, 2, 4, 7], [1, 0, 2, 1, 7, 4]]
    labels = torch.tensor([5, 7, 5, 8, 7, 7, 5, 8]) - 5
    assert torch.equal(graph.x, torch.eye(4)[labels])


@pytest.mark.parametrize("written", ["0\n1\n0\n", "2\n7\n2\n", "1\n2\n1\n"])
def test_classes_are_numbered_from_0(written: str, root: Path) -> None:
    write_tables(root, "MUTAG", graph_labels=written)
    graph = load_graph(DataConfig(dataset="mutag"), root)
    assert graph.target.tolist() == [0, 1, 0]
    assert graph.target.dtype == torch.int64


def test_the_reader_returns_what_the_files_say(root: Path) -> None:
    raw = read_tu(CATALOG["proteins"], write_tables(root, node_attributes=ATTRIBUTES))
    assert raw.edge_index.T.tolist() == [[0, 1], [1, 0], [1, 2], [2, 1], [4, 7], [7, 4]]
    assert raw.y.tolist() == [1, 0, 1]
    assert raw.x.shape == (8, 4)
    assert raw.masks is None


@pytest.mark.parametrize("name", ["PROTEINS", "ENZYMES", "MUTAG", "NCI1"])
def test_agrees_with_the_dataset_of_pyg(name: str, root: Path) -> None:
    write_tables(root, name, node_attributes=ATTRIBUTES)
    graph = load_graph(DataConfig(dataset=name.lower()), root)
    theirs = TUDataset(str(root / "TUDataset"), name)
    assert len(theirs) == len(graph.target)
    first = graph.first_nodes().tolist()
    for number, one in enumerate(theirs):
        nodes = slice(first[number], first[number + 1])
        assert torch.equal(one.x, graph.x[nodes])
        assert int(one.y) == int(graph.target[number])
        ours = graph.edge_index[:, graph.graph_of_node[graph.edge_index[0]] == number] - first[number]
        assert torch.equal(one.edge_index, ours)


def test_edges_in_any_order_and_in_one_direction(root: Path) -> None:
    write_tables(root, A="8, 5\n3, 2\n1, 1\n2, 1\n3, 2\n")
    graph = load_graph(DataConfig(dataset="proteins"), root)
    assert graph.edge_index.tolist() == [[0, 1, 1, 2, 4, 7], [1, 0, 2, 1, 7, 4]]


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"graph_indicator": "1\n1\n1\n3\n4\n4\n4\n4\n"}, "the graphs of 8 nodes are not numbered 0, 1, 2 ..."),
        ({"A": "1, 2\n2, 1\n3, 4\n4, 3\n5, 8\n8, 5\n"}, "an edge joins two graphs"),
        ({"graph_labels": "1\n-1\n"}, r"of shape \[2\], not an integer for each of 3 graphs"),
        ({"graph_labels": "1\n-1\n1\n1\n"}, r"of shape \[4\], not an integer for each of 3 graphs"),
        ({"graph_labels": "1\n0.5\n1\n"}, "0.5"),
        ({"A": "1, 2\n2, 9\n"}, "can't be read"),
        ({"A": "1, 2\n2\n"}, "can't be read"),
        ({"node_labels": "5\n7\n5\n8\n7\n7\n5\n"}, "edges name nodes 0 to 7 of a graph with 7 nodes"),
        ({"node_labels": "5\n7\n5\n8\n7\n7\n5\n8\n8\n"}, "the graphs of 9 nodes are not numbered"),
        *(({table: ""}, "can't be read") for table in TABLES),
        *(({table: "<html>\n<body>Not Found</body>\n"}, "can't be read") for table in TABLES),
    ],
)
def test_tables_that_do_not_fit(changed: dict[str, str], message: str, root: Path) -> None:
    folder = write_tables(root, **changed)
    with pytest.raises(DataError, match=message) as caught:
        load_graph(DataConfig(dataset="proteins"), root)
    assert str(caught.value).startswith(f"dataset 'proteins' can't be read from {folder}: ")
    assert "\n" not in str(caught.value)
