"""Training callback that measures the layers and writes the record."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from torch import nn

from cna_viz.config import RecordingConfig, vocabulary
from cna_viz.data.graph import Graph
from cna_viz.measures import EdgeList, FeatureMeasurer
from cna_viz.measures.norm import weight_norm
from cna_viz.nn.communities import louvain
from cna_viz.recording.cluster_measures import ClusterMeasurer
from cna_viz.recording.gradient_norms import GradientNorms
from cna_viz.recording.probe import Forward, Loss, Observation, Predict, Probe, as_layers, most_likely, numbers
from cna_viz.recording.taps import Taps
from cna_viz.records.writing.writer import RecordWriter
from cna_viz.training.objective import Scores


@dataclass(eq=False)
class Recorder:
    """Writes one line per epoch; measures the layers and keeps snapshots at the epochs that are due.

    Attributes:
        convs: Convolutions by layer, for the norm of their weights.
        gradients: Gradient norms that the probe can't measure; None if it can, or if none are wanted.
    """

    probe: Probe
    clusters: ClusterMeasurer
    convs: Mapping[int, nn.Module]
    gradients: GradientNorms | None
    writer: RecordWriter
    config: RecordingConfig

    def __post_init__(self) -> None:
        self._measured: dict[int, dict[str, Any]] = {}
        self._kept: set[int] = set()
        self._clock = time.perf_counter()

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        """Write the line of this epoch with its measures and, if due, its snapshot."""
        self.close(epoch, lambda seen: {"loss": scores.loss, **scores.values}, last=last)

    def on_selected(self, epoch: int) -> Observation | None:
        """Write the measures of the selected model, and its snapshot unless its epoch already has one.

        Returns what was seen where it was looked at again.
        """
        self.clusters.forget()  # the last clusters belong to a later epoch
        snapshot = self.config.snapshots != "none" and epoch not in self._kept
        seen = self._observe(epoch, snapshot=snapshot) if snapshot or epoch not in self._measured else None
        self.writer.selected(epoch, self._measured[epoch])
        return seen

    def close(self, epoch: int, scores: Callable[[Observation | None], Mapping[str, Any]], *, last: bool) -> None:
        """Write the line of an epoch, with the scores by split given its observation, if due."""
        if self.gradients is not None:
            self.gradients.close(epoch, following=self._is_due(epoch + 1))
        snapshot, seen = snapshot_due(self.config.snapshots, epoch, last=last), None
        if last or self._is_due(epoch):
            seen = self._observe(epoch, snapshot=snapshot)
        now = time.perf_counter()
        line = {"epoch": epoch, **scores(seen)} | ({"layers": self._measured[epoch]} if seen else {})
        self.writer.epoch(line, now - self._clock)
        self._clock = now
        # Only the selected epoch is asked for again, and it can be measured again.
        self._measured = {epoch: self._measured[epoch]} if seen else {}

    def _is_due(self, epoch: int) -> bool:
        return epoch % self.config.every == 0 or snapshot_due(self.config.snapshots, epoch, last=False)

    def _observe(self, epoch: int, *, snapshot: bool) -> Observation:
        if snapshot:
            with self.writer.stream(epoch, self.probe.tensor_names()) as stream:
                seen = self.probe.look(stream)
            self._kept.add(epoch)
        else:
            seen = self.probe.look()
        table = dict(seen.measures)
        if self.gradients is not None:
            table["gradient_norm"] = dict(self.gradients.norms(epoch))
        if "weight_norm" in self.config.measures:
            table["weight_norm"] = {(layer, "conv"): weight_norm(conv) for layer, conv in self.convs.items()}
        read = numbers(table)
        for name, values in self.clusters(seen.labels).items():
            read[name] = {(layer, "slot"): value for layer, value in values.items()}
        self._measured[epoch] = as_layers(read, max(layer for layer, _ in self.probe.taps.keys))
        return seen


def make_recorder(
    model: nn.Module,
    forward: Forward,
    taps: Taps,
    *,
    slots: Mapping[int, nn.Module],
    convs: Mapping[int, nn.Module],
    loss: Loss | None,
    gradients: GradientNorms | None,
    graph: Graph,
    config: RecordingConfig,
    seed: int,
    writer: RecordWriter,
    predict: Predict | None = most_likely,
) -> Recorder:
    """Return the recorder of a model and its graph; slots and convolutions are given by layer.

    The probe measures the gradient norms of ``loss``, if given; otherwise ``gradients`` is their source, if they are
    wanted. ``seed`` is that of sampling measures and of the communities, which alone use the weights of edges.
    """
    nodes, edges = graph.num_nodes, graph.edge_index
    names = [name for name in config.measures if name in vocabulary.FEATURE_MEASURES]
    y, inputs = graph.classes if graph.num_classes else None, graph.x if graph.num_features else None
    measurer = FeatureMeasurer(names, EdgeList.from_edge_index(edges, nodes), y, inputs, seed=seed)
    partitions = {} if y is None else {"classes": y}
    if any(name.endswith("_communities") for name in config.measures):
        partitions["communities"] = louvain(edges, nodes, nodes, seed=seed, edge_weight=graph.edge_weight)
    probe = Probe(model, forward, taps, slots, measurer, nodes, config, loss, predict)
    return Recorder(probe, ClusterMeasurer(config.measures, partitions), convs, gradients, writer, config)


def snapshot_due(kind: str, epoch: int, *, last: bool) -> bool:
    """Whether an epoch has a snapshot, by kind: ``log`` (0, 1, 10, 100 …, last), ``ends`` (0) or ``none``.

    The selected epoch, unknown in advance, always has one unless the kind is ``none``.
    """
    return (kind != "none" and epoch == 0) or (kind == "log" and (last or str(epoch).strip("0") == "1"))
