"""A record, opened for reading."""

import math
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cna_viz.config import RunConfig, vocabulary
from cna_viz.config.vocabulary import LOWER_IS_BETTER, SplitName, Stage
from cna_viz.errors import RecordError, UsageError
from cna_viz.records import schema
from cna_viz.records.reading import integrity
from cna_viz.records.reading.contents import as_variable, read_config, read_metrics, read_summary, unfinished_summary
from cna_viz.records.reading.facts import metric_of
from cna_viz.records.reading.tensors import Places, Snapshot, read_graph_places, to_array

if TYPE_CHECKING:
    import xarray as xr

_LARGE: Final = (schema.GRAPH_FILE, schema.METRICS_FILE)
"""Files whose content is only checked when it is used; opening a record checks their size."""


@dataclass(frozen=True, repr=False)
class Record:
    """The record of one run. Small files are read and checked at once, arrays on first use.

    Attributes:
        folder: Its folder.
        config: The run.
        environment: Facts about the machine and the software that made it.
        summary: Status, best epoch, scores there, seconds per epoch, parameters, peak memory, warnings.
        manifest: Its files, with their sizes and checksums.
    """

    folder: Path
    config: RunConfig
    environment: dict[str, Any]
    summary: dict[str, Any]
    manifest: integrity.Manifest

    def __repr__(self) -> str:
        facts, score = self.config.facts, self.score()
        known = "" if math.isnan(score) else f", test {self.metric} {score:.4g}"
        depth = f"{self.layers} layer{'' if self.layers == 1 else 's'}"
        return (
            f"<Record {self.id}: {facts['backbone']} + {facts['slot']}, {depth}, {facts['dataset']}, "
            f"seed {self.config.stated_seed}, {self.status}{known}>"
        )

    @property
    def id(self) -> str:
        """Identity of the run, the name of its folder."""
        return self.folder.name

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.config.layers

    @property
    def status(self) -> str:
        """How the run ended: complete, diverged or incomplete."""
        return str(self.summary["status"])

    @property
    def metric(self) -> str:
        """The score that selected the model, that of its dataset: accuracy, roc_auc or nmse."""
        return metric_of(self.config, self.environment)

    @property
    def content(self) -> str | None:
        """SHA-256 of the graph's content; None in records that don't state it."""
        own = self.config.data.own
        return self.environment.get("content") if own is None else own.digest

    @property
    def class_names(self) -> tuple[str, ...]:
        """Names of the classes, as written in the data; empty where they are numbers."""
        return tuple(self.environment.get("class_names", ()))

    def score(self, split: SplitName = "test", metric: str | None = None) -> float:
        """Return a score of the selected model; NaN if the run has none.

        Args:
            split: train, val or test.
            metric: Name of a score; by default the one that selected the model.
        """
        value = self.summary.get(metric or self.metric, {}).get(split)
        return math.nan if value is None else float(value)

    def best_over_epochs(self, split: SplitName = "test", metric: str | None = None) -> tuple[float, int]:
        """Return the best value of a score over the epochs, and the first epoch that has it; NaN and 0 without any.

        Highest, or lowest of errors and of the ``loss``. Of the test nodes it is what some papers publish, and no
        estimate: the epoch is chosen by what is measured. Arguments as in :meth:`score`.
        """
        metric = metric or self.metric
        scores = self.metrics[metric].sel(split=split).dropna("epoch")
        if not scores.size:
            return math.nan, 0
        best = np.argmin if metric == "loss" or metric in LOWER_IS_BETTER else np.argmax
        first = int(best(scores.values))
        return float(scores[first]), int(scores["epoch"][first])

    @property
    def best_epoch(self) -> int:
        """Epoch whose model was selected: by the best validation score, or by the program of a watched run."""
        return int(self.summary["best_epoch"])

    @property
    def snapshots(self) -> tuple[int, ...]:
        """Epochs at which embeddings were kept, ascending."""
        epochs = map(schema.snapshot_epoch, self.manifest)
        return tuple(sorted(epoch for epoch in epochs if epoch is not None))

    @property
    def shown_epoch(self) -> int:
        """Epoch of the snapshot that is read by default: the selected one; of an unfinished run the last one kept."""
        lost = self.status == "incomplete" and self.snapshots and self.best_epoch not in self.snapshots
        return self.snapshots[-1] if lost else self.best_epoch

    @cached_property
    def metrics(self) -> "xr.Dataset":
        """Loss, every score and every measure; dims epoch, split, layer and stage. NaN if not measured.

        The measures of the best epoch, those of the selected model, are always there.
        """
        metrics = read_metrics(self.folder, self.manifest, self.layers)
        if integrity.is_complete(self.folder):
            self._check_epochs(metrics["epoch"].values.tolist())  # indexing would import dask
        return metrics

    def _check_epochs(self, measured: list[int]) -> None:
        """Check that a finished record has the epochs that its summary names."""
        path, last = self.folder / schema.METRICS_FILE, max(measured, default=0)
        if last != self.summary["epochs"]:
            raise RecordError(f"{path}: ends with epoch {last}, but the run had {self.summary['epochs']}")
        if measured and self.best_epoch not in measured:
            raise RecordError(f"{path}: has no epoch {self.best_epoch}, whose model was selected")
        if self.snapshots and self.best_epoch not in self.snapshots:
            raise RecordError(f"{self.folder}: has no snapshot of epoch {self.best_epoch}, whose model was selected")

    @cached_property
    def graph(self) -> "xr.Dataset":
        """Target, split, degree, edges, and in datasets of graphs the graph of every node; dims node, end, edge."""
        import xarray as xr

        path = self.folder / schema.GRAPH_FILE
        if schema.GRAPH_FILE not in self.manifest:
            raise RecordError(f"{path}: the run ended before it was written")
        content = integrity.read_checked(self.folder, self.manifest[schema.GRAPH_FILE])
        places = self._graph_places(content[: 8 + int.from_bytes(content[:8], "little")])
        tensors = {
            name: to_array(bytearray(content[place.start : place.end]), name, places, path)
            for name, place in sorted(places.items())
        }
        return xr.Dataset({name: as_variable(schema.VARIABLES[name].dims, array) for name, array in tensors.items()})

    @cached_property
    def nodes(self) -> int | None:
        """Number of nodes; None if the run ended before its graph was written."""
        entry = self.manifest.get(schema.GRAPH_FILE)
        return (
            None if entry is None else self._graph_places(integrity.read_header(self.folder, entry))["target"].shape[0]
        )

    def embedding(self, layer: int, stage: Stage = "slot", epoch: int | None = None) -> "xr.DataArray":
        """Return the features of one layer; dims node and channel, float32. Only these are read and checked.

        Args:
            layer: 1 … number of layers. The last layer has only the stage ``conv``.
            stage: ``conv`` (output of the convolution) or ``slot`` (output of the slot).
            epoch: Epoch of a snapshot; by default :attr:`shown_epoch`, that of the selected model.

        Raises:
            UsageError: If there is no such layer, stage or snapshot; lists the available ones.
            RecordError: If the file or the tensor is not what was written.
        """
        import xarray as xr

        file = self.snapshot(epoch)
        array = file.read(schema.tensor_name("embedding", layer, stage)) if schema.is_number(layer) else None
        if array is None:
            raise UsageError(
                f"layer {layer!r} has no stage {stage!r}: layers are 1 to {self.layers}, stages are "
                f"{', '.join(vocabulary.STAGES)}, and the last layer has no slot"
            )
        shown = self.shown_epoch if epoch is None else epoch
        attributes = {"layer": layer, "stage": stage, "run": self.id, "epoch": shown}
        features = as_variable(("node", "channel"), array.astype(np.float32, copy=False))
        return xr.DataArray(features, name="embedding", attrs=attributes)

    def layer_variable(self, variable: str, layer: int, epoch: int | None = None) -> "xr.DataArray | None":
        """Return cluster_label, centroid, rational_numerator, rational_denominator or slot_input_histogram of one slot.

        None if the slot has no such variable. Arguments and errors as in :meth:`embedding`.
        """
        import xarray as xr

        array = self.snapshot(epoch).read(schema.tensor_name(variable, layer))
        dims = schema.VARIABLES[variable].dims[2:]
        return None if array is None else xr.DataArray(as_variable(dims, array), name=variable)

    def prediction(self, epoch: int | None = None) -> "xr.DataArray":
        """Return the predicted class or number of every node, or of its graph; dim node.

        Arguments and errors as in :meth:`embedding`.
        """
        import xarray as xr

        array = self.snapshot(epoch).read("prediction")
        if array is None:
            raise UsageError(f"run {self.id} keeps no predictions in its snapshots")
        return xr.DataArray(as_variable(("node",), array), name="prediction")

    def snapshot(self, epoch: int | None = None) -> Snapshot:
        """Return the file of a snapshot, by default that of :attr:`shown_epoch`, to read single tensors.

        Raises:
            UsageError: If there is no snapshot of this epoch; lists the available ones.
        """
        epoch = self.shown_epoch if epoch is None else epoch
        entry = self.manifest.get(schema.snapshot_file(epoch)) if schema.is_number(epoch) else None
        if entry is None:
            kept = ", ".join(map(str, self.snapshots)) or "none (train with snapshots 'log' or 'ends' for some)"
            raise UsageError(f"run {self.id} has no snapshot of epoch {epoch!r}; snapshots kept: {kept}")
        if entry.file not in self._opened:
            self._opened[entry.file] = Snapshot(self.folder, entry, self.config, self.nodes)
        return self._opened[entry.file]

    def _graph_places(self, header: bytes) -> Places:
        entry = self.manifest[schema.GRAPH_FILE]
        return read_graph_places(header, entry.bytes, self.folder / entry.file, self.config.about)

    @cached_property
    def _opened(self) -> dict[str, Snapshot]:
        return {}


