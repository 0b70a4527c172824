"""Weighted and directed graphs of one's own, and normalized features, from the store to the record."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch

from cna_viz.analysis.sentences.training_notes import run_command
from cna_viz.config import RunConfig
from cna_viz.config.arms import differing
from cna_viz.config.vocabulary import DIRECTED, WEIGHTED
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import Graph
from cna_viz.data.own.store import store
from cna_viz.data.splits import make_split
from cna_viz.errors import UsageError
from cna_viz.experiments.batches import batches_of, inputs_of
from cna_viz.experiments.run import load_or_run
from cna_viz.models.gnn import GNN
from cna_viz.records import find_problems
from cna_viz.records.exporting.exporting import export_records

NODES, FEATURES = 40, 5


@pytest.fixture(autouse=True)
def graphs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Store a weighted and a directed graph, and a dataset of three graphs that are weighted."""
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(tmp_path / "graphs"))
    generator = torch.Generator().manual_seed(0)
    table = torch.rand(NODES, NODES, generator=generator)
    arcs = (table < 0.08).fill_diagonal_(False).nonzero().T
    raw = RawGraph(torch.randn(NODES, FEATURES, generator=generator), torch.arange(NODES) % 2, arcs)
    weight = 0.2 + 50 * table[arcs[0], arcs[1]]
    # Ten graphs of four nodes each; an edge from each node to the next of its graph.
    steps = torch.stack([torch.arange(NODES - 1), torch.arange(1, NODES)])[:, torch.arange(NODES - 1) % 4 != 3]
    many = raw._replace(
        y=torch.arange(10) % 2,
        edge_index=steps,
        graph_of_node=torch.arange(NODES) // 4,
        edge_weight=weight[: steps.shape[1]],
    )
    for name, one in {
        "weighted": raw._replace(edge_weight=weight),
        "directed": raw._replace(directed=True),
        "plain": raw,
        "many": many,
    }.items():
        store(name, clean(name, one), "accuracy", [], "a test")


def configure(name: str, backbone: str, *, data: Any = None, training: Any = None, **model: Any) -> RunConfig:
    return RunConfig.model_validate(
        {
            "data": {"dataset": f"own:{name}", **(data or {})},
            "model": {"backbone": backbone, "layers": 2, "hidden": 8, **model},
            "training": {"epochs": 3, **(training or {})},
            "recording": {"measures": "all", "every": 1},
        }
    )


def lines(config: RunConfig, runs: Path) -> bytes:
    """Return what the measured epochs of a run are, to the bit."""
    load_or_run(config, runs=runs, progress=False)
    return (runs / config.run_id / "metrics.jsonl").read_bytes()


@pytest.mark.parametrize("backbone", WEIGHTED)
@pytest.mark.parametrize("training", [{}, {"batch_size": 8, "neighbors": 3}])
def test_weights_reach_the_record(runs: Path, backbone: str, training: dict[str, int]) -> None:
    weighted = lines(configure("weighted", backbone, training=training), runs)
    dropped = lines(configure("weighted", backbone, data={"weights": "drop"}, training=training), runs)
    assert weighted != dropped
    assert dropped == lines(configure("plain", backbone, training=training), runs)


@pytest.mark.parametrize("training", [{}, {"batch_size": 8, "neighbors": 3}])
@pytest.mark.parametrize("drop_edge", [0.0, 0.3])
@pytest.mark.parametrize("backbone", DIRECTED)
def test_direction_reaches_the_record(runs: Path, backbone: str, training: dict[str, int], drop_edge: float) -> None:
    directed = lines(configure("directed", backbone, training=training, drop_edge=drop_edge), runs)
    copy = configure("directed", backbone, data={"directed": "no"}, training=training, drop_edge=drop_edge)
    assert directed != lines(copy, runs)
    assert lines(copy, runs) == lines(configure("plain", backbone, training=training, drop_edge=drop_edge), runs)


