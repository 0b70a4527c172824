"""Record your own network, trained by your own loop."""

import contextlib
import secrets
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from torch import nn

from cna_viz.config import RecordingConfig, RunConfig, vocabulary
from cna_viz.errors import RecordError, UsageError
from cna_viz.recording.environment import describe_environment, peak_memory_mib
from cna_viz.recording.gradient_norms import StepGradients
from cna_viz.recording.probe import Observation
from cna_viz.recording.recorder import Recorder, make_recorder
from cna_viz.recording.watched_data import Scores, WatchedGraph, by_part, read_graph, score
from cna_viz.recording.watched_model import WatchedModel
from cna_viz.records.record import Record, load_record
from cna_viz.records.writing.lock import record_lock
from cna_viz.records.writing.writer import RecordWriter


def watch(
    model: nn.Module,
    data: Any,
    *,
    layers: Sequence[str] | None = None,
    inputs: Sequence[Any] | None = None,
    name: str | None = None,
    dataset: str = "own graph",
    runs: Path | str = "runs",
    every: int = 1,
    measures: Sequence[str] | str = vocabulary.DEFAULT_MEASURES,
    snapshots: str = "log",
    precision: str = "float16",
    project: int | None = None,
    seed: int = 0,
) -> "Watch":
    """Record what every layer of a model does while you train it; a context manager.

        >>> with watch(model, data) as record:
        ...     for epoch in range(100):
        ...         loss = train_one_epoch(model, data)
        ...         record.epoch(loss=loss)
        >>> figures.plot_measure_by_layer([record.load()])

    At every due epoch the model runs once in evaluation mode on the whole graph. This does not disturb the training:
    its numbers are the same with and without. Layers are the calls of PyG's message passing modules in one forward
    pass; the stage ``conv`` is the output of a call, the stage ``slot`` the input of the next. Gradient norms come from
    the backward passes of your loop. The selected model is the one at the end of the context.

    Args:
        model: Returns one row per node. A compiled model (``torch.compile``) is run as the plain model behind it,
            without gradient norms, because compiled code calls no hooks.
        data: PyG's ``Data``, or any object with ``x``, ``edge_index`` and maybe ``y``, ``train_mask`` and so on.
        layers: Names of the modules whose outputs are the layers; found if left out.
        inputs: Inputs of the model; ``(data.x, data.edge_index)`` if left out, or ``(data,)`` for a model with one
            argument. Needed where the data has ``edge_weight`` and the model takes it.
        name: Name of the model in figures; its class if left out.
        dataset: Name of the data in figures.
        runs: Folder of the records.
        every: Number of epochs from one measurement of the layers to the next.
        measures: Names of measures, or ``"all"``.
        snapshots: Epochs at which embeddings are kept: ``log`` (0, 1, 10, 100 …, last), ``ends`` or ``none``.
        precision: ``float16`` or ``float32``.
        project: Keep embeddings with more channels than this as a random projection to this many.
        seed: Seed of your training, to be shown.

    Raises:
        UsageError: When a name is unknown, no layers are found, the data lacks features or edges, or only the caller
            knows whether the model is given edge weights.
        RecordError: When a layer has no row per node or changes its shape, or the record can't be written.
    """
    recording = RecordingConfig.model_validate(
        {"every": every, "measures": measures, "snapshots": snapshots, "precision": precision, "project": project}
    )
    graph = read_graph(data)
    watched = WatchedModel(model, data, inputs, layers)
    config = RunConfig.model_validate(
        {
            "watched": {
                "name": name or watched.name,
                "model": watched.name,
                "dataset": dataset,
                "layers": len(watched.convs),
                "key": secrets.token_hex(8),
            },
            "recording": recording,
            "seed": seed,
        }
    )
    return Watch(watched, graph, config, Path(runs))


