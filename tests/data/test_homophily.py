"""Edge homophily against PyG's, and where the answer is known."""

import math

import torch
from torch_geometric.utils import homophily

from cna_viz.config import CSBMConfig
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.csbm import csbm
from cna_viz.data.graph import edge_homophily


def test_agrees_with_pyg() -> None:
    for share in (0.2, 0.7):
        graph = csbm(CSBMConfig(nodes=300, homophily=share))
        assert math.isclose(edge_homophily(graph), homophily(graph.edge_index, graph.y, method="edge"), abs_tol=1e-6)


def test_known_answers() -> None:
    path = torch.tensor([[0, 1, 2], [1, 2, 3]])
    for classes, share in (([0, 0, 0, 0], 1.0), ([0, 1, 0, 1], 0.0), ([0, 0, 1, 1], 2 / 3)):
        assert edge_homophily(clean("path", RawGraph(torch.eye(4), torch.tensor(classes), path))) == share


def test_no_edges_no_answer() -> None:
    graph = clean("path", RawGraph(torch.eye(2), torch.tensor([0, 1]), torch.empty(2, 0, dtype=torch.int64)))
    assert math.isnan(edge_homophily(graph))


def test_no_classes_no_answer() -> None:
    path = torch.tensor([[0, 1, 2], [1, 2, 3]])
    assert math.isnan(edge_homophily(clean("path", RawGraph(torch.eye(4), torch.ones(4), path))))
