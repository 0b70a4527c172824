"""The content of a graph as loaded, whatever the config drops of it."""

from pathlib import Path

import pytest
import torch

from cna_viz.config import DataConfig
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.content import content_digest
from cna_viz.data.datasets import load_graph
from cna_viz.data.own.store import store


def test_the_content_is_that_before_direction_and_weights_are_dropped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(tmp_path))
    edges = torch.tensor([[0, 1, 2], [1, 2, 0]])
    raw = RawGraph(torch.eye(3), torch.tensor([0, 1, -1]), edges, edge_weight=torch.tensor([1.0, 2, 3]), directed=True)
    digest = store("three", clean("three", raw), "accuracy", [], "")
    plain = load_graph(DataConfig(dataset="own:three", directed="no", weights="drop"))
    assert (plain.arcs, plain.edge_weight, plain.content) == (None, None, digest)
    assert content_digest(plain) != digest


def test_a_catalogued_graph_has_a_content_too() -> None:
    karate = load_graph(DataConfig(dataset="karate"))
    assert karate.content == content_digest(karate)
