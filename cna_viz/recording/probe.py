"""One look at a model: a forward pass in evaluation mode, measured and kept as it goes by."""

from collections.abc import Callable, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn

from cna_viz.config import RecordingConfig, vocabulary
from cna_viz.errors import RecordError
from cna_viz.measures import FeatureMeasurer
from cna_viz.recording.compact import compact, project
from cna_viz.recording.gradient_norms import Backward
from cna_viz.recording.histogram import listen_to_rationals
from cna_viz.recording.slot_state import label_taps, slot_tensors
from cna_viz.recording.taps import Key, TapModules, Taps, listen
from cna_viz.recording.undisturbed import undisturbed
from cna_viz.records.schema import LAYER_VARIABLES, tensor_name
from cna_viz.records.writing.writer import SnapshotStream

Forward = Callable[[], Tensor]
"""Runs the model on the whole graph and returns its output, ``[nodes, classes]`` where nodes are classified."""
Predict = Callable[[Tensor], Tensor]
"""Turns the output into what is answered for every node, ``[nodes]``."""
Loss = Callable[[Tensor], Tensor]
"""Returns the loss of an output, a scalar."""


def most_likely(output: Tensor) -> Tensor:
    """Return the class with the highest logit for every row, int32."""
    return output.argmax(dim=1).to(torch.int32)


@dataclass
class Look:
    """What a look at a model found.

    Attributes:
        measures: Scalar tensor by measure and key.
        labels: Cluster of every node by layer, of the slots that cluster.
        output: What the model returned.
    """

    measures: dict[str, dict[Key, Tensor]] = field(default_factory=dict)
    labels: dict[int, Tensor] = field(default_factory=dict)
    output: Tensor = field(default_factory=lambda: torch.empty(0))


class Probe:
    """Looks at a model. Everything is taken where it passes: no more than one layer's features are held.

    With a loss, autograd holds what the way back needs, as in a training step. The model is put into
    evaluation mode for the time, its parameters get no gradient, and the random state is as it was.

    Args:
        model: The model.
        forward: Runs it.
        taps: Its stages.
        slots: Its slots by layer, where they are known; clusters and rationals are found in them.
        measurer: Measures features.
        nodes: Number of nodes: the rows that features must have.
        config: What is kept.
        loss: Loss of the training, whose gradient is measured on the way back; None to go one way only.
        predict: What is kept of the output.
    """

    def __init__(
        self,
        model: nn.Module,
        forward: Forward,
        taps: Taps,
        slots: Mapping[int, nn.Module],
        measurer: FeatureMeasurer,
        nodes: int,
        config: RecordingConfig,
        loss: Loss | None = None,
        predict: Predict = most_likely,
    ) -> None:
        self.model, self.forward, self.taps, self.slots = model, forward, taps, dict(slots)
        self.measurer, self.nodes, self.config, self.loss, self.predict = measurer, nodes, config, loss, predict
        self._label_taps = TapModules(label_taps(self.slots))
        self._widths: dict[Key, int] = {}

    def tensor_names(self) -> list[str]:
        """Return the names of the tensors that a snapshot can have."""
        slots = [tensor_name(variable, layer) for layer in self.slots for variable in LAYER_VARIABLES]
        return ["prediction", *(tensor_name("embedding", *key) for key in self.taps.keys), *slots]

    def look(self, stream: SnapshotStream | None = None) -> Look:
        """Run the model once and return what was found; with a stream, write a snapshot to it.

        Raises:
            RecordError: When a layer has another number of nodes than the graph or other channels than before, or is
                not called any more.
        """
        found, passed, backward = Look(), set[Key](), Backward()

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

        rationals = nullcontext() if stream is None else listen_to_rationals(self.slots, hear_rational)
        with (
            undisturbed(self.model),
            torch.set_grad_enabled(self.loss is not None),
            listen(self.taps, hear),
            listen(self._label_taps, hear_labels),
            rationals,
        ):
            output = self.forward()
            found.output = output.detach()
            if self.loss is not None:
                backward.run(self.loss(output))
                found.measures["gradient_norm"] = backward.norms
        for layer, stage in sorted(self._widths.keys() - passed):
            raise RecordError(
                f"layer {layer}, stage {stage}: nothing passed it, as if the layer were not called any more; begin a "
                "new record when the model is changed"
            )
        if stream is not None:
            self._write_state(stream, found.output)
        return found

    def _write_state(self, stream: SnapshotStream, output: Tensor) -> None:
        for layer, slot in self.slots.items():
            for name, value in slot_tensors(slot).items():
                stream.add(tensor_name(name, layer), value.cpu().numpy())
        stream.add("prediction", self.predict(output).cpu().numpy())

    def _check(self, key: Key, value: Tensor) -> None:
        layer, stage = key
        if value.dim() != 2 or value.shape[0] != self.nodes:
            raise RecordError(
                f"layer {layer}, stage {stage}: features of shape {tuple(value.shape)}, but the graph has {self.nodes} "
                "nodes: only layers with a row for every node can be recorded; name those with layers="
            )
        width = self._widths.setdefault(key, value.shape[1])
        if value.shape[1] != width:
            raise RecordError(
                f"layer {layer}, stage {stage}: {value.shape[1]} channels where there were {width} before: a record "
                "holds layers that keep their shape; begin a new one when the model is changed"
            )


def numbers(table: Mapping[str, Mapping[Key, Tensor]]) -> dict[str, dict[Key, float]]:
    """Read all scalars with one transfer: reading them one by one would make a GPU wait for each."""
    keys = [(name, key) for name, values in table.items() for key in values]
    scalars = [value.double() for part in table.values() for value in part.values()]
    # Not all are where the model is: a module without weights has a norm on the CPU.
    values = torch.stack([scalar.to(scalars[0].device) for scalar in scalars]).tolist() if scalars else []
    read: dict[str, dict[Key, float]] = {name: {} for name in table}
    for (name, key), value in zip(keys, values, strict=True):
        read[name][key] = value
    return read


def as_layers(table: Mapping[str, Mapping[Key, Any]], layers: int) -> dict[str, dict[str, list[Any]]]:
    """Return values as a record keeps them: by measure and stage, a list with a place for every layer."""
    return {
        name: {stage: [values.get((layer, stage)) for layer in range(1, layers + 1)] for stage in vocabulary.STAGES}
        for name, values in table.items()
    }
