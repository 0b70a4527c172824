"""The one place that knows the whole making wing: data, model, training, recording."""

from collections.abc import Iterator
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch import Tensor

from cna_viz.config import DataConfig, RunConfig
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import Graph, Split
from cna_viz.data.splits import make_split
from cna_viz.errors import UsageError
from cna_viz.models.backbones import get_backbone, prepare_features, prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.nn.communities import louvain
from cna_viz.nn.slots import SlotContext
from cna_viz.recording.environment import describe_environment, peak_memory_mib
from cna_viz.recording.gradient_norms import BatchGradients
from cna_viz.recording.make_recorder import make_recorder
from cna_viz.recording.recorder import Recorder
from cna_viz.recording.taps import TapModules
from cna_viz.records.writer import RecordWriter
from cna_viz.training.freed_memory import keep_freed_memory
from cna_viz.training.loop import Batches, Callback, Outcome, fit
from cna_viz.training.sampler import NeighborBatches
from cna_viz.training.step import TrainingBatch, loss_of


def prepare(config: RunConfig, data: Path | None, graphs: dict[DataConfig, Graph]) -> tuple[Graph, Split]:
    """Load the graph and make the split, and check what can only be checked with them.

    Args:
        config: The run.
        data: Data root.
        graphs: Graphs loaded so far; a new one is added, so that many runs share one.

    Raises:
        UsageError: When there are more clusters than nodes, or the dataset has no such split.
        DataError: When the dataset can't be had.
    """
    if config.data not in graphs:
        graphs[config.data] = load_graph(config.data, data)
    graph = graphs[config.data]
    if config.model.uses_clusters and config.model.clusters > graph.num_nodes:
        raise UsageError(
            f"clusters = {config.model.clusters} is out of range: it must be at most {graph.num_nodes}, "
            f"the number of nodes of {graph.name}"
        )
    return graph, make_split(graph, config.data.split, config.split_seed)


def train(config: RunConfig, graph: Graph, split: Split, folder: Path, callbacks: list[Callback]) -> None:
    """Train one run and write its record to ``folder``, which must not exist.

    The random state of the caller is left as it was.
    """
    keep_freed_memory()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    environment = describe_environment(str(device), torch.get_num_threads())
    with torch.random.fork_rng(), RecordWriter(folder, config, environment) as writer:
        torch.manual_seed(config.seed)
        writer.graph(_graph_tensors(graph, split))
        context = SlotContext(
            partition=_partition(config, graph),
            num_nodes=graph.num_nodes,
            mini_batches=config.training.batch_size is not None,
        )
        graph = graph.to(device)
        model = GNN(graph.num_features, graph.num_classes, config.model, context).to(device)
        x = prepare_features(config.model.backbone, graph.x)
        inputs = (x, prepare_graph(config.model.backbone, graph.edge_index, graph.num_nodes))
        parts = {name: index.to(device) for name, index in split.items()}
        batches = _batches(config, graph, split)
        recorder = recorder_of(config, graph, model, inputs, writer, parts["train"], batches)
        outcome = fit(model, inputs, graph.y, parts, config.training, [recorder, *callbacks], batches)
        writer.seal(_summary(outcome, sum(p.numel() for p in model.parameters()), split))


def recorder_of(
    config: RunConfig,
    graph: Graph,
    model: GNN,
    inputs: tuple[Any, ...],
    writer: RecordWriter,
    train: Tensor,
    batches: Batches | None = None,
) -> Recorder:
    """Return what records the training of a model.

    Args:
        config: The run.
        graph: Its graph.
        model: The model.
        inputs: What it is called with on the whole graph.
        writer: Takes what is kept.
        train: Training nodes, whose loss has the gradients that are measured.
        batches: Gives the batches of an epoch, where there are some; gradients are those of the first.
    """
    whole, taps = TrainingBatch(inputs, graph.y, train), TapModules(model.taps())
    asked = "gradient_norm" in config.recording.measures
    slots, convs = (dict(enumerate(modules, start=1)) for modules in (model.slots, model.convs))
    return make_recorder(
        model,
        lambda: model(*inputs),
        taps,
        slots=slots,
        convs=convs,
        loss=partial(loss_of, batch=whole) if asked and batches is None else None,
        gradients=_batch_gradients(model, taps, batches) if asked and batches is not None else None,
        x=graph.x,
        edge_index=graph.edge_index,
        y=graph.y,
        config=config.recording,
        seed=config.seed,
        writer=writer,
    )


def _batch_gradients(model: GNN, taps: TapModules, batches: Batches) -> BatchGradients:
    def loss(epoch: int) -> Tensor:
        batch = next(iter(batches(max(1, epoch))))
        return loss_of(model(*batch.inputs), batch)

    return BatchGradients(model, taps, loss)


def _partition(config: RunConfig, graph: Graph) -> Tensor | None:
    """Return the cluster of every node for slots whose clusters come from classes or from the graph."""
    assignment = config.model.factors.get("assignment")
    if assignment == "communities":
        return louvain(graph.edge_index, graph.num_nodes, config.model.clusters, seed=config.seed)
    return graph.y if assignment == "labels" else None


def _batches(config: RunConfig, graph: Graph, split: Split) -> Batches | None:
    """Return what makes the mini-batches of an epoch; None where an epoch is one step on the whole graph."""
    if config.training.batch_size is None:
        return None
    sampler = NeighborBatches(
        graph.edge_index,
        graph.num_nodes,
        split.train,
        batch_size=config.training.batch_size,
        neighbors=config.training.neighbors,
        hops=get_backbone(config.model.backbone).hops * config.model.layers,
        seed=config.seed,
    )
    device = graph.x.device

    def epoch(number: int) -> Iterator[TrainingBatch]:
        for part in sampler.epoch(number):
            nodes = part.nodes.to(device)
            edges = prepare_graph(config.model.backbone, part.edge_index.to(device), len(nodes), nodes)
            yield TrainingBatch((graph.x.index_select(0, nodes), edges), graph.y[nodes], part.seeds.to(device))

    return epoch


def _graph_tensors(graph: Graph, split: Split) -> dict[str, np.ndarray[Any, Any]]:
    split_of_node = np.zeros(graph.num_nodes, dtype=np.int8)
    for number, (_, index) in enumerate(split.items(), start=1):
        split_of_node[index.numpy()] = number
    return {
        "target": graph.y.numpy(),
        "split_of_node": split_of_node,
        "degree": graph.degree().numpy(),
        "edge_index": graph.edge_index.numpy(),
    }


def _summary(outcome: Outcome, parameters: int, split: Split) -> dict[str, Any]:
    return {
        "status": outcome.status,
        "accuracy": outcome.best.accuracy,
        "best_epoch": outcome.best_epoch,
        "epochs": outcome.epochs,
        "seconds_per_epoch": median(outcome.seconds) if outcome.seconds else None,
        "parameters": parameters,
        "split_seed": split.seed,
        "split_sizes": {name: len(index) for name, index in split.items()},
        "peak_memory_mib": peak_memory_mib(),
        "warnings": [outcome.message] if outcome.message else [],
    }
