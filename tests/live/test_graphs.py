"""Small graphs whose edges can be changed."""

from typing import Any

import numpy as np
import pytest
import torch
from sklearn.neighbors import kneighbors_graph

from cna_viz.errors import UsageError
from cna_viz.live.graphs import LIVE_GRAPHS, NEIGHBOURS, edges_of, live_graph, toggle_edge, without_edges


@pytest.mark.parametrize("name", LIVE_GRAPHS)
def test_every_graph_is_small_and_has_classes(name: str) -> None:
    graph = live_graph(name)
    assert graph.name == name
    assert graph.num_nodes <= 200
    assert set(graph.y.tolist()) == set(range(graph.num_classes))
    assert graph is live_graph(name)


def test_an_unknown_graph_is_refused_by_name() -> None:
    with pytest.raises(UsageError, match=r"'cora'.*csbm"):
        live_graph("cora")


def test_digits_are_balanced() -> None:
    assert len(set(torch.bincount(live_graph("digits").y).tolist())) == 1


def test_every_digit_is_joined_to_its_nearest_of_the_subset() -> None:
    graph = live_graph("digits")
    nearest = kneighbors_graph(graph.x.numpy(), NEIGHBOURS).toarray() > 0
    joined = np.zeros_like(nearest)
    joined[tuple(graph.edge_index.numpy())] = True
    assert int(graph.degree().min()) >= NEIGHBOURS
    # Of digits that are equally near scikit-learn may take others.
    assert (joined != (nearest | nearest.T)).sum() <= 0.02 * joined.sum()


def test_an_edge_more_and_the_same_edge_less() -> None:
    graph = live_graph("karate")
    assert [0, 9] not in edges_of(graph).T.tolist()
    more = toggle_edge(graph, 9, 0)
    assert [0, 9] in edges_of(more).T.tolist()
    assert edges_of(more).shape[1] == edges_of(graph).shape[1] + 1
    assert torch.equal(toggle_edge(more, 0, 9).edge_index, graph.edge_index)


def test_edges_stay_sorted_and_in_both_directions() -> None:
    changed = toggle_edge(live_graph("grid"), 0, 99).edge_index
    assert torch.equal(changed, torch.stack(sorted(changed.unbind(1), key=lambda pair: pair.tolist()), dim=1))
    assert {tuple(pair) for pair in changed.T.tolist()} == {tuple(pair) for pair in changed.flip(0).T.tolist()}


@pytest.mark.parametrize(("one", "other"), [(3, 3), (-1, 2), (0, 34), (0.5, 3)])
def test_what_is_no_edge_is_refused(one: Any, other: Any) -> None:
    with pytest.raises(UsageError, match="node"):
        toggle_edge(live_graph("karate"), one, other)


def test_without_edges_the_nodes_stay() -> None:
    bare = without_edges(live_graph("karate"))
    assert bare.edge_index.shape == (2, 0)
    assert torch.equal(bare.x, live_graph("karate").x)