def test_the_record_has_the_weights_and_the_direction_that_were_used(runs: Path, tmp_path: Path) -> None:
    config = configure("weighted", "gcn")
    graph, record = load_graph(config.data), load_or_run(config, runs=runs, progress=False)
    assert graph.edge_weight is not None
    assert record.graph["edge_weight"].values.tolist() == graph.edge_weight.tolist()
    directed = configure("directed", "dirgnn")
    arcs, other = load_graph(directed.data).arcs, load_or_run(directed, runs=runs, progress=False)
    kept = other.graph["edge_index"].values[:, other.graph["is_arc"].values == 1]
    assert arcs is not None
    assert kept.tolist() == arcs.tolist()
    assert find_problems(record.folder) == find_problems(other.folder) == []
    export_records([record, other], "csv", tmp_path / "tables")
    rows = pd.read_csv(tmp_path / "tables" / "edges.csv").groupby("run")
    assert rows["edge_weight"].sum()[record.id] == pytest.approx(float(graph.edge_weight.sum()), rel=1e-6)
    assert rows["is_arc"].sum()[other.id] == arcs.shape[1]


def test_mlp_needs_no_edges_and_so_no_way_out(runs: Path) -> None:
    assert lines(configure("weighted", "mlp"), runs) == lines(configure("plain", "mlp"), runs)
    assert lines(configure("directed", "mlp"), runs) == lines(configure("plain", "mlp"), runs)


@pytest.mark.parametrize("training", [{}, {"batch_size": 3}])
def test_datasets_of_graphs_carry_weights(runs: Path, training: dict[str, int]) -> None:
    weighted = configure("many", "gcn", training=training)
    assert weighted.data.task == "graph-classification"
    dropped = configure("many", "gcn", data={"weights": "drop"}, training=training)
    assert lines(weighted, runs) != lines(dropped, runs)


def test_what_a_backbone_cannot_use_is_refused() -> None:
    with pytest.raises(UsageError, match=r"'gat' can't use the edge weights that 'own:weighted' has; .*--weights drop"):
        configure("weighted", "gat")
    with pytest.raises(UsageError, match=r"'gcn' can't use the direction that 'own:directed' has; .*--directed no"):
        configure("directed", "gcn")


def loaded(config: RunConfig) -> tuple[Graph, GNN]:
    graph = load_graph(config.data)
    torch.manual_seed(0)
    return graph, GNN(graph.num_features, graph.num_classes, config.model).eval()


@pytest.mark.parametrize(
    ("name", "backbone"), [*(("directed", name) for name in DIRECTED), *(("weighted", name) for name in WEIGHTED)]
)
def test_samples_of_all_neighbours_give_what_the_whole_graph_gives(name: str, backbone: str) -> None:
    config = configure(name, backbone, training={"batch_size": 5, "neighbors": NODES})
    graph, model = loaded(config)
    split = make_split(graph, config.data.split, 0)
    # Where degrees of the rim count, too, hops for the whole component.
    hops = config.model.layers if backbone in {"dirgnn", "sage"} else NODES
    batches = batches_of(config.replace(model=config.model.replace(layers=hops)), graph, split)
    assert batches is not None
    parts, whole, seen = list(batches(1)), model(*inputs_of(config, graph)), []
    for part in parts:
        seeds = part.inputs[1].nodes[part.seeds]
        torch.testing.assert_close(model(*part.inputs)[part.seeds], whole[seeds], rtol=1e-4, atol=1e-5)
        seen += seeds.tolist()
    assert sorted(seen) == split.train.tolist()


def test_batches_of_graphs_give_what_the_whole_dataset_gives() -> None:
    config = configure("many", "gcn", training={"batch_size": 3})
    graph, model = loaded(config)
    split = make_split(graph, config.data.split, 0)
    batches = batches_of(config, graph, split)
    assert batches is not None
    whole = model(*inputs_of(config, graph))
    for part in batches(1):
        graphs = graph.graph_of_node[part.inputs[1].nodes].unique()  # type: ignore[index]
        torch.testing.assert_close(model(*part.inputs), whole[graphs], rtol=1e-5, atol=1e-6)
        assert part.inputs[1].edge_weight is not None


@pytest.mark.parametrize("training", [{}, {"batch_size": 8, "neighbors": 3}])
@pytest.mark.parametrize("name", ["plain", "many"])
def test_normalized_features_reach_the_record(runs: Path, name: str, training: dict[str, int]) -> None:
    training = {key: value for key, value in training.items() if name != "many" or key == "batch_size"}
    raw = configure(name, "gcn", training=training)
    normalized = configure(name, "gcn", data={"features": "row-normalized"}, training=training)
    assert differing([raw, normalized]) == ["features"]
    assert "--features row-normalized" in run_command(normalized)
    assert raw.run_id != normalized.run_id
    assert lines(raw, runs) != lines(normalized, runs)
