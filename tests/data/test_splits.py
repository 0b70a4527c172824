"""Splits: disjoint, of the right size, decided by the seed alone."""

from dataclasses import replace

import pytest
import torch

from cna_viz.data.catalog import PUBLISHED_PROTOCOLS
from cna_viz.data.graph import Graph, Masks, Split
from cna_viz.data.splits import MAKERS, make_split
from cna_viz.errors import DataError, UsageError

RANDOM = {"random-80-10-10": (80, 10, 10), "random-60-20-20": (60, 20, 20), "random-48-32-20": (48, 32, 20)}


def graph_of(nodes: int, published: dict[str, Masks] | None = None, name: str = "some") -> Graph:
    edges = torch.empty(2, 0, dtype=torch.int64)
    return Graph(name, torch.zeros(nodes, 1), torch.zeros(nodes, dtype=torch.int64), edges, 1, published or {})


def graphs_of(*sizes: int) -> Graph:
    """A dataset of graphs with so many nodes each."""
    member = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    nodes, edges = len(member), torch.empty(2, 0, dtype=torch.int64)
    return Graph("some", torch.zeros(nodes, 1), torch.zeros(nodes, dtype=torch.int64), edges, 1, {}, member)


def masks(*repetitions: str) -> Masks:
    """Masks from strings such as ``"aabc."``: a trains, b selects, c tests, ``.`` none, ``!`` trains and tests."""
    columns = [list(text) for text in zip(*repetitions, strict=True)]
    parts = ({"a", "!"}, {"b"}, {"c", "!"})
    return Masks(*(torch.tensor([[letter in part for letter in row] for row in columns]) for part in parts))


def assert_valid(split: Split, nodes: int) -> None:
    assert [name for name, _ in split.items()] == ["train", "val", "test"]
    for part in (split.train, split.val, split.test):
        assert part.dtype == torch.int64
        assert part.numel() > 0
        assert bool((part.diff() > 0).all())
    joined = torch.cat([part for _, part in split.items()])
    assert len(set(joined.tolist())) == joined.numel()
    assert 0 <= int(joined.min()) <= int(joined.max()) < nodes


@pytest.mark.parametrize("protocol", RANDOM)
@pytest.mark.parametrize("nodes", [5, 7, 10, 34, 183, 2708])
def test_random_covers_all_nodes_with_rounded_sizes(protocol: str, nodes: int) -> None:
    split = make_split(graph_of(nodes), protocol, 5)
    assert_valid(split, nodes)
    sizes = [part.numel() for _, part in split.items()]
    assert sum(sizes) == nodes
    assert (split.protocol, split.seed) == (protocol, 5)
    for size, percent in zip(sizes, RANDOM[protocol], strict=True):
        assert abs(size - nodes * percent / 100) <= 1


@pytest.mark.parametrize(
    ("protocol", "nodes", "sizes"),
    [
        ("random-80-10-10", 3, [1, 1, 1]),
        ("random-80-10-10", 4, [2, 1, 1]),
        ("random-60-20-20", 3, [1, 1, 1]),
        ("random-48-32-20", 4, [2, 1, 1]),
        ("random-80-10-10", 2708, [2166, 271, 271]),
        ("random-60-20-20", 2708, [1624, 542, 542]),
        ("random-48-32-20", 2708, [1299, 867, 542]),
    ],
)
def test_no_part_is_empty(protocol: str, nodes: int, sizes: list[int]) -> None:
    split = make_split(graph_of(nodes), protocol, 0)
    assert_valid(split, nodes)
    assert [part.numel() for _, part in split.items()] == sizes


@pytest.mark.parametrize("protocol", RANDOM)
def test_seed_alone_decides(protocol: str) -> None:
    graph = graph_of(100)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = make_split(graph, protocol, 3)
    assert torch.equal(torch.get_rng_state(), before)
    torch.manual_seed(2)
    again, other = make_split(graph, protocol, 3), make_split(graph, protocol, 4)
    assert torch.equal(first.train, again.train)
    assert torch.equal(first.test, again.test)
    assert not torch.equal(first.test, other.test)