def load_run(config: RunConfig, runs: str | Path) -> Record:
    """Open the record of a run, with the names in ``config``; errors as in :func:`load_record`.

    The name of a graph of the user's own is a label: the record may have been written under another.
    """
    return replace(load_record(Path(runs) / config.run_id), config=config)


def load_record(folder: str | Path, *, incomplete: bool = False) -> Record:
    """Open a record. Metrics, graph and snapshots are read on first use.

    Args:
        folder: Folder of the record, ``runs/<id>``.
        incomplete: Also open a run in progress or an interrupted one; its status is ``incomplete``.

    Raises:
        RecordError: If it is missing, unfinished, truncated, altered, of an unknown schema, not in its own folder, or
            the folder holds anything else.
    """
    folder = Path(folder)
    unfinished = incomplete and not integrity.is_complete(folder)
    manifest = integrity.read_unfinished_manifest(folder) if unfinished else integrity.read_manifest(folder)
    for name in schema.REQUIRED_FILES:
        if name in manifest:
            (integrity.check_size if name in _LARGE else integrity.read_checked)(folder, manifest[name])
    config, environment = read_config(folder, manifest)
    if unfinished:
        return Record(folder, config, environment, unfinished_summary(folder, manifest, config, environment), manifest)
    for name in integrity.unexpected_files(folder, manifest):
        raise RecordError(f"{folder / name}: {integrity.NOT_ITS_OWN}; move it out of the folder")
    return Record(folder, config, environment, read_summary(folder, manifest), manifest)
