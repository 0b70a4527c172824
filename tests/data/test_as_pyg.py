"""A dataset as PyG's ``Data``: the same graph and the same split, with masks in the place of indices."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from torch_geometric.data import Data
from torch_geometric.nn import global_mean_pool
from torch_geometric.transforms import NormalizeFeatures

from cna_viz.config import CSBMConfig, DataConfig
from cna_viz.data.datasets import load_data, load_graph
from cna_viz.data.splits import make_split
from cna_viz.errors import CnaVizError, UsageError
from cna_viz.graphs import add


@pytest.mark.parametrize("seed", [0, 3])
@pytest.mark.parametrize("split", ["random-60-20-20", "random-80-10-10", "class-40-30-30"])
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


@pytest.mark.parametrize("name", ["csbm", "karate", "motifs", "chameleon-traffic"])
def test_row_normalized_features_are_those_of_pyg(name: str, root: Path, write: Callable[..., Any]) -> None:
    if name == "chameleon-traffic":
        write(name, root)
    raw, given = (
        load_data(DataConfig(dataset=name, features=features), root) for features in ("raw", "row-normalized")
    )
    assert torch.equal(given.x, NormalizeFeatures()(raw.clone()).x)
    assert float(given.x.min()) == 0
    assert float(given.x.sum(dim=1).max()) < 1 + 1e-5
    assert torch.equal(given.x, raw.x) == (name in {"karate", "motifs"})  # one-hot already
    assert torch.equal(given.edge_index, raw.edge_index)
    assert torch.equal(given.train_mask, raw.train_mask)
    content = [load_graph(DataConfig(dataset=name, features=one), root).content for one in ("raw", "row-normalized")]
    assert content[0] == content[1]  # of the graph as loaded


def test_rows_of_zeros_stay_zero_and_small_rows_stay_small() -> None:
    x = torch.tensor([[0.0, 0.0], [1.0, 3.0], [0.25, 0.25]])
    entry = add(Data(x=x, y=torch.tensor([0, 1, 1]), edge_index=torch.tensor([[0, 1], [1, 2]])), name="rows")
    found = load_graph(entry.config().replace(features="row-normalized")).x
    assert found.tolist() == [[0, 0], [0.25, 0.75], [0.25, 0.25]]


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
