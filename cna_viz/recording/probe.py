"""Observing a model: one forward pass in evaluation mode, measured and written layer by layer."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from cna_viz.config import RecordingConfig, vocabulary
from cna_viz.errors import RecordError
from cna_viz.measures import FeatureMeasurer
from cna_viz.recording.compact import compact, project
from cna_viz.recording.gradient_norms import Backward
from cna_viz.recording.slots import label_taps, listen_to_rationals, slot_tensors
from cna_viz.recording.taps import Key, TapModules, Taps, listen, undisturbed
from cna_viz.records.schema import LAYER_VARIABLES, tensor_name
from cna_viz.records.writing.writer import SnapshotStream

Forward = Callable[[], Tensor]
"""Runs the model on the whole graph and returns its output, ``[nodes, classes]`` for node classification."""
Predict = Callable[[Tensor], Tensor]
"""Turns the output into one prediction per node, ``[nodes]``."""
Loss = Callable[[Tensor], Tensor]
"""Returns the loss of an output, a scalar."""


def most_likely(output: Tensor) -> Tensor:
    """Return the class with the highest logit for every row, int32."""
    return output.argmax(dim=1).to(torch.int32)


@dataclass
class Observation:
    """Measurements of one forward pass: scalar tensors by measure and key, cluster labels by layer, and the output."""

    measures: dict[str, dict[Key, Tensor]] = field(default_factory=dict)
    labels: dict[int, Tensor] = field(default_factory=dict)
    output: Tensor = field(default_factory=lambda: torch.empty(0))


@dataclass(eq=False)
class Probe:
    """Observes a model, holding the features of one layer at a time.

    With a loss, autograd holds what the backward pass needs, as in a training step. The model runs in evaluation mode;
    its parameters get no gradient, and mode and random state are restored.

    Attributes:
        slots: Its slots by layer, if known.
        nodes: Number of nodes, the rows that features must have.
        loss: Training loss, whose gradient norms are measured in a backward pass; None for no backward pass.
        predict: Turns the output into the predictions of a snapshot; None for no predictions.
    """

    model: nn.Module
    forward: Forward
    taps: Taps
    slots: Mapping[int, nn.Module]
    measurer: FeatureMeasurer
    nodes: int
    config: RecordingConfig
    loss: Loss | None = None
    predict: Predict | None = most_likely

    def __post_init__(self) -> None:
        self._label_taps = TapModules(label_taps(self.slots))
        self._widths: dict[Key, int] = {}

    def tensor_names(self) -> list[str]:
        """Return the names of the tensors a snapshot may hold."""
        slots = [tensor_name(variable, layer) for layer in self.slots for variable in LAYER_VARIABLES]
        return [
            *(["prediction"] if self.predict else []),
            *(tensor_name("embedding", *key) for key in self.taps.keys),
            *slots,
        ]

    def look(self, stream: SnapshotStream | None = None) -> Observation:
        """Run the model once and return its measurements; with a stream, write a snapshot to it."""
        found, passed, backward = Observation(), set[Key](), Backward()

        def hear(key: Key, value: Tensor, training: bool) -> None:
            self._check(key, value)
            passed.add(key)
            backward.hear(key, value)
            for name, scalar in self.measurer(value.detach()).items():
                found.measures.setdefault(name, {})[key] = scalar
            if stream is not None:
                kept = compact(project(value.detach(), self.config.project), self.config.precision)
                stream.add(tensor_name("embedding", *key), kept)

        def hear_labels(key: Key, value: Tensor, training: bool) -> None:
            found.labels[key[0]] = value
            if stream is not None:
                stream.add(tensor_name("cluster_label", key[0]), value.to(torch.int32).cpu().numpy())

        def hear_rational(layer: int, counts: Tensor) -> None:
            if stream is not None:
                stream.add(tensor_name("slot_input_histogram", layer), counts.cpu().numpy())

        with (
            undisturbed(self.model),
            torch.set_grad_enabled(self.loss is not None),
            listen(self.taps, hear),
            listen(self._label_taps, hear_labels),
            listen_to_rationals({} if stream is None else self.slots, hear_rational),
        ):
            output = self.forward()
            found.output = output.detach()
            if self.loss is not None:
                backward.run(self.loss(output))
                found.measures["gradient_norm"] = backward.norms
        for stage, layer in sorted((stage, layer) for layer, stage in self._widths.keys() - passed):
            raise RecordError(
                f"layer {layer}, stage {stage}: nothing passed it, as if the layer were no longer called; start a new "
                "record when you change the model"
            )
        if stream is not None:
            for layer, slot in self.slots.items():
                for name, value in slot_tensors(slot).items():
                    stream.add(tensor_name(name, layer), value.cpu().numpy())
            if self.predict is not None:
                stream.add("prediction", self.predict(found.output).cpu().numpy())
        return found

    def _check(self, key: Key, value: Tensor) -> None:
        layer, stage = key
        if value.dim() != 2 or value.shape[0] != self.nodes:
            raise RecordError(
                f"layer {layer}, stage {stage}: features of shape {tuple(value.shape)}, but the graph has {self.nodes} "
                "nodes: only layers with one row per node can be recorded; name them with layers="
            )
        width = self._widths.setdefault(key, value.shape[1])
        if value.shape[1] != width:
            raise RecordError(
                f"layer {layer}, stage {stage}: {value.shape[1]} channels, but {width} before: the layers of a record "
                "keep their shape; start a new record when you change the model"
            )


def numbers(table: Mapping[str, Mapping[Key, Tensor]]) -> dict[str, dict[Key, float]]:
    """Read all scalars in one transfer, so that a GPU waits only once."""
    keys = [(name, key) for name, values in table.items() for key in values]
    scalars = [value.double() for part in table.values() for value in part.values()]
    # Not all are on the device of the model: the norm of a module without weights is on the CPU.
    values = torch.stack([scalar.to(scalars[0].device) for scalar in scalars]).tolist() if scalars else []
    read: dict[str, dict[Key, float]] = {name: {} for name in table}
    for (name, key), value in zip(keys, values, strict=True):
        read[name][key] = value
    return read


def as_layers(table: Mapping[str, Mapping[Key, Any]], layers: int) -> dict[str, dict[str, list[Any]]]:
    """Return values as a record keeps them: by measure and stage, a list with one entry per layer."""
    return {
        name: {stage: [values.get((layer, stage)) for layer in range(1, layers + 1)] for stage in vocabulary.STAGES}
        for name, values in table.items()
    }