def test_random_gives_every_node_its_turn() -> None:
    counts = sum(
        torch.bincount(make_split(graph_of(20), "random-60-20-20", seed).test, minlength=20) for seed in range(500)
    )
    assert isinstance(counts, torch.Tensor)
    assert (counts / 500 - 0.2).abs().max() < 0.08


def test_official_code_goes_by_number_and_has_no_seed() -> None:
    split = make_split(graph_of(20, name="cora"), "official-code", 7)
    assert split.seed == 0
    assert split.train.tolist() == list(range(16))
    assert split.val.tolist() == [16, 17]
    assert split.test.tolist() == [18, 19]
    cora = make_split(graph_of(2708, name="cora"), "official-code", 0)
    assert [(int(part[0]), int(part[-1]), len(part)) for _, part in cora.items()] == [
        (0, 2165, 2166),
        (2166, 2435, 270),
        (2438, 2707, 270),  # the last nodes: two are in no part
    ]


@pytest.mark.parametrize(("protocol", "nodes"), [*((name, 2) for name in RANDOM), ("official-code", 4)])
def test_too_few_nodes_are_refused(protocol: str, nodes: int) -> None:
    name = "cora" if protocol == "official-code" else "some"
    with pytest.raises(UsageError, match=rf"'{protocol}' leaves a part empty: '{name}' has too few nodes \({nodes}\)"):
        make_split(graph_of(nodes, name=name), protocol, 0)


def classes_of(*sizes: int) -> Graph:
    """A graph with so many nodes of each class, one class after the other but for the first node, which comes last."""
    graph = graph_of(sum(sizes))
    return replace(graph, y=torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes)).roll(-1))


@pytest.mark.parametrize(
    ("protocol", "sizes", "wanted"),
    [
        ("class-80-10-10", (10, 19), [(8, 15), (1, 1), (1, 3)]),
        ("class-40-30-30", (10, 19), [(4, 7), (3, 5), (3, 7)]),
        ("class-70-15-15", (20, 90), [(14, 62), (3, 13), (3, 15)]),  # int(0.7 * 90) is 62
        ("class-60-20-20", (5, 19), [(3, 11), (1, 3), (1, 5)]),
    ],
)
def test_every_class_is_cut_and_its_rest_tests(
    protocol: str, sizes: tuple[int, ...], wanted: list[tuple[int, ...]]
) -> None:
    graph = classes_of(*sizes)
    split = make_split(graph, protocol, 3)
    assert_valid(split, sum(sizes))
    assert (split.protocol, split.seed) == (protocol, 3)
    assert [tuple(graph.y[part].bincount().tolist()) for _, part in split.items()] == wanted


def test_classes_are_drawn_at_random_by_the_seed_alone() -> None:
    graph = classes_of(30, 50)
    first, again, other = (make_split(graph, "class-60-20-20", seed) for seed in (0, 0, 1))
    assert all(torch.equal(one, two) for (_, one), (_, two) in zip(first.items(), again.items(), strict=True))
    assert not torch.equal(first.test, other.test)
    counts = torch.stack(
        [torch.bincount(make_split(graph, "class-60-20-20", s).test, minlength=80) for s in range(500)]
    )
    assert (counts.float().mean(dim=0) - 0.2).abs().max() < 0.08


def test_classes_of_unlabelled_nodes_are_nobodys() -> None:
    graph = classes_of(10, 10)
    y = torch.where(torch.arange(20) % 10 == 9, -1, graph.y)
    split = make_split(replace(graph, y=y), "class-40-30-30", 0)
    assert sorted(torch.cat([part for _, part in split.items()]).tolist()) == [i for i in range(20) if i % 10 != 9]


def test_of_a_class_that_is_too_small_the_rest_tests() -> None:
    split = make_split(classes_of(30, 9, 1), "class-80-10-10", 0)
    labels = classes_of(30, 9, 1).y
    assert [torch.bincount(labels[part], minlength=3).tolist() for _, part in split.items()] == [
        [24, 7, 0],
        [3, 0, 0],
        [3, 2, 1],
    ]
    with pytest.raises(UsageError, match=r"'class-80-10-10' leaves a part empty: 'some' has too few nodes \(18\)"):
        make_split(classes_of(9, 9), "class-80-10-10", 0)


