"""Homophily from a record against the definition, and against the one that listings show."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

from cna_viz import load_or_run
from cna_viz.analysis.sentences.group_findings import help_counts, help_findings, homophily_findings
from cna_viz.analysis.tables.graph_facts import (
    adjusted_homophily,
    constant_energy,
    edge_homophily,
    graph_words,
    homophily_of,
)
from cna_viz.config import CSBMConfig, DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.data import graph as listed
from cna_viz.data.datasets import load_graph
from cna_viz.errors import UsageError
from cna_viz.measures import EdgeList, rayleigh
from cna_viz.records.record import Record
from tests.analysis.conftest import Make
from tests.figures.plots.test_accuracy_by_setting import having


def with_graph(record: Record, target: list[int], edges: list[tuple[int, int]]) -> Record:
    """Give a record another graph, whose edges are written in one direction."""
    both = np.array([*edges, *((b, a) for a, b in edges)], dtype=int).reshape(-1, 2).T
    split = np.arange(len(target)) % 3 + 1
    record.__dict__["graph"] = xr.Dataset(
        {"target": ("node", np.array(target)), "split_of_node": ("node", split), "edge_index": (("end", "edge"), both)}
    )
    return record


def test_the_share_of_edges_within_a_class(make: Make) -> None:
    record = with_graph(make(), [0, 0, 1, 1], [(0, 1), (1, 2), (2, 3), (3, 0)])
    assert edge_homophily(record) == 0.5
    assert adjusted_homophily(record) == pytest.approx(0)


def test_one_large_class_makes_edge_homophily_and_not_the_adjusted_one(make: Make) -> None:
    # A star of class 0 with one leaf of class 1: ends of edges are 9 to 1.
    record = with_graph(make(), [0] * 5 + [1], [(0, leaf) for leaf in range(1, 6)])
    assert edge_homophily(record) == pytest.approx(0.8)
    assert adjusted_homophily(record) == pytest.approx((0.8 - 0.82) / (1 - 0.82))


def test_neighbours_that_avoid_their_class_are_below_zero_and_that_share_it_are_one(make: Make) -> None:
    avoiding = with_graph(make(), [0, 1], [(0, 1)])
    assert (edge_homophily(avoiding), adjusted_homophily(avoiding)) == (0, pytest.approx(-1))
    sharing = with_graph(make(), [0, 0, 1, 1], [(0, 1), (2, 3)])
    assert (edge_homophily(sharing), adjusted_homophily(sharing)) == (1, pytest.approx(1))


def test_graphs_without_edges_or_classes_have_none(make: Make) -> None:
    assert np.isnan(edge_homophily(with_graph(make(), [0, 1], [])))
    assert np.isnan(adjusted_homophily(with_graph(make(), [0, 1], [])))
    assert np.isnan(adjusted_homophily(with_graph(make(), [0, 0], [(0, 1)])))
    assert np.isnan(edge_homophily(having(make(), dataset="chameleon-traffic")))


def test_it_is_that_of_the_listing(tmp_path: Path) -> None:
    data = DataConfig(dataset="csbm", split="random-48-32-20", csbm=CSBMConfig(nodes=200, homophily=0.3))
    config = RunConfig(
        data=data,
        model=ModelConfig(hidden=4),
        training=TrainingConfig(epochs=0),
        recording=RecordingConfig(snapshots="none", measures="mad"),
    )
    record = load_or_run(config, runs=tmp_path, progress=False)
    assert edge_homophily(record) == pytest.approx(listed.edge_homophily(load_graph(data)))
    assert homophily_findings([record])[-1].startswith("in the sampled graphs, edge homophily is within 0.0")


def test_a_graph_in_words(make: Make) -> None:
    words = graph_words(with_graph(make(), [0, 0, 1, 1], [(0, 1), (1, 2), (2, 3), (3, 0)]))
    assert words.startswith(
        "digits: 4 nodes, 4 edges, 2 classes; edge homophily 0.50, adjusted for class sizes 0.00; score: "
        "accuracy (always predicting the most frequent class gives "
    )
    assert homophily_of({}) == []


@pytest.fixture
def sweep(make: Make) -> list[Record]:
    """Return two homophilies, a network whose score is its homophily, and a perceptron that sees none."""
    return [
        having(
            make("relu", seed=s), value + 0.01 * s, backbone=backbone, dataset="csbm", csbm_homophily=h, csbm_classes=2
        )
        for h in (0.2, 0.8)
        for backbone, value in (("gcn", h), ("mlp", 0.5))
        for s in range(2)
    ]


def test_where_the_score_is_least_and_largest(sweep: list[Record]) -> None:
    sentences = homophily_findings(sweep)
    assert sentences[0] == "**backbone gcn**: from 20.5 % (homophily 0.2) to 80.5 % (homophily 0.8)"
    assert sentences[1] == "**backbone mlp**: 50.5 % throughout"
    assert sentences[2].endswith("with 2 classes of equal size, edges carry no information about classes at about 0.5")


def test_graphs_whose_homophily_can_not_be_set_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="homophily can be set on csbm graphs only"):
        homophily_findings([make("relu")])


def test_no_graphs_are_no_sentences() -> None:
    assert help_findings({}, "mlp") == help_counts({}, "mlp") == []


Make = Callable[..., Record]
STAR = [(0, 1), (0, 2), (0, 3)]
PATH = [(0, 1), (1, 2), (2, 3), (3, 4)]


def on(record: Record, nodes: int, edges: Sequence[tuple[int, int]]) -> Record:
    """Give a record another graph, with both directions of every edge."""
    both = np.array([*edges, *((b, a) for a, b in edges)], dtype=np.int64).reshape(-1, 2).T
    degree = np.bincount(both[0], minlength=nodes)
    vars(record)["graph"] = xr.Dataset({"degree": ("node", degree), "edge_index": (("end", "edge"), both)})
    return record


def test_a_star_by_hand(make: Make) -> None:
    # three edges between 1 / √(3 + 1) and 1 / √(1 + 1); four nodes of length one
    assert constant_energy(on(make(), 4, STAR)) == pytest.approx(3 * (np.sqrt(0.5) - 0.5) ** 2 / 4)


@pytest.mark.parametrize("edges", [STAR, PATH, [(0, 1), (2, 3)], []])
def test_it_is_what_the_measure_says_of_constant_features(make: Make, edges: list[tuple[int, int]]) -> None:
    record = on(make(), 5, edges)
    graph = EdgeList.from_edge_index(torch.from_numpy(record.graph["edge_index"].values), 5)
    measured = float(rayleigh(torch.full((5, 3), 7.0, dtype=torch.float64), graph))
    assert constant_energy(record) == pytest.approx(measured, rel=1e-6)


def test_it_is_zero_where_all_degrees_are_equal(make: Make) -> None:
    assert constant_energy(make()) == 0  # a ring


def test_edges_of_unlabelled_nodes_do_not_count(make: Make) -> None:
    edges = [(0, 1), (1, 2), (2, 3), (3, 4), (4, 0)]
    record = with_graph(make(), [0, 0, 1, -1, 1], edges)
    assert edge_homophily(record) == pytest.approx(1 / 3)  # of 0-1, 1-2 and 4-0
    # Ends of these edges: 0 and 1 twice, 2 and 4 once; 4 of 6 are of class 0.
    by_chance = (4 / 6) ** 2 + (2 / 6) ** 2
    assert adjusted_homophily(record) == pytest.approx((1 / 3 - by_chance) / (1 - by_chance))
    assert "5 nodes, 5 edges, 2 classes, 1 node unlabelled;" in graph_words(record)


SIZE = "digits: {}; edge homophily {}, adjusted for class sizes {}; score: accuracy{}; split random-60-20-20"


@pytest.mark.parametrize(
    ("target", "edges", "words"),
    [
        ([0], [], ("1 node, 0 edges, 1 class", "undefined", "undefined", "")),
        ([0, 0], [(0, 1)], ("2 nodes, 1 edge, 1 class", "1.00", "undefined", "")),
        ([0, 1], [(0, 1)], ("2 nodes, 1 edge, 2 classes", "0.00", "−1.00", "")),
        ([0, -1, -1], [(0, 1)], ("3 nodes, 1 edge, 1 class, 2 nodes unlabelled", "undefined", "undefined", "")),
    ],
)
def test_graphs_at_the_ends(
    make: Make, target: list[int], edges: list[tuple[int, int]], words: tuple[str, str, str, str]
) -> None:
    assert graph_words(with_graph(make(), target, edges)) == SIZE.format(*words)


def test_a_graph_without_labels_has_its_size_only(make: Make) -> None:
    assert graph_words(with_graph(make(), [-1, -1], [(0, 1)])) == "digits: 2 nodes, 1 edge, no labels"
