"""Training callback that looks at the model and writes the record."""

import time
from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from cna_viz.config import RecordingConfig
from cna_viz.measures.norm import weight_norm
from cna_viz.recording.cluster_measures import ClusterMeasurer
from cna_viz.recording.gradient_norms import GradientNorms
from cna_viz.recording.probe import Look, Probe, as_layers, numbers
from cna_viz.recording.schedule import snapshot_due
from cna_viz.records.writing.writer import RecordWriter
from cna_viz.training.objective import Scores


class Recorder:
    """Writes a line every epoch, measures of the layers and snapshots where they are due.

    Args:
        probe: Looks at the model.
        clusters: Measures clusters.
        convs: Convolutions by layer, for the norm of their weights.
        gradients: Gives the norms of gradients that the probe does not see; None where there are none.
        writer: Takes lines and snapshots.
        config: How often and how much.
    """

    def __init__(
        self,
        probe: Probe,
        clusters: ClusterMeasurer,
        convs: Mapping[int, nn.Module],
        gradients: GradientNorms | None,
        writer: RecordWriter,
        config: RecordingConfig,
    ) -> None:
        self.probe, self.clusters, self.convs, self.writer, self.config = probe, clusters, dict(convs), writer, config
        self.layers = max(layer for layer, _ in probe.taps.keys)
        self.gradients = gradients
        self._measured: dict[int, dict[str, Any]] = {}
        self._kept: set[int] = set()
        self._clock = time.perf_counter()

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        """Write the line of this epoch with the measures and, where one is due, its snapshot."""
        self.close(epoch, lambda look: {"loss": scores.loss, **scores.values}, last=last)

    def on_selected(self, epoch: int) -> None:
        """Write the measures of the selected model, and its snapshot unless there is one of its epoch already."""
        self.clusters.forget()  # what was clustered last belongs to a later epoch
        if epoch not in self._measured or (self.config.snapshots != "none" and epoch not in self._kept):
            self._look(epoch, snapshot=self.config.snapshots != "none" and epoch not in self._kept)
        self.writer.selected(epoch, self._measured[epoch])

    def close(self, epoch: int, scores: Callable[[Look | None], Mapping[str, Any]], *, last: bool) -> None:
        """Write the line of an epoch, and look at the model where that is due.

        Args:
            epoch: Its number.
            scores: Gives loss and scores by part of the split, from what was seen where the model was looked at.
            last: Whether no other follows.
        """
        if self.gradients is not None:
            self.gradients.close()
        snapshot, look = snapshot_due(self.config.snapshots, epoch, last=last), None
        if snapshot or last or epoch % self.config.every == 0:
            look = self._look(epoch, snapshot=snapshot)
        now = time.perf_counter()
        line = {"epoch": epoch, **scores(look)} | ({"layers": self._measured[epoch]} if look else {})
        self.writer.epoch(line, now - self._clock)
        self._clock = now
        # Only the selected epoch's measures are asked for once more, and those can be measured again.
        self._measured = {epoch: self._measured[epoch]} if look else {}

    def _look(self, epoch: int, *, snapshot: bool) -> Look:
        if snapshot:
            with self.writer.stream(epoch, self.probe.tensor_names()) as stream:
                look = self.probe.look(stream)
            self._kept.add(epoch)
        else:
            look = self.probe.look()
        table = dict(look.measures)
        names = self.config.measures
        if self.gradients is not None:
            table["gradient_norm"] = dict(self.gradients.norms(epoch))
        if "weight_norm" in names:
            table["weight_norm"] = {(layer, "conv"): weight_norm(conv) for layer, conv in self.convs.items()}
        read = numbers(table)
        for name, values in self.clusters(look.labels).items():
            read[name] = {(layer, "slot"): value for layer, value in values.items()}
        self._measured[epoch] = as_layers(read, self.layers)
        return look