def test_graphs_are_split_by_class_too() -> None:
    graph = graphs_of(*[3, 4] * 10)
    graph = replace(graph, y=(graph.graph_of_node % 2))  # type: ignore[operator]
    split = make_split(graph, "class-80-10-10", 0)
    assert [tuple((part % 2).bincount().tolist()) for _, part in split.items()] == [(8, 8), (1, 1), (1, 1)]
    with pytest.raises(UsageError, match=r"has too few graphs \(4\)"):
        make_split(graphs_of(2, 2, 2, 2), "class-80-10-10", 0)


def test_a_graph_that_is_not_planetoid_has_no_split_by_number() -> None:
    with pytest.raises(UsageError, match="official-code is only for Planetoid graphs"):
        make_split(graph_of(20), "official-code", 0)


def test_numbers_to_predict_are_not_split_by_class() -> None:
    with pytest.raises(UsageError, match="class-A-B-C needs classes"):
        make_split(replace(graph_of(20), y=torch.rand(20)), "class-80-10-10", 0)


@pytest.mark.parametrize("protocol", RANDOM)
@pytest.mark.parametrize("graphs", [7, 10, 34])
def test_graphs_are_split_as_nodes_are(protocol: str, graphs: int) -> None:
    sizes = [3 + i % 5 for i in range(graphs)]
    split = make_split(graphs_of(*sizes), protocol, 6)
    assert_valid(split, graphs)
    assert sum(part.numel() for _, part in split.items()) == graphs
    for (_, part), (_, of_nodes) in zip(split.items(), make_split(graph_of(graphs), protocol, 6).items(), strict=True):
        assert torch.equal(part, of_nodes)  # whatever number of nodes they have


@pytest.mark.parametrize(("protocol", "graphs"), [(name, 2) for name in RANDOM])
def test_too_few_graphs_are_refused(protocol: str, graphs: int) -> None:
    with pytest.raises(UsageError, match=rf"'{protocol}' leaves a part empty: 'some' has too few graphs \({graphs}\)"):
        make_split(graphs_of(*[20] * graphs), protocol, 0)


@pytest.mark.parametrize("protocol", PUBLISHED_PROTOCOLS)
def test_published_takes_the_numbered_repetition(protocol: str) -> None:
    graph = graph_of(5, {protocol: masks("aabc.", "cb.aa", "abccc")})
    split = make_split(graph, protocol, 1)
    assert_valid(split, 5)
    assert (split.seed, split.train.tolist(), split.val.tolist(), split.test.tolist()) == (1, [3, 4], [1], [0])
    wrapped = make_split(graph, protocol, 4)
    assert wrapped.seed == 1
    assert torch.equal(wrapped.train, split.train)


def test_single_public_split_has_number_0() -> None:
    graph = graph_of(4, {"public": masks("abc.")})
    assert make_split(graph, "public", 42).seed == 0


@pytest.mark.parametrize(("text", "problem"), [("ab!", "puts a node into two parts"), ("aab", "leaves a part empty")])
def test_bad_published_masks_are_refused(text: str, problem: str) -> None:
    graph = graph_of(3, {"public": masks("abc", text)})
    make_split(graph, "public", 0)
    with pytest.raises(DataError, match=f"'public' number 1 of dataset 'some' {problem}"):
        make_split(graph, "public", 1)


@pytest.mark.parametrize("protocol", ["geom-gcn", "random-90-5-5"])
def test_protocol_that_the_graph_lacks(protocol: str) -> None:
    with pytest.raises(UsageError) as caught:
        make_split(graph_of(5, {"public": masks("aabbc")}), protocol, 0)
    message = str(caught.value)
    assert f"unknown split protocol '{protocol}'" in message
    assert all(name in message for name in MAKERS if name not in {"geom-gcn", "official-code"})
    assert message.count("geom-gcn") == (protocol == "geom-gcn")
