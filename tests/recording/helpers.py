"""Karate and small networks on it, as this library trains them and as other people do."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
import torch.nn.functional as F  # noqa: N812
from torch import Tensor, nn
from torch_geometric.data import Data

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.data.embedded import karate
from cna_viz.data.graph import Graph
from cna_viz.experiments.train import recorder_of
from cna_viz.models.backbones import prepare_graph
from cna_viz.models.gnn import GNN
from cna_viz.nn.cna import CNA
from cna_viz.nn.slots import SlotContext
from cna_viz.recording.recorder import Recorder
from cna_viz.records.record import Record, load_record
from cna_viz.records.writing.writer import RecordWriter
from cna_viz.training.batches import NeighborBatches
from cna_viz.training.loop import Batches, Callback, Outcome, fit
from cna_viz.training.objective import Scores
from cna_viz.training.step import TrainingBatch

LAYERS, CLUSTERS, NODES = 3, 4, 34


class Bench:
    """Karate, a network, a training on it, and a place for its record."""

    def __init__(
        self,
        place: Path,
        slot: str = "cna",
        layers: int = LAYERS,
        dropout: float = 0.0,
        structure: Mapping[str, Any] | None = None,
        **recording: Any,
    ) -> None:
        self.graph: Graph = karate()
        numbers = torch.arange(NODES)
        self.parts = {name: numbers[numbers % 3 == part] for part, name in enumerate(("train", "val", "test"))}
        torch.manual_seed(0)
        kind = {"slot": slot, "layers": layers, "hidden": 8, "dropout": dropout, **(structure or {})}
        model = ModelConfig(recluster_every=2, **kind)
        if model.uses_clusters:
            model = model.replace(clusters=CLUSTERS)
        self.inputs = (self.graph.x, prepare_graph(model.backbone, self.graph.edge_index, NODES))
        self.model = GNN(NODES, 4, model, SlotContext(partition=numbers % CLUSTERS))
        self.config = RunConfig(data=DataConfig(dataset="karate"), model=model, recording=RecordingConfig(**recording))
        self.folder = place / self.config.run_id

    def fit(self, callbacks: Sequence[Callback] = (), batches: Batches | None = None, **training: Any) -> Outcome:
        config = TrainingConfig(**{"epochs": 12, "lr": 0.02, **training})
        return fit(self.model, self.inputs, self.graph.y, self.parts, config, callbacks, batches)

    def recorder(self, writer: RecordWriter, batches: Batches | None = None) -> Recorder:
        return recorder_of(self.config, self.graph, self.model, self.inputs, writer, self.parts["train"], batches)

    def record(self, callbacks: Sequence[Callback] = (), batches: Batches | None = None, **training: Any) -> Outcome:
        """Train and record; the record is opened with :meth:`load`."""
        with RecordWriter(self.folder, self.config, {}) as writer:
            writer.graph(
                {
                    "target": self.graph.y.numpy(),
                    "split_of_node": (torch.arange(NODES) % 3 + 1).to(torch.int8).numpy(),
                    "degree": self.graph.degree().numpy(),
                    "edge_index": self.graph.edge_index.numpy(),
                }
            )
            outcome = self.fit([self.recorder(writer, batches), *callbacks], batches, **training)
            ends = {"best_epoch": outcome.best_epoch, "epochs": outcome.epochs}
            writer.seal({"status": outcome.status, **ends, "warnings": []})
        return outcome

    def load(self) -> Record:
        return load_record(self.folder)

    def batches(self) -> Batches:
        """Return two mini-batches per epoch, as the library draws them."""
        sampler = NeighborBatches(
            self.graph.edge_index, NODES, self.parts["train"], batch_size=6, neighbors=3, hops=LAYERS, seed=0
        )

        def epoch(number: int) -> Any:
            for part in sampler.epoch(number):
                edges = prepare_graph("gcn", part.edge_index, len(part.nodes), part.nodes)
                yield TrainingBatch((self.graph.x[part.nodes], edges), self.graph.y[part.nodes], part.seeds)

        return epoch

    def features(
        self, model: nn.Module | None = None, inputs: tuple[Any, ...] | None = None
    ) -> dict[tuple[int, str], Tensor]:
        """Return what leaves each convolution and slot, without taps; of the model in evaluation mode, if left out."""
        model = self.model.eval() if model is None else model
        x, graph = inputs or self.inputs
        features = {}
        for layer, conv in enumerate(model.convs, start=1):
            x = features[layer, "conv"] = conv(x, graph.edges)
            if layer < len(model.convs):
                slot = model.slots[layer - 1]
                x = features[layer, "slot"] = slot(x, graph.nodes) if isinstance(slot, CNA) else slot(x)
        return features

    def gradient_norms(self, model: nn.Module | None = None, batch: TrainingBatch | None = None) -> dict[str, Any]:
        """Return the norms of the gradients of the training loss in evaluation mode, as they are in a record."""
        batch = batch or TrainingBatch(self.inputs, self.graph.y, self.parts["train"])
        features = self.features((model or self.model).eval(), batch.inputs)
        logits = features[len(self.model.convs), "conv"]
        loss = F.cross_entropy(logits[batch.seeds], batch.target[batch.seeds])
        norms: dict[str, list[Any]] = {"conv": [], "slot": []}
        for (_, stage), gradient in zip(features, torch.autograd.grad(loss, list(features.values())), strict=True):
            norms[stage].append(pytest.approx(float(gradient.norm()), rel=1e-5, abs=0))
        return {**norms, "slot": [*norms["slot"], None]}


def hooks(model: nn.Module) -> int:
    """Count the hooks of all modules."""
    kinds = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")
    return sum(len(getattr(module, kind)) for module in model.modules() for kind in kinds)


class After:
    """A callback that does something after an epoch."""

    def __init__(self, epoch: int, action: Callable[[], object]) -> None:
        self.epoch, self.action = epoch, action

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        if epoch == self.epoch:
            self.action()

    def on_selected(self, epoch: int) -> None:
        pass


# Other people's networks and loops


def karate_data(**changes: Any) -> Data:
    """Return karate as PyG has it, with classes and masks; changes of None leave something out."""
    graph, numbers = karate(), torch.arange(NODES)
    masks = {f"{name}_mask": numbers % 3 == part for part, name in enumerate(("train", "val", "test"))}
    content = {"x": graph.x, "edge_index": graph.edge_index, "y": graph.y, **masks, **changes}
    return Data(**{name: value for name, value in content.items() if value is not None})


Step = Callable[[int], object]


def loop(
    model: nn.Module, data: Data, epochs: int, after: Step = lambda epoch: None, inputs: tuple[Any, ...] | None = None
) -> list[float]:
    """Train a model as people do; ``after`` is called at the end of every epoch."""
    optimizer = torch.optim.Adam(model.parameters(), lr=0.02)
    losses = []
    for epoch in range(1, epochs + 1):
        model.train()
        optimizer.zero_grad()
        output = model(*(inputs or (data.x, data.edge_index)))
        loss = F.cross_entropy(output[data.train_mask], data.y[data.train_mask])
        loss.backward()
        optimizer.step()
        losses.append(float(loss.detach()))
        after(epoch)
    return losses


def states_equal(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two states of a model are equal to the bit."""
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)
