"""The record of a watched training while it is written."""

import contextlib
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import torch
from torch import Tensor

from cna_viz.config import RunConfig
from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.content import content_digest
from cna_viz.data.own.parts import plural
from cna_viz.errors import RecordError, UsageError, shown
from cna_viz.recording.environment import describe_environment, peak_memory_mib
from cna_viz.recording.gradient_norms import StepGradients
from cna_viz.recording.graph_tensors import graph_tensors
from cna_viz.recording.probe import Observation
from cna_viz.recording.recorder import Recorder, make_recorder
from cna_viz.recording.taps import undisturbed
from cna_viz.recording.watched.data.graph import WatchedGraph
from cna_viz.recording.watched.layers.dependence import same
from cna_viz.recording.watched.layers.find import Layers
from cna_viz.recording.watched.loop.calls import LoopCalls
from cna_viz.recording.watched.loop.doubts import Doubts
from cna_viz.recording.watched.loop.loss_scale import LossScale
from cna_viz.recording.watched.loop.replaced import ReadTensors
from cna_viz.recording.watched.loop.reported import Reported, by_split
from cna_viz.recording.watched.model.call import Call
from cna_viz.recording.watched.model.state import SavedState, fingerprint, is_finite
from cna_viz.recording.watched.output.reading import Reading, Scores
from cna_viz.records.record import Record, load_record
from cna_viz.records.writing.lock import record_lock
from cna_viz.records.writing.writer import RecordWriter


