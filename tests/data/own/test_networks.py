"""GraphML, GEXF and graphs of networkx."""

from pathlib import Path
from typing import Any

import networkx as nx
import pytest

from cna_viz import graphs
from cna_viz.errors import DataError, UsageError


def labelled(graph: Any, **attributes: Any) -> Any:
    for number, node in enumerate(graph):
        graph.nodes[node]["label"] = "xy"[number % 2]
        for name, value in attributes.items():
            graph.nodes[node][name] = value(number)
    return graph


def test_the_karate_club_has_its_weights_and_its_clubs() -> None:
    entry = graphs.add(nx.karate_club_graph(), name="x", label="club", features="onehot")
    graph = graphs.load("x")
    assert entry.class_names == ("Mr. Hi", "Officer")
    assert (entry.nodes, entry.edges, entry.features, entry.weighted) == (34, 78, 34, True)
    clubs = nx.get_node_attributes(nx.karate_club_graph(), "club")
    assert [graph.class_names[y] for y in graph.y.tolist()] == list(clubs.values())


def test_les_miserables_has_names_as_ids() -> None:
    network = nx.les_miserables_graph()
    groups = {
        node: number for number, part in enumerate(nx.community.greedy_modularity_communities(network)) for node in part
    }
    nx.set_node_attributes(network, groups, "group")
    entry = graphs.add(network, name="x", label="group", features="degree")
    graph = graphs.load("x")
    assert (entry.nodes, entry.edges, entry.weighted) == (77, 254, True)
    assert "ids are text: the 77 nodes are numbered in their order" in entry.changes
    names = list(network)
    for (source, target), weight in zip(graph.edge_index.T.tolist(), graph.edge_weight, strict=True):
        assert network[names[source]][names[target]]["weight"] == weight


def test_repeated_edges_of_a_multigraph_are_repeats() -> None:
    network = labelled(nx.MultiGraph([(0, 1), (0, 1), (1, 2), (3, 4)]), size=lambda i: i)
    entry = graphs.add(network, name="x")
    assert entry.edges == 3
    assert "1 repeated edge merged" in entry.changes


def test_an_attribute_that_is_a_list_becomes_several_features() -> None:
    network = labelled(nx.path_graph(4), x=lambda i: [i, 2 * i])
    assert graphs.add(network, name="x").features == 2
    assert graphs.load("x").x.tolist() == [[0, 0], [1, 2], [2, 4], [3, 6]]


def test_the_label_of_gexf_that_is_a_name_is_no_class(tmp_path: Path) -> None:
    network = nx.path_graph(4)
    nx.set_node_attributes(network, {node: node % 2 for node in network}, "class")
    nx.set_node_attributes(network, {node: node / 4 for node in network}, "size")
    nx.write_gexf(network, tmp_path / "g.gexf")  # writes the ids as labels
    entry = graphs.add(tmp_path / "g.gexf", name="x")
    assert (entry.classes, entry.features) == (2, 1)
    assert "'label' looks like ids and is no feature (--features names the columns that are)" in entry.changes


@pytest.mark.parametrize(
    ("network", "options", "message"),
    [
        (labelled(nx.path_graph(4), x=lambda i: [0] * i), {}, "'x' is a list of another length at some nodes"),
        (labelled(nx.path_graph(4), x=lambda i: {"a": i}), {}, "column 'x' is neither all numbers nor all text"),
        (labelled(nx.path_graph(4), x=lambda i: None if i == 2 else i), {}, "column 'x' has 1 missing value"),
        (labelled(nx.path_graph(4)), {"features": "nope"}, "unknown column 'nope'"),
        (labelled(nx.path_graph(4)), {"weight": "power"}, "unknown column 'power'"),
        (nx.path_graph(4), {}, "--label names it"),
        (nx.karate_club_graph(), {"features": "degree"}, "one of club"),
    ],
)
def test_other_networks_are_refused(network: Any, options: dict[str, Any], message: str) -> None:
    with pytest.raises((DataError, UsageError), match=message):
        graphs.add(network, name="x", **options)


def test_edges_of_which_some_have_no_weight_are_refused() -> None:
    network = labelled(nx.path_graph(4), x=lambda i: i)
    network[0][1]["weight"] = 2.0
    with pytest.raises(DataError, match="2 weights missing"):
        graphs.add(network, name="x")
    network[1][2]["weight"] = "heavy"
    with pytest.raises(DataError, match="'weight' of the edges is not a number at every edge"):
        graphs.add(network, name="x")
