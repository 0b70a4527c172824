"""A dataset as PyG's ``Data``: the same graph and the same split, with masks in the place of indices."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.nn import global_mean_pool

from cna_viz.config import CSBMConfig, DataConfig
from cna_viz.data.datasets import load_data, load_graph
from cna_viz.data.splits import make_split
from cna_viz.errors import CnaVizError, UsageError


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("split", ["random-60-20-20", "random-80-10-10", "official-code"])
@pytest.mark.parametrize("name", ["karate", "grid"])
def test_it_is_the_graph_with_its_split_as_masks(name: str, split: str, seed: int) -> None:
    config = DataConfig(dataset=name, split=split)
    data, graph = load_data(config, seed=seed), load_graph(config)
    assert torch.equal(data.x, graph.x)
    assert torch.equal(data.y, graph.y)
    assert torch.equal(data.edge_index, graph.edge_index)
    assert data.num_classes == graph.num_classes
    for part, nodes in make_split(graph, split, seed).items():
        mask = data[f"{part}_mask"]
        assert mask.dtype == torch.bool
        assert torch.equal(mask.nonzero().flatten(), nodes)


def test_pyg_finds_it_valid() -> None:
    data = load_data(DataConfig(dataset="karate"))
    assert data.validate(raise_on_error=True)
    assert (data.num_nodes, data.num_features, data.num_edges) == (34, 34, 156)
    assert data.is_undirected()
    assert not data.has_self_loops()
    assert sorted(data.keys()) == ["edge_index", "num_classes", "test_mask", "train_mask", "val_mask", "x", "y"]


@pytest.mark.parametrize("split", ["random-60-20-20", "random-80-10-10"])
def test_graphs_lie_side_by_side_with_a_class_and_a_mask_entry_each(split: str) -> None:
    config = DataConfig(dataset="motifs", split=split)
    data, graph = load_data(config, seed=2), load_graph(config)
    assert torch.equal(data.batch, graph.graph_of_node)
    assert torch.equal(data.y, graph.target)
    assert torch.equal(data.edge_index, graph.edge_index)
    assert (data.num_nodes, data.num_classes, data.y.shape) == (12_000, 3, (600,))
    for part, graphs in make_split(graph, split, 2).items():
        assert data[f"{part}_mask"].shape == (600,)
        assert torch.equal(data[f"{part}_mask"].nonzero().flatten(), graphs)
    masks = torch.stack([data.train_mask, data.val_mask, data.test_mask]).long()
    assert torch.equal(masks.sum(dim=0), torch.ones(600, dtype=torch.int64))
    assert global_mean_pool(data.x, data.batch)[data.train_mask].shape == (len(data.y[data.train_mask]), 10)


def test_graphs_are_never_split_by_number() -> None:
    with pytest.raises(UsageError, match="split protocol 'official-code'"):
        load_data(DataConfig(dataset="motifs", split="official-code"))


def test_numbers_to_predict_have_no_classes(root: Path, write: Callable[..., Any]) -> None:
    sample = write("chameleon-traffic", root)
    data = load_data(DataConfig(dataset="chameleon-traffic"), root)
    assert data.validate(raise_on_error=True)
    assert torch.equal(data.y, torch.from_numpy(sample.y))
    assert (data.y.dtype, data.num_classes) == (torch.float32, 0)
    assert "batch" not in data
    assert data.train_mask.shape == (data.num_nodes,)


def test_the_parts_are_disjoint() -> None:
    data = load_data(DataConfig(dataset="digits"))
    masks = torch.stack([data.train_mask, data.val_mask, data.test_mask]).long()
    assert torch.equal(masks.sum(dim=0), torch.ones(1797, dtype=torch.int64))


def test_the_seed_draws_the_split_where_the_config_has_none() -> None:
    config = DataConfig(dataset="karate")
    first, again, other = (load_data(config, seed=seed).train_mask for seed in (0, 0, 1))
    assert torch.equal(first, again)
    assert not torch.equal(first, other)


def test_the_split_seed_of_the_config_comes_first() -> None:
    config = DataConfig(dataset="karate", split_seed=1)
    masks = [load_data(config, seed=seed).train_mask for seed in (0, 5)]
    assert torch.equal(*masks)
    assert torch.equal(masks[0], load_data(DataConfig(dataset="karate"), seed=1).train_mask)
    zero = load_data(DataConfig(dataset="karate", split_seed=0), seed=1).train_mask
    assert torch.equal(zero, load_data(DataConfig(dataset="karate"), seed=0).train_mask)


def test_the_random_state_is_left_alone() -> None:
    before = torch.get_rng_state()
    load_data(DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=50)), seed=4)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize("as_text", [False, True])
@pytest.mark.parametrize("repetition", [0, 7])
def test_published_masks_are_those_of_the_files(
    root: Path, write: Callable[..., object], repetition: int, as_text: bool
) -> None:
    sample = write("texas", root, "geom-gcn")
    config = DataConfig(dataset="texas", split="geom-gcn")
    data = load_data(config, str(root) if as_text else root, seed=repetition)
    for mask, published in zip((data.train_mask, data.val_mask, data.test_mask), sample.masks, strict=True):
        assert torch.equal(mask, torch.from_numpy(published[repetition]))


def test_the_data_root_of_the_environment_is_used(
    root: Path, write: Callable[..., object], monkeypatch: pytest.MonkeyPatch
) -> None:
    sample = write("texas", root, "geom-gcn")
    monkeypatch.setenv("CNA_VIZ_DATA", str(root))
    data = load_data(DataConfig(dataset="texas", split="geom-gcn"))
    assert torch.equal(data.y, torch.from_numpy(sample.y))


def test_a_split_that_the_dataset_does_not_have_is_refused() -> None:
    with pytest.raises(UsageError, match="split protocol 'public'"):
        load_data(DataConfig(dataset="karate", split="public"))


def test_a_dataset_that_is_not_there_is_refused_readably(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError("no network")

    monkeypatch.setattr("urllib.request.urlopen", refuse)
    with pytest.raises(CnaVizError):
        load_data(DataConfig(dataset="texas"), root)