class Watch:
    """A record being written; made by :func:`~cna_viz.recording.watch.watch`.

    Attributes:
        folder: Folder of the record.
    """

    def __init__(
        self,
        call: Call,
        graph: WatchedGraph,
        layers: Layers,
        reading: Reading | None,
        read: ReadTensors,
        config: RunConfig,
        runs: Path,
        *,
        quiet: bool,
    ) -> None:
        self.folder = runs / config.run_id
        self._call, self._model, self._graph, self._layers, self._reading = call, call.model, graph, layers, reading
        self._read, self._config, self._quiet = read, config, quiet
        self._modules = [id(module) for module in call.model.modules()]
        self._looked = 0
        # By closed epoch.
        self._scores: list[Scores] = []
        self._states: list[bytes] = []
        self._chosen: tuple[bytes, SavedState] | None = None
        self._stack, self._is_open, self._was_used = contextlib.ExitStack(), False, False
        self._doubts = Doubts(call, layers, config.recording.measures)

    def __enter__(self) -> Self:
        if self._was_used:
            raise UsageError("this watch was used already: every training needs its own, watch(model, data)")
        self._was_used = True
        self._doubts.warn(stacklevel=3)
        if not self._quiet:
            print(self._announcement())
        with contextlib.ExitStack() as stack, _readable_errors(self.folder):
            stack.enter_context(record_lock(self.folder))  # as long as it is held, `runs gc` takes nothing away
            self._recorder = self._open(stack)
            self._close({})
            self._stack, self._is_open = stack.pop_all(), True
        return self

    def epoch(self, *, loss: Reported = None, gradient_scale: float | None = None, **scores: Reported) -> None:
        """Close an epoch: write its line and, if due, measure the layers.

        Args:
            loss: Loss of the training nodes, or losses by split (``train``, ``val``, ``test``).
            gradient_scale: Factor by which the loss was multiplied before its backward pass; that of torch's own
                ``GradScaler`` is noticed.
            **scores: Scores likewise: accuracy, macro_f1 and roc_auc from 0 to 1, nmse, r2. When the layers are
                measured and the data has labels and masks, scores are computed from the same pass, and these count.

        Raises:
            UsageError: When a split or score is unknown, the record is not open, or the loop calls the model with other
                arguments than ``inputs``.
            RecordError: When a layer changed its shape, or the record can't be written.
        """
        self._require_open()
        reported = {name: by_split(name, value) for name, value in {"loss": loss, **scores}.items()}
        if not (gradient_scale is None or (isinstance(gradient_scale, int | float) and 0 < gradient_scale < math.inf)):
            raise UsageError(f"gradient_scale = {shown(gradient_scale)} is not accepted: it must be a number above 0")
        if problem := self._loop.problem() or self._read.problem() or self._changed():
            raise UsageError(problem)
        self._set_scale(gradient_scale)
        with _readable_errors(self.folder):
            self._close(reported)

    def select(self, epoch: int | None = None) -> None:
        """State that the model as it is now is the one to report; the last call counts.

        For early stopping, call it when the validation score is best, or after the best weights were loaded. Without
        it, the model at the end of the context is selected. Weights of no closed epoch, such as an average over epochs,
        become an epoch of their own at the end.

        Args:
            epoch: Number of the epoch whose weights these are, from 1, to be checked; 0 is the untrained model.

        Raises:
            UsageError: When the weights are not those of that epoch, or the record is not open.
        """
        self._require_open()
        if epoch is not None and type(epoch) is not int:
            raise UsageError(f"select({shown(epoch)}) is not accepted: it must be the number of an epoch, or nothing")
        now = self._state()
        if epoch is not None and (not 0 <= epoch < len(self._states) or self._states[epoch] != now):
            raise UsageError(
                f"select({epoch}): the weights in the model are {self._whose(now)}, and a record keeps no others: load "
                f"those of epoch {epoch} first, or call select() at the end of that epoch"
            )
        self._chosen = now, SavedState(self._model, self._call.learned)

    def load(self) -> Record:
        """Load the record as written so far."""
        return load_record(self.folder, incomplete=True)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_open = False
        with self._stack:
            if error is not None:
                self._abandon(error)
                return
            try:
                with _readable_errors(self.folder):
                    self._writer.seal(self._select_and_sum_up())
            except BaseException as failure:
                self._abandon(failure)
                raise
        self._doubts.warn(stacklevel=3)

    def _abandon(self, error: BaseException) -> None:
        error.add_note(f"the record up to here is kept, marked incomplete: {self.folder}")
        # A full disk has no room for a summary either; the record can be read without one.
        with contextlib.suppress(OSError):
            summary = self._summary("incomplete", self._looked, [f"{type(error).__name__}: {error}"])
            del summary["best_epoch"]  # readers take the last measured epoch
            self._writer.abandon(summary)

    def _open(self, stack: contextlib.ExitStack) -> Recorder:
        """Begin the record, and listen to the loop."""
        graph, model = self._graph.graph, self._model
        recording = self._config.recording
        if self._call.compiled:
            recording = recording.replace(measures=[name for name in recording.measures if name != "gradient_norm"])
        device = next((parameter.device for parameter in model.parameters()), torch.device("cpu"))
        environment = describe_environment(str(device), torch.get_num_threads()) | {"content": content_digest(graph)}
        self._writer = stack.enter_context(RecordWriter(self.folder, self._config, environment))
        self._writer.graph(graph_tensors(graph, self._graph.parts))
        self._gradients = StepGradients(self._layers.taps) if "gradient_norm" in recording.measures else None
        stack.enter_context(self._gradients or contextlib.nullcontext())
        self._loop = stack.enter_context(LoopCalls(self._call, self._layers.convs.values()))
        self._loss_scale = stack.enter_context(LossScale(model))
        return make_recorder(
            model,
            self._rows,
            self._layers.taps,
            slots=self._layers.slots,
            convs=self._layers.convs,
            loss=None,
            gradients=self._gradients,
            graph=graph.to(device),
            config=recording,
            seed=self._config.seed,
            writer=self._writer,
            predict=None if self._reading is None else self._reading.predict,
        )

    def _rows(self) -> Tensor:
        output = self._call()
        return torch.empty(0) if self._reading is None else self._reading.rows(output)

    def _close(self, reported: Mapping[str, Mapping[str, float]], *, last: bool = False) -> None:
        """Close the next epoch; that of the untrained model is 0."""
        epoch, looked, found = len(self._states), self._looked, Scores()

        def scores(seen: Observation | None) -> Scores:
            nonlocal looked, found
            looked = looked if seen is None else epoch
            found = self._merged(epoch, reported, {} if seen is None else self._computed(epoch, seen))
            return found

        self._recorder.close(epoch, scores, last=last)
        self._looked = looked
        self._scores.append(found)
        self._states.append(self._state())

    def _computed(self, epoch: int, seen: Observation) -> Scores:
        self._doubts.see(epoch, seen.output)
        return {} if self._reading is None else self._reading.score(seen.output)

    def _merged(self, epoch: int, reported: Mapping[str, Mapping[str, float]], computed: Scores) -> Scores:
        """Return scores by name: reported losses replace computed ones, and computed scores reported ones."""
        merged: Scores = {}
        for name in dict.fromkeys(["loss", self._config.metric, *reported, *computed]):
            ours, theirs = computed.get(name, {}), reported.get(name, {})
            known: Mapping[str, float | None] = theirs or ours  # losses of two kinds don't stand in one line
            if name != "loss":
                self._doubts.compare(epoch, name, theirs, ours)
                known = {**theirs, **_without_none(ours)}
            merged[name] = {part: known.get(part) for part in SPLITS}
        self._doubts.hear_loss(epoch, merged["loss"])
        return merged

    def _select_and_sum_up(self) -> dict[str, Any]:
        present = self._state()
        state, saved = self._chosen or (present, None)
        with contextlib.nullcontext() if saved is None or state == present else saved.loaded():
            if self._epoch_of(state) is None:
                self._doubts.no_epoch = None if self._chosen else len(self._states)
                self._close({}, last=True)
            epoch = self._epoch_of(state)
            assert epoch is not None, "the model changed while it was measured"
            seen = self._recorder.on_selected(epoch)
            if seen is not None:
                line = {name: _without_none(values) for name, values in self._scores[epoch].items()}
                self._scores[epoch] = self._merged(epoch, line, self._computed(epoch, seen))
            self._look_for_doubts()
            self._doubts.finish(epoch, self._states, is_finite(self._model), self._gradients, self._loop)
        return self._summary(self._doubts.status, epoch, self._doubts.sentences)

    def _look_for_doubts(self) -> None:
        if self._reading is not None:
            with undisturbed(self._model):
                rows, again = self._rows(), self._rows()  # under different random states
            self._doubts.random = not same(rows, again)
            self._doubts.sigmoids = self._reading.may_be_sigmoids(rows)

    def _state(self) -> bytes:
        return fingerprint(self._model, self._call.learned)

    def _changed(self) -> str | None:
        """Return a sentence if the model has other modules than at the start."""
        if [id(module) for module in self._model.modules()] == self._modules:
            return None
        return (
            f"modules of {type(self._model).__name__} were added, removed or replaced since watch began, and a record "
            "is of one model: begin another"
        )

    def _epoch_of(self, state: bytes) -> int | None:
        """Return the last epoch with this state."""
        return next((epoch for epoch in reversed(range(len(self._states))) if self._states[epoch] == state), None)

    def _whose(self, state: bytes) -> str:
        epoch = self._epoch_of(state)
        return "those of no closed epoch" if epoch is None else f"those of epoch {epoch}"

    def _set_scale(self, stated: float | None) -> None:
        if self._gradients is not None:
            factor, self._loss_scale.factor = self._loss_scale.factor, None
            self._gradients.scale = stated or (1.0 if factor is None else factor)

    def _require_open(self) -> None:
        if not self._is_open:
            raise UsageError("the context is not open: with watch(model, data) as watched: ... has to hold the loop")

    def _announcement(self) -> str:
        graph, scored = self._graph.graph, "nothing" if self._reading is None else self._reading.sentence
        size = f"{plural(graph.num_nodes, 'node')} and {plural(graph.edge_index.shape[1] // 2, 'edge')}"
        many = "" if graph.graph_of_node is None else f" in {plural(int(graph.graph_of_node[-1]) + 1, 'graph')}"
        parts = ", ".join(f"{len(rows):,} {part}" for part, rows in self._graph.parts.items())
        scores = f"  scored: {scored}" + (f" ({parts})" if parts and self._reading is not None else "")
        notes = [f"  {note}" for note in self._graph.notes]
        return "\n".join([f"watching {self._call.sentence} on {size}{many}", scores, *notes, self._layers.table])

    def _summary(self, status: str, epoch: int, warned: list[str]) -> dict[str, Any]:
        scores = self._scores[epoch] if self._scores else {}
        return {
            "status": status,
            self._config.metric: {},
            **{name: _without_none(values) for name, values in scores.items() if name != "loss"},
            "best_epoch": epoch,
            "epochs": max(0, len(self._states) - 1),
            "seconds_per_epoch": None,
            "parameters": sum(parameter.numel() for parameter in self._model.parameters()),
            "peak_memory_mib": peak_memory_mib(),
            "warnings": [*self._graph.notes, *warned],
        }


def _without_none(values: Mapping[str, float | None]) -> dict[str, float]:
    return {part: value for part, value in values.items() if value is not None}


@contextlib.contextmanager
def _readable_errors(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RecordError(
            f"{folder}: can't be written to ({error.strerror or error}); everything written before can be read"
        ) from error
