"""Training callback that measures the layers and writes the record."""

import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from cna_viz import vocabulary
from cna_viz.config import RecordingConfig
from cna_viz.measures import FEATURE_MEASURES, EdgeList
from cna_viz.recording.slot_state import label_taps, slot_tensors
from cna_viz.recording.taps import TapListener
from cna_viz.records.schema import tensor_name
from cna_viz.records.writer import RecordWriter
from cna_viz.training.evaluate import Scores

Key = tuple[int, str]

HALF_TOLERANCE = 0.01
"""Share of the differences between rows that storing in float16 may cost."""


class Recorder:
    """Measures every layer and stage each epoch and keeps embeddings at snapshots; a context manager.

    Args:
        taps: Taps by layer (1 … L) and stage.
        slots: Slots by layer; their clusters and rationals are kept with the snapshots.
        edges: The graph the measures use.
        writer: Takes the lines and snapshots.
        config: How often and how much.
    """

    def __init__(
        self,
        taps: Mapping[Key, nn.Module],
        slots: Mapping[int, nn.Module],
        edges: EdgeList,
        writer: RecordWriter,
        config: RecordingConfig,
    ) -> None:
        self.slots, self.edges, self.writer, self.config = dict(slots), edges, writer, config
        self.layers = max(layer for layer, _ in taps)
        self.listener = TapListener({**taps, **label_taps(self.slots)})
        self._kept: set[int] = set()
        self._gradient_norms: dict[int, dict[Key, Tensor]] = {}
        self._clock = time.perf_counter()

    def __enter__(self) -> "Recorder":
        self.listener.__enter__()
        self._clock = time.perf_counter()
        return self

    def __exit__(self, *exception: object) -> None:
        self.listener.__exit__(*exception)

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        """Write the line of this epoch and, where one is due, its snapshot."""
        line: dict[str, Any] = {"epoch": epoch, "loss": scores.loss, "accuracy": scores.accuracy}
        self._gradient_norms[epoch] = _stacked(self.listener.gradient_norms)
        if epoch % self.config.every == 0 or last:
            line["layers"] = self._measure(epoch)
        if self._snapshot_due(epoch, last=last):
            self._write_snapshot(epoch)
        now = time.perf_counter()
        self.writer.epoch(line, now - self._clock)
        self._clock = now

    def on_selected(self, epoch: int) -> None:
        """Write the measures of the selected model, and its snapshot unless there is one of its epoch already."""
        self.writer.selected(epoch, self._measure(epoch))
        if self.config.snapshots != "none" and epoch not in self._kept:
            self._write_snapshot(epoch)

    def _measure(self, epoch: int) -> dict[str, dict[str, list[float | None]]]:
        features = {key: value for key, value in self.listener.values.items() if key[1] in vocabulary.STAGES}
        table = {
            name: {key: measure(x, self.edges) for key, x in features.items()}
            for name, measure in FEATURE_MEASURES.items()
        }
        table["gradient_norm"] = self._gradient_norms.get(epoch, {})
        numbers = _to_numbers(table)
        layers = range(1, self.layers + 1)
        return {
            name: {stage: [numbers.get((name, layer, stage)) for layer in layers] for stage in vocabulary.STAGES}
            for name in table
        }

    def _snapshot_due(self, epoch: int, *, last: bool) -> bool:
        if self.config.snapshots == "none":
            return False
        return epoch == 0 or (self.config.snapshots == "log" and (last or _is_power_of_ten(epoch)))

    def _write_snapshot(self, epoch: int) -> None:
        tensors: dict[str, np.ndarray[Any, Any]] = {}
        for (layer, what), value in self.listener.values.items():
            if what in vocabulary.STAGES:
                tensors[tensor_name("embedding", layer, what)] = _compact(value, self.config.precision)
            else:
                tensors[tensor_name(what, layer)] = value.to(torch.int32).cpu().numpy()
        for layer, slot in self.slots.items():
            tensors |= {tensor_name(name, layer): value.cpu().numpy() for name, value in slot_tensors(slot).items()}
        tensors["prediction"] = self.listener.values[self.layers, "conv"].argmax(dim=1).to(torch.int32).cpu().numpy()
        self.writer.snapshot(epoch, tensors)
        self._kept.add(epoch)


def _stacked(scalars: Mapping[Key, Tensor]) -> dict[Key, Tensor]:
    """Return copies that share one small tensor: kept for every epoch, since any may turn out to be the best."""
    return dict(zip(scalars, torch.stack(list(scalars.values())), strict=True)) if scalars else {}


def _to_numbers(table: Mapping[str, Mapping[Key, Tensor]]) -> dict[tuple[str, int, str], float]:
    """Read all scalars with one transfer: reading them one by one would make a GPU wait for each."""
    keys = [(name, *key) for name, values in table.items() for key in values]
    scalars = [value.double() for values in table.values() for value in values.values()]
    return dict(zip(keys, torch.stack(scalars).tolist(), strict=True)) if scalars else {}


def _is_power_of_ten(epoch: int) -> bool:
    return epoch > 0 and 10 ** (len(str(epoch)) - 1) == epoch


def _compact(value: Tensor, precision: str) -> np.ndarray[Any, Any]:
    """Return the array, in float16 where that is wanted and keeps the differences between the rows.

    Smoothing makes rows alike: what float16 rounds off a layer of nearly equal rows may be all that tells them apart.
    """
    array: np.ndarray[Any, Any] = value.float().cpu().numpy()
    if precision == "float32":
        return array
    with np.errstate(over="ignore", invalid="ignore"):
        half, exact = array.astype(np.float16), array.astype(np.float64)
        lost = np.linalg.norm(exact - half)
        kept = np.linalg.norm(exact - exact.mean(axis=0))
    return half if lost <= HALF_TOLERANCE * kept else array
