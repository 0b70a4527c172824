"""Traffic of pages: the same page by the same number, and the misaligned version as published code numbers it."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import Graph
from cna_viz.data.readers import in_order_of_appearance, read_musae
from cna_viz.errors import DataError
from tests.data.upstream import numbered_by_networkx

LINKS = [(2, 0), (3, 2), (0, 3), (1, 2)]
TRAFFIC = {3: 40, 0: 10, 2: 80, 1: 30}
WORDS = {"1": [2], "3": [], "0": [0, 2], "2": [1, 1]}
VERSIONS = ("chameleon-traffic", "chameleon-traffic-misaligned")


def pairs(edges: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Both directions of every edge, sorted, without self-loops."""
    return sorted({(a, b) for s, t in edges for a, b in ((s, t), (t, s)) if a != b})


def edges_of(graph: Graph) -> list[tuple[int, int]]:
    return list(zip(*graph.edge_index.tolist(), strict=True))


def write_pages(
    root: Path,
    links: list[tuple[int, int]] = LINKS,
    traffic: list[tuple[int, float]] | None = None,
    words: dict[str, list[int]] = WORDS,
) -> Path:
    """Write the three files of the topic chameleon."""
    folder = root / "musae"
    folder.mkdir()
    lines = [f"{source},{target}" for source, target in links]
    (folder / "chameleon_edges.csv").write_text("\n".join(["id1,id2", *lines]) + "\n")
    rows = [f"{page},{views}" for page, views in (traffic or list(TRAFFIC.items()))]
    (folder / "chameleon_target.csv").write_text("\n".join(["id,target", *rows]) + "\n")
    (folder / "chameleon_features.json").write_text(json.dumps(words))
    return folder


@pytest.mark.parametrize("name", VERSIONS)
def test_words_and_traffic_go_by_the_numbers_in_the_files(name: str, root: Path) -> None:
    write_pages(root)
    graph = load_graph(DataConfig(dataset=name), root)
    assert graph.x.tolist() == [[1, 0, 1], [0, 0, 1], [0, 1, 0], [0, 0, 0]]
    assert graph.y.tolist() == [0.125, 0.375, 1.0, 0.5]  # shares of the largest, 80
    assert (graph.task, graph.num_classes, graph.published) == ("node-regression", 0, {})


def test_edges_are_those_of_the_file_or_numbered_as_they_appear(root: Path) -> None:
    write_pages(root)
    aligned, misaligned = (load_graph(DataConfig(dataset=name), root) for name in VERSIONS)
    assert edges_of(aligned) == [(0, 2), (0, 3), (1, 2), (2, 0), (2, 1), (2, 3), (3, 0), (3, 2)]
    # Pages appear in the order 2, 0, 3, 1.
    assert edges_of(misaligned) == [(0, 1), (0, 2), (0, 3), (1, 0), (1, 2), (2, 0), (2, 1), (3, 0)]
    assert edges_of(misaligned) == pairs(numbered_by_networkx(LINKS))


def test_pages_that_appear_in_order_are_aligned_in_both(root: Path) -> None:
    write_pages(root, links=[(0, 1), (1, 2), (0, 3)])
    aligned, misaligned = (load_graph(DataConfig(dataset=name), root) for name in VERSIONS)
    assert torch.equal(aligned.edge_index, misaligned.edge_index)


EDGE_LISTS = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=30)


@given(EDGE_LISTS)
def test_order_of_appearance_is_that_of_networkx(edges: list[tuple[int, int]]) -> None:
    numbered = in_order_of_appearance(torch.tensor(edges, dtype=torch.int64).reshape(-1, 2))
    assert numbered.dtype == torch.int64
    assert list(map(tuple, numbered.tolist())) == numbered_by_networkx(edges)


