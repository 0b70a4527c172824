"""One training step and one evaluation of all parts of the split, as an arm of a comparison."""

from collections.abc import Callable
from itertools import count
from pathlib import Path

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch_geometric.nn.models import GCN

from cna_viz.config import ModelConfig, RunConfig, TrainingConfig
from cna_viz.data.graph import Graph
from cna_viz.experiments.train import recorder_of
from cna_viz.models.backbones import prepare_features, prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.recording.recorder import Recorder
from cna_viz.records.writer import RecordWriter
from cna_viz.training.evaluate import Scores, evaluate
from cna_viz.training.optimizer import adam


def epoch(model: nn.Module, inputs: tuple[object, ...], target: Tensor) -> Callable[[], Scores]:
    """Return an epoch of ``model``: half of the nodes train, a quarter each selects and tests."""
    nodes = len(target)
    order = torch.randperm(nodes, generator=torch.Generator().manual_seed(0)).to(target.device)
    parts = {"train": order[: nodes // 2], "val": order[nodes // 2 : 3 * nodes // 4], "test": order[3 * nodes // 4 :]}
    optimizer = adam(model, TrainingConfig())

    def run() -> Scores:
        model.train()
        optimizer.zero_grad()
        F.cross_entropy(model(*inputs)[parts["train"]], target[parts["train"]]).backward()
        optimizer.step()
        return evaluate(model, inputs, target, parts)  # type: ignore[arg-type]

    return run


def ours(graph: Graph, slot: str, *, layers: int, hidden: int, clusters: int) -> Callable[[], Scores]:
    """Return an epoch of this library's GCN with a slot."""
    torch.manual_seed(0)
    config = ModelConfig(slot=slot, layers=layers, hidden=hidden, clusters=clusters)
    model = GNN(graph.num_features, graph.num_classes, config).to(graph.x.device)
    inputs = (prepare_features("gcn", graph.x), prepare_graph("gcn", graph.edge_index, graph.num_nodes))
    return epoch(model, inputs, graph.y)


def recorded(
    graph: Graph, slot: str, folder: Path, *, layers: int, hidden: int, clusters: int
) -> tuple[Callable[[], None], Recorder]:
    """Return the same epoch with everything that is recorded by default, and the recorder, to be entered before."""
    torch.manual_seed(0)
    config = RunConfig(model=ModelConfig(slot=slot, layers=layers, hidden=hidden, clusters=clusters))
    model = GNN(graph.num_features, graph.num_classes, config.model).to(graph.x.device)
    inputs = (prepare_features("gcn", graph.x), prepare_graph("gcn", graph.edge_index, graph.num_nodes))
    writer = RecordWriter(folder / config.run_id, config, {})
    recorder = recorder_of(config, graph, model, inputs, writer)
    train, numbers = epoch(model, inputs, graph.y), count(1)

    def run() -> None:
        recorder.on_epoch(next(numbers), train(), last=False)

    writer.__enter__()
    return run, recorder


def pyg(graph: Graph, *, layers: int, hidden: int) -> Callable[[], Scores]:
    """Return an epoch of PyG's own GCN with ReLU, called as its documentation does."""
    torch.manual_seed(0)
    model = GCN(graph.num_features, hidden, layers, graph.num_classes).to(graph.x.device)
    return epoch(model, (graph.x, graph.edge_index), graph.y)