class Watch:
    """A record being written; made by :func:`watch`.

    Attributes:
        folder: Folder of the record.
    """

    def __init__(self, model: WatchedModel, graph: WatchedGraph, config: RunConfig, runs: Path) -> None:
        self.model, self.graph, self.config, self.folder = model, graph, config, runs / config.run_id
        self._epoch, self._accuracy = 0, dict[str, float | None]()
        self._stack, self._open = contextlib.ExitStack(), False
        lost = model.compiled and "gradient_norm" in config.recording.measures
        self._warnings = ["no gradient norms: compiled code calls no hooks"] if lost else []

    def __enter__(self) -> Self:
        recording = self.config.recording
        for warning in self._warnings:
            warnings.warn(warning, stacklevel=2)
            recording = recording.replace(measures=[name for name in recording.measures if name != "gradient_norm"])
        environment = describe_environment(str(self.graph.x.device), torch.get_num_threads())
        with contextlib.ExitStack() as stack, _readable_errors(self.folder):
            stack.enter_context(record_lock(self.folder))  # as long as it is held, `runs gc` takes nothing away
            self._writer = stack.enter_context(RecordWriter(self.folder, self.config, environment))
            self._writer.graph(self.graph.tensors())
            gradients = StepGradients(self.model.taps) if "gradient_norm" in recording.measures else None
            self._recorder = self._make_recorder(recording, gradients)
            stack.enter_context(gradients or contextlib.nullcontext())
            self._close(0, None, None)
            self._stack, self._open = stack.pop_all(), True
        return self

    def epoch(self, *, loss: Scores = None, accuracy: Scores = None) -> None:
        """Close an epoch: write its line and, if due, measure the layers.

        Args:
            loss: Loss of the training nodes, or losses by split (``train``, ``val``, ``test``).
            accuracy: Likewise, 0 to 1. When the layers are measured and the data has classes and masks, missing scores
                are computed; the loss is then the cross-entropy.

        Raises:
            UsageError: When a split is unknown, or the record is not open.
            RecordError: When a layer changed its shape, or the record can't be written.
        """
        if not self._open:
            raise UsageError("an epoch is closed inside its context: with watch(model, data) as record: ...")
        given = by_part("loss", loss), by_part("accuracy", accuracy)
        with _readable_errors(self.folder):
            self._close(self._epoch + 1, *given)
        self._epoch += 1

    def load(self) -> Record:
        """Load the record as written so far."""
        return load_record(self.folder, incomplete=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._open = False
        with self._stack:
            if error is None:
                with _readable_errors(self.folder):
                    self._recorder.on_selected(self._epoch)
                    self._writer.seal(self._summary("complete", self._warnings))
            else:
                error.add_note(f"the record up to here is kept, marked incomplete: {self.folder}")
                # A full disk has no room for a summary either; the record can be read without one.
                with contextlib.suppress(OSError):
                    summary = self._summary("incomplete", [f"{type(error).__name__}: {error}"])
                    del summary["best_epoch"]  # readers take the last measured epoch
                    self._writer.abandon(summary)

    def _close(self, epoch: int, loss: dict[str, float] | None, accuracy: dict[str, float] | None) -> None:
        def scores(seen: Observation | None) -> Mapping[str, Any]:
            computed = {} if seen is None else score(seen.output, self.graph)
            missing, given = dict.fromkeys(vocabulary.SPLITS), {"loss": loss or {}, "accuracy": accuracy or {}}
            both = {name: {**missing, **computed.get(name, {}), **values} for name, values in given.items()}
            self._accuracy = both["accuracy"]
            return both

        self._recorder.close(epoch, scores, last=False)

    def _make_recorder(self, recording: RecordingConfig, gradients: StepGradients | None) -> Recorder:
        graph, model = self.graph, self.model
        return make_recorder(
            model.plain,
            model.run,
            model.taps,
            slots=model.slots,
            convs=model.convs,
            loss=None,
            gradients=gradients,
            x=graph.x,
            edge_index=graph.edge_index,
            y=graph.y,
            config=recording,
            seed=self.config.seed,
            writer=self._writer,
        )

    def _summary(self, status: str, warned: list[str]) -> dict[str, Any]:
        return {
            "status": status,
            "accuracy": {name: value for name, value in self._accuracy.items() if value is not None},
            "best_epoch": self._epoch,
            "epochs": self._epoch,
            "seconds_per_epoch": None,
            "parameters": sum(parameter.numel() for parameter in self.model.plain.parameters()),
            "peak_memory_mib": peak_memory_mib(),
            "warnings": warned,
        }


@contextlib.contextmanager
def _readable_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordError(
            f"{folder}: can't be written to ({error.strerror or error}); everything written before can be read"
        ) from error
