"""The one place that knows the whole making wing: data, model, training, recording."""

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
from cna_viz.experiments.batches import batches_of, inputs_of
from cna_viz.models.gnn import GNN
from cna_viz.nn.communities import louvain
from cna_viz.nn.slots import SlotContext
from cna_viz.recording.environment import describe_environment, peak_memory_mib
from cna_viz.recording.gradient_norms import BatchGradients
from cna_viz.recording.make_recorder import make_recorder
from cna_viz.recording.recorder import Recorder
from cna_viz.recording.taps import TapModules
from cna_viz.records.writing.writer import RecordWriter
from cna_viz.training.loop import Batches, Callback, Outcome, fit
from cna_viz.training.objective import CLASSIFICATION, Objective, make_objective
from cna_viz.training.step import TrainingBatch, keep_freed_memory, loss_of


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
            mini_batches=config.training.batch_size is not None or graph.graph_of_node is not None,
        )
        graph = graph.to(device)
        model = GNN(graph.num_features, graph.num_classes or 1, config.model, context).to(device)
        inputs = inputs_of(config, graph)
        parts = {name: index.to(device) for name, index in split.items()}
        batches, objective = batches_of(config, graph, split), make_objective(graph.target, config.metric)
        recorder = recorder_of(config, graph, model, inputs, writer, parts["train"], batches, objective)
        callbacks = [recorder, *callbacks]
        outcome = fit(model, inputs, graph.target, parts, config.training, callbacks, batches, objective)
        writer.seal(_summary(outcome, config.metric, sum(p.numel() for p in model.parameters()), split))


def recorder_of(
    config: RunConfig,
    graph: Graph,
    model: GNN,
    inputs: tuple[Any, ...],
    writer: RecordWriter,
    train: Tensor,
    batches: Batches | None = None,
    objective: Objective = CLASSIFICATION,
) -> Recorder:
    """Return what records the training of a model.

    Args:
        config: The run.
        graph: Its graph.
        model: The model.
        inputs: What it is called with on the whole graph.
        writer: Takes what is kept.
        train: Training rows, whose loss has the gradients that are measured.
        batches: Gives the batches of an epoch, where there are some; gradients are those of the first, where they are
            samples.
        objective: Loss and scores.
    """
    whole, taps = TrainingBatch(inputs, graph.target, train), TapModules(model.taps())
    asked = "gradient_norm" in config.recording.measures
    # All training graphs in one batch are no sample: their loss is taken in a pass over all graphs, in which slots that
    # normalize by what they see see the others, too, as in every evaluation.
    sampled = batches is not None and (graph.graph_of_node is None or config.training.batch_size is not None)
    slots, convs = (dict(enumerate(modules, start=1)) for modules in (model.slots, model.convs))
    return make_recorder(
        model,
        lambda: model(*inputs),
        taps,
        slots=slots,
        convs=convs,
        loss=partial(loss_of, batch=whole, objective=objective) if asked and not sampled else None,
        gradients=_batch_gradients(model, taps, batches, objective) if asked and sampled and batches else None,
        predict=partial(_prediction_of_nodes, objective, graph.graph_of_node),
        x=graph.x,
        edge_index=graph.edge_index,
        y=graph.classes,
        config=config.recording,
        seed=config.seed,
        writer=writer,
    )


def _prediction_of_nodes(objective: Objective, graph_of_node: Tensor | None, output: Tensor) -> Tensor:
    """Return what the network answers for every node: for its graph, where the answers are those of graphs."""
    answer = objective.prediction(output)
    return answer if graph_of_node is None else answer[graph_of_node]


def _batch_gradients(model: GNN, taps: TapModules, batches: Batches, objective: Objective) -> BatchGradients:
    def loss(epoch: int) -> Tensor:
        batch = next(iter(batches(max(1, epoch))))
        return loss_of(model(*batch.inputs), batch, objective)

    return BatchGradients(model, taps, loss)


def _partition(config: RunConfig, graph: Graph) -> Tensor | None:
    """Return the cluster of every node for slots whose clusters come from classes or from the graph."""
    assignment = config.model.factors.get("assignment")
    if assignment == "communities":
        return louvain(graph.edge_index, graph.num_nodes, config.model.clusters, seed=config.seed)
    return graph.y if assignment == "labels" else None


def _graph_tensors(graph: Graph, split: Split) -> dict[str, np.ndarray[Any, Any]]:
    part_of_row = np.zeros(len(graph.target), dtype=np.int8)
    for number, (_, index) in enumerate(split.items(), start=1):
        part_of_row[index.numpy()] = number
    member = None if graph.graph_of_node is None else graph.graph_of_node.numpy()
    tensors = {
        "target": graph.y.numpy(),
        "split_of_node": part_of_row if member is None else part_of_row[member],
        "degree": graph.degree().numpy(),
        "edge_index": graph.edge_index.numpy(),
    }
    return tensors if member is None else tensors | {"graph_of_node": member}


def _summary(outcome: Outcome, metric: str, parameters: int, split: Split) -> dict[str, Any]:
    return {
        "status": outcome.status,
        metric: {},
        **outcome.best.values,
        "best_epoch": outcome.best_epoch,
        "epochs": outcome.epochs,
        "seconds_per_epoch": median(outcome.seconds) if outcome.seconds else None,
        "parameters": parameters,
        "split_seed": split.seed,
        "split_sizes": {name: len(index) for name, index in split.items()},
        "peak_memory_mib": peak_memory_mib(),
        "warnings": [outcome.message] if outcome.message else [],
    }