def test_the_version_is_in_the_name_alone(root: Path) -> None:
    folder = write_pages(root)
    aligned, misaligned = (read_musae(CATALOG[name], folder) for name in VERSIONS)
    assert list(map(tuple, aligned.edge_index.T.tolist())) == LINKS
    assert list(map(tuple, misaligned.edge_index.T.tolist())) == numbered_by_networkx(LINKS)
    assert aligned.masks is None
    assert aligned.graph_of_node is None


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"traffic": [(0, 1), (1, 2), (3, 4)]}, "chameleon_target.csv does not number its pages 0, 1, 2 ..."),
        ({"traffic": [(0, 1), (1, 2), (1, 3), (2, 4)]}, "does not number its pages"),
        ({"traffic": [(1, 1), (2, 2), (3, 3), (4, 4)]}, "does not number its pages"),
        ({"traffic": [(page, 0) for page in range(4)]}, "not a finite number for each of 4 nodes"),
        ({"words": {"0": [0], "4": [1]}}, "4"),
        ({"words": {"0": [], "1": []}}, "can't be read"),
        ({"words": {"first": [0]}}, "first"),
    ],
)
def test_files_that_contradict_each_other(name: str, changed: dict[str, Any], message: str, root: Path) -> None:
    folder = write_pages(root, **changed)
    with pytest.raises(DataError, match=message) as caught:
        load_graph(DataConfig(dataset=name), root)
    assert str(caught.value).startswith(f"dataset '{name}' can't be read from {folder}: ")
    assert "\n" not in str(caught.value)


def test_links_to_a_page_that_there_is_not(root: Path) -> None:
    write_pages(root, links=[*LINKS, (0, 4)])
    with pytest.raises(DataError, match="does not name two of the 4 pages"):
        load_graph(DataConfig(dataset="chameleon-traffic"), root)


@pytest.mark.parametrize("name", VERSIONS)
@pytest.mark.parametrize("part", ["edges.csv", "target.csv", "features.json"])
@pytest.mark.parametrize("content", ["", "<!DOCTYPE html>\n<html>\n<body>Not Found</body>\n</html>\n"])
def test_files_that_are_something_else(name: str, part: str, content: str, root: Path) -> None:
    folder = write_pages(root)
    (folder / f"chameleon_{part}").write_text(content)
    with pytest.raises(DataError) as caught:
        load_graph(DataConfig(dataset=name), root)
    assert str(caught.value).startswith(f"dataset '{name}' can't be read from {folder}: ")
    assert "\n" not in str(caught.value)


@pytest.fixture
def real(real_root: Path) -> Callable[[str], Graph]:
    """Return what loads a version of the real graph, or skip."""
    if not (real_root / "musae/chameleon_edges.csv").is_file():
        pytest.skip(f"no traffic of chameleon in {real_root}")
    return lambda name: load_graph(DataConfig(dataset=name), real_root)


def test_real_sizes(real: Callable[[str], Graph]) -> None:
    for name in VERSIONS:
        graph = real(name)
        assert graph.x.shape == (2277, 3132)
        assert set(graph.x.unique().tolist()) == {0.0, 1.0}
        assert graph.edge_index.shape[1] == 2 * 31371
        assert graph.y.shape == (2277,)
        assert float(graph.y.max()) == 1.0
        assert 0 < float(graph.y.min()) < 0.001


def test_no_real_page_keeps_its_number(real_root: Path, real: Callable[[str], Graph]) -> None:
    lines = (real_root / "musae/chameleon_edges.csv").read_text().splitlines()[1:]
    links = [(int(source), int(target)) for source, target in (line.split(",") for line in lines)]
    assert edges_of(real("chameleon-traffic")) == pairs(links)
    assert edges_of(real("chameleon-traffic-misaligned")) == pairs(numbered_by_networkx(links))
    edges = torch.tensor(links)
    assert len(edges.unique()) == 2277
    assert edges[in_order_of_appearance(edges) == edges].numel() == 0


def test_real_pages_share_words_with_those_they_link_to_only_when_aligned(real: Callable[[str], Graph]) -> None:
    def shared(graph: Graph) -> float:
        words: Tensor = graph.x / graph.x.norm(dim=1, keepdim=True)
        alike = words @ words.T
        return float(alike[graph.edge_index[0], graph.edge_index[1]].mean() / alike.mean())

    aligned, misaligned = (shared(real(name)) for name in VERSIONS)
    assert aligned > 2 * misaligned
    assert misaligned < 1.2  # no more than any two pages
