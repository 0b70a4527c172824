"""What is kept comes back as it was, bit by bit, whatever its task; what is damaged is made again."""

import logging
from pathlib import Path

import pytest
import torch

from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.datasets import load_or_make
from cna_viz.data.graph import Graph, Masks

X = torch.randn(6, 3, generator=torch.Generator().manual_seed(0))
EDGES = torch.tensor([[0, 1, 3, 4], [1, 2, 4, 5]])
MASK = torch.eye(6, dtype=torch.bool)[:, :2]
GRAPHS = {
    "classes": clean("some", RawGraph(X, torch.tensor([5, 3, 3, 5, 9, 9]), EDGES)),
    "masks": clean("some", RawGraph(X, torch.arange(6), EDGES, Masks(MASK, ~MASK, MASK)), "geom-gcn"),
    "numbers": clean("some", RawGraph(X, torch.tensor([1 / 3, 2.0, -1.0, 0.0, 1e-30, 7.0]), EDGES)),
    "graphs": clean("some", RawGraph(X, torch.tensor([4, 1]), EDGES, graph_of_node=torch.tensor([0, 0, 0, 1, 1, 1]))),
    "no edges": clean("some", RawGraph(X, torch.arange(6), EDGES[:, :0])),
}


def refuse() -> Graph:
    raise AssertionError("made again")


@pytest.mark.parametrize("kind", GRAPHS)
def test_round_trip(kind: str, tmp_path: Path) -> None:
    path, graph = tmp_path / "below" / "graph.safetensors", GRAPHS[kind]
    assert load_or_make(path, "some", lambda: graph) is graph
    loaded = load_or_make(path, "some", refuse)
    assert (loaded.name, loaded.num_classes, loaded.task) == ("some", graph.num_classes, graph.task)
    parts = ("x", "y", "edge_index", "target", *(["graph_of_node"] if graph.graph_of_node is not None else []))
    for part in parts:
        there, back = getattr(graph, part), getattr(loaded, part)
        assert back.dtype == there.dtype
        assert back.is_contiguous()
        assert torch.equal(back, there)
    assert (loaded.graph_of_node is None) == (graph.graph_of_node is None)
    assert loaded.published.keys() == graph.published.keys()
    for protocol, masks in graph.published.items():
        for part in ("train", "val", "test"):
            assert torch.equal(getattr(loaded.published[protocol], part), getattr(masks, part))


@pytest.mark.parametrize("kind", ["numbers", "graphs"])
def test_a_damaged_file_is_made_again(kind: str, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path, graph = tmp_path / "graph.safetensors", GRAPHS[kind]
    load_or_make(path, "some", lambda: graph)
    whole = path.read_bytes()
    for damaged in (b"", whole[:-1], b"\xff" * 100):
        path.write_bytes(damaged)
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="cna_viz"):
            assert load_or_make(path, "some", lambda: graph) is graph
        assert f"cached graph {path} is damaged" in caplog.text
        assert path.read_bytes() == whole


def test_what_cannot_be_made_is_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "graph.safetensors"
    with pytest.raises(AssertionError, match="made again"):
        load_or_make(path, "some", refuse)
    assert not path.exists()
