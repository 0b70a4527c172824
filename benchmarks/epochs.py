"""One training step and one evaluation of all splits, as an arm of a comparison."""

from collections.abc import Callable
from contextlib import ExitStack
from itertools import count
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch_geometric.data import Data
from torch_geometric.nn.models import GCN

from benchmarks.timing import WARM_UP
from cna_viz.config import ModelConfig, RunConfig, TrainingConfig
from cna_viz.data.graph import Graph
from cna_viz.experiments.train import recorder_of
from cna_viz.models.backbones import prepare_features, prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.recording.watch import watch
from cna_viz.records.writing.writer import RecordWriter
from cna_viz.training.objective import Scores, evaluate
from cna_viz.training.step import TrainingBatch, adam, step


def epoch(model: nn.Module, inputs: tuple[Any, ...], target: Tensor) -> Callable[[], Scores]:
    """Return an epoch of ``model``."""
    splits, optimizer = split(target), adam(model, TrainingConfig())
    batch = TrainingBatch(inputs, target, splits["train"])

    def run() -> Scores:
        step(model, batch, optimizer)
        return evaluate(model, inputs, target, splits)

    return run


def split(target: Tensor) -> dict[str, Tensor]:
    """Return half of the nodes for training, a quarter each for validation and test."""
    nodes = len(target)
    order = torch.randperm(nodes, generator=torch.Generator().manual_seed(0)).to(target.device)
    return {"train": order[: nodes // 2], "val": order[nodes // 2 : 3 * nodes // 4], "test": order[3 * nodes // 4 :]}


def ours(graph: Graph, slot: str, *, layers: int, hidden: int, clusters: int) -> Callable[[], Scores]:
    """Return an epoch of this library's GCN with a slot."""
    torch.manual_seed(0)
    config = ModelConfig(slot=slot, layers=layers, hidden=hidden, clusters=clusters)
    model = GNN(graph.num_features, graph.num_classes, config).to(graph.x.device)
    edges = prepare_graph("gcn", graph.edge_index, graph.num_nodes, edge_weight=graph.edge_weight)
    return epoch(model, (prepare_features("gcn", graph.x), edges), graph.y)


def recorded(
    graph: Graph, slot: str, folder: Path, *, epochs: int, layers: int, hidden: int, clusters: int
) -> tuple[Callable[[], None], Callable[[], None]]:
    """Return the same epoch with the default recording, and the recording at the end of a run.

    The first calls warm up; ``epochs`` calls follow, from the untrained network to the last epoch.
    """
    torch.manual_seed(0)
    config = RunConfig(model=ModelConfig(slot=slot, layers=layers, hidden=hidden, clusters=clusters))
    model = GNN(graph.num_features, graph.num_classes, config.model).to(graph.x.device)
    inputs = (prepare_features("gcn", graph.x), prepare_graph("gcn", graph.edge_index, graph.num_nodes))
    writer = RecordWriter(folder / config.run_id, config, {})
    recorder = recorder_of(config, graph, model, inputs, writer, split(graph.y)["train"])
    train, numbers = epoch(model, inputs, graph.y), count(-WARM_UP)

    def run() -> None:
        scores, number = train(), next(numbers)
        if number >= 0:
            recorder.on_epoch(number, scores, last=number == epochs - 1)
        else:
            recorder.probe.look()

    def select() -> None:
        recorder.on_selected(epochs // 2 + 1)

    writer.__enter__()
    return run, select


def watched(graph: Graph, runs: Path, stack: ExitStack, *, every: int, layers: int, hidden: int) -> Callable[[], None]:
    """Return an epoch of PyG's GCN in a loop of its own, watched; ``every`` 0 is the loop alone."""
    torch.manual_seed(0)
    model = GCN(graph.num_features, hidden, layers, graph.num_classes).to(graph.x.device)
    optimizer, train = torch.optim.Adam(model.parameters()), split(graph.y)["train"]
    data = Data(x=graph.x, edge_index=graph.edge_index, y=graph.y)
    watch_of = watch(model, data, runs=runs, every=max(1, every), snapshots="ends", quiet=True)
    record = stack.enter_context(watch_of) if every else None

    def run() -> None:
        model.train()
        optimizer.zero_grad()
        F.cross_entropy(model(data.x, data.edge_index)[train], data.y[train]).backward()
        optimizer.step()
        if record is not None:
            record.epoch()

    return run


def pyg(graph: Graph, *, layers: int, hidden: int) -> Callable[[], Scores]:
    """Return an epoch of PyG's own GCN with ReLU, called as in its documentation."""
    torch.manual_seed(0)
    model = GCN(graph.num_features, hidden, layers, graph.num_classes).to(graph.x.device)
    return epoch(model, (graph.x, graph.edge_index), graph.y)
