"""Train runs into their folders: data, model, training and recording come together here."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import Tensor

from cna_viz.config import DataConfig, RunConfig
from cna_viz.data.content import content_digest
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import Graph, Split
from cna_viz.data.splits import make_split
from cna_viz.errors import UsageError
from cna_viz.experiments.attempts import forget_attempts, set_aside
from cna_viz.experiments.batches import batches_of, inputs_of
from cna_viz.experiments.tasks import cost
from cna_viz.experiments.trained import check_content
from cna_viz.models.gnn import GNN
from cna_viz.nn.communities import louvain
from cna_viz.nn.slots import SlotContext
from cna_viz.progress import bar
from cna_viz.recording.environment import describe_environment, peak_memory_mib
from cna_viz.recording.gradient_norms import BatchGradients
from cna_viz.recording.graph_tensors import graph_tensors
from cna_viz.recording.recorder import Recorder, make_recorder
from cna_viz.recording.taps import TapModules
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.writing.lock import record_lock
from cna_viz.records.writing.writer import RecordWriter
from cna_viz.training.loop import Batches, Callback, EpochBar, Outcome, fit
from cna_viz.training.objective import CLASSIFICATION, Objective, make_objective
from cna_viz.training.step import TrainingBatch, keep_freed_memory, loss_of


def prepare(config: RunConfig, data: Path | None, graphs: dict[DataConfig, Graph]) -> tuple[Graph, Split]:
    """Load the graph, make the split, and check the config against them.

    A new graph is added to ``graphs``, so that many runs share one.

    Raises:
        UsageError: When there are more clusters than nodes, or the dataset has no such split.
        DataError: When the dataset can't be found, downloaded or read.
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
    """Train one run and write its record to ``folder``, which must not exist; the caller's random state stays."""
    keep_freed_memory()
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    environment = describe_environment(str(device), torch.get_num_threads()) | _identity(config, graph)
    with torch.random.fork_rng(), RecordWriter(folder, config, environment) as writer:
        torch.manual_seed(config.seed)
        writer.graph(graph_tensors(graph, dict(split.items())))
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
        clip = not config.data.dataset.startswith("ogbn")  # as the released code
        outcome = fit(model, inputs, graph.target, parts, config.training, callbacks, batches, objective, clip=clip)
        writer.seal(_summary(outcome, config.metric, sum(p.numel() for p in model.parameters()), split))


def train_missing(configs: Sequence[RunConfig], runs: Path, data: Path | None, *, progress: bool) -> None:
    """Train every config that has no record yet; arguments and errors as in ``load_or_run_all``."""
    # All graphs and splits first: impossible runs are refused before hours are spent on the others.
    graphs: dict[DataConfig, Graph] = {}
    prepared = [(config, *prepare(config, data, graphs)) for config in configs]
    with bar(sum(map(cost, configs)), "training", unit=" layer-epochs", disable=not progress) as progress_bar:
        for number, (config, graph, split) in enumerate(prepared, start=1):
            model = config.model
            progress_bar.set_description(
                f"run {number}/{len(configs)}: {model.backbone} + {model.slot}, {model.layers} layers"
            )
            before, callbacks = progress_bar.n, [EpochBar(progress_bar, weight=model.layers)]
            train_unless_complete(config, graph, split, runs / config.run_id, callbacks)
            # The bar counts the epochs that early stopping saved as done.
            progress_bar.update(cost(config) - (progress_bar.n - before))


def train_unless_complete(
    config: RunConfig,
    graph: Graph,
    split: Split,
    folder: Path,
    callbacks: Sequence[Callback] = (),
    *,
    wait: bool = True,
) -> None:
    """Train a run into the folder of its record unless there is a finished one.

    Raises:
        filelock.Timeout: When another process trains it and ``wait`` is false.
        RecordError: When files that no run wrote lie where the record belongs.
    """
    with record_lock(folder).acquire(timeout=-1 if wait else 0):
        if is_complete(folder):
            check_content(config, folder, graph.content or None)
            return
        set_aside(folder)
        train(config, graph, split, folder, list(callbacks))
        forget_attempts(folder)


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
    """Return the recorder of a training.

    ``inputs`` are those of the whole graph, ``train`` the training rows, for whose loss gradients are measured; where
    batches are samples, gradients are those of the first.
    """
    whole, taps = TrainingBatch(inputs, graph.target, train), TapModules(model.taps())
    asked = "gradient_norm" in config.recording.measures
    # All training graphs in one batch are no sample: their loss comes from a pass over all graphs, so that slots
    # normalize over all of them, as in every evaluation.
    sampled = batches is not None and (graph.graph_of_node is None or config.training.batch_size is not None)
    slots, convs = (dict(enumerate(modules, start=1)) for modules in (model.slots, model.convs))

    def batch_loss(epoch: int) -> Tensor:
        assert batches is not None
        batch = next(iter(batches(max(1, epoch))))
        return loss_of(model(*batch.inputs), batch, objective)

    def predict(output: Tensor) -> Tensor:
        """Return the prediction for every node, or for the graph of every node."""
        found = objective.prediction(output)
        return found if graph.graph_of_node is None else found[graph.graph_of_node]

    return make_recorder(
        model,
        lambda: model(*inputs),
        taps,
        slots=slots,
        convs=convs,
        loss=partial(loss_of, batch=whole, objective=objective) if asked and not sampled else None,
        gradients=BatchGradients(model, taps, batch_loss) if asked and sampled else None,
        predict=predict,
        graph=graph,
        config=config.recording,
        seed=config.seed,
        writer=writer,
    )


def _partition(config: RunConfig, graph: Graph) -> Tensor | None:
    """Return the cluster of every node where clusters are communities or classes; unlabelled nodes are one more."""
    assignment = config.model.factors.get("assignment")
    if assignment == "communities":
        edges, weight = graph.edge_index, graph.edge_weight
        return louvain(edges, graph.num_nodes, config.model.clusters, seed=config.seed, edge_weight=weight)
    return torch.where(graph.y < 0, graph.num_classes, graph.y) if assignment == "labels" else None


def _identity(config: RunConfig, graph: Graph) -> dict[str, Any]:
    """Return what a record states of the data: its digest, and the names of the graph and of classes that have any."""
    names = {"class_names": list(graph.class_names)} if graph.class_names else {}
    label = {"graph": config.data.own.name} if config.data.own is not None else {}
    return {"content": graph.content or content_digest(graph), **label, **names}


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
