"""A finished record, opened for reading."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cna_viz import vocabulary
from cna_viz.config import RunConfig
from cna_viz.errors import CnaVizError, RecordError, UsageError
from cna_viz.records import schema
from cna_viz.records.files import read_json, read_lines, tensors_from_bytes
from cna_viz.records.integrity import Entry, read_checked, read_manifest

if TYPE_CHECKING:
    import xarray as xr

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Record:
    """What one run left behind. Small things are read at once, arrays when asked for.

    Attributes:
        folder: Where it lies.
        config: The run.
        environment: Facts about the machine and the software that made it.
        summary: Status, best epoch, accuracy there, seconds per epoch, parameters, peak memory, warnings.
    """

    folder: Path
    config: RunConfig
    environment: dict[str, Any]
    summary: dict[str, Any]
    manifest: dict[str, Entry]

    @property
    def id(self) -> str:
        """Identity of the run, the name of its folder."""
        return self.folder.name

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self.config.model.layers

    @property
    def best_epoch(self) -> int:
        """Epoch with the best validation accuracy, whose model was selected."""
        return int(self.summary["best_epoch"])

    @property
    def snapshots(self) -> tuple[int, ...]:
        """Epochs at which embeddings were kept, ascending."""
        names = (Path(name) for name in self.manifest if name.startswith(schema.SNAPSHOT_FOLDER))
        return tuple(sorted(int(name.stem) for name in names))

    @cached_property
    def metrics(self) -> "xr.Dataset":
        """Loss, accuracy and every measure; dims epoch, split, layer and stage. NaN where nothing was measured.

        The measures of the best epoch, those of the selected model, are always there.
        """
        read_checked(self.folder, self.manifest[schema.METRICS_FILE])
        lines = read_lines(self.folder / schema.METRICS_FILE)
        read_checked(self.folder, self.manifest[schema.SELECTED_FILE])
        selected = read_json(self.folder / schema.SELECTED_FILE)
        schema.check_layers(selected.get("layers"), self.layers, f"{self.folder / schema.SELECTED_FILE}")
        for line in lines:
            if line.get("epoch") == selected.get("epoch"):
                line.setdefault("layers", selected["layers"])
        return _metrics_dataset(lines, self.layers, self.folder / schema.METRICS_FILE)

    @cached_property
    def graph(self) -> "xr.Dataset":
        """Target, split, degree and edges; dims node, end and edge."""
        import xarray as xr

        tensors = self._tensors(schema.GRAPH_FILE)
        return xr.Dataset({name: (schema.VARIABLES[name].dims, array) for name, array in tensors.items()})

    def embedding(self, layer: int, stage: str = "slot", epoch: int | None = None) -> "xr.DataArray":
        """Return the features of one layer; dims node and channel, float32.

        Args:
            layer: 1 … number of layers. The last layer has only the stage ``conv``.
            stage: ``conv`` (what leaves the convolution) or ``slot`` (what leaves the slot).
            epoch: A snapshot's epoch; the selected model's when left out.

        Raises:
            UsageError: When there is no such layer, stage or snapshot; lists those there are.
            RecordError: When the file is not what was written.
        """
        import xarray as xr

        name = schema.tensor_name("embedding", layer, stage)
        tensors = self._snapshot(epoch)
        if name not in tensors:
            raise UsageError(
                f"layer {layer} has no stage {stage!r}: layers are 1 to {self.layers}, stages are "
                f"{', '.join(vocabulary.STAGES)}, and the last layer has no slot"
            )
        attributes = {"layer": layer, "stage": stage, "run": self.id}
        return xr.DataArray(
            tensors[name].astype(np.float32), dims=("node", "channel"), name="embedding", attrs=attributes
        )

    def layer_variable(self, variable: str, layer: int, epoch: int | None = None) -> "xr.DataArray | None":
        """Return cluster_label, centroid, rational_numerator or rational_denominator of one slot.

        None where the slot has no such thing. Arguments and errors as in :meth:`embedding`.
        """
        import xarray as xr

        array = self._snapshot(epoch).get(schema.tensor_name(variable, layer))
        return None if array is None else xr.DataArray(array, dims=schema.VARIABLES[variable].dims[2:], name=variable)

    def prediction(self, epoch: int | None = None) -> "xr.DataArray":
        """Return the predicted class of every node; dim node. Arguments and errors as in :meth:`embedding`."""
        import xarray as xr

        return xr.DataArray(self._snapshot(epoch)["prediction"], dims=("node",), name="prediction")

    def _snapshot(self, epoch: int | None) -> dict[str, Array]:
        epoch = self.best_epoch if epoch is None else epoch
        name = schema.snapshot_file(epoch)
        if name not in self.manifest:
            kept = ", ".join(map(str, self.snapshots)) or "none"
            raise UsageError(f"run {self.id} has no snapshot of epoch {epoch}; snapshots kept: {kept}")
        return self._tensors(name)

    def _tensors(self, name: str) -> dict[str, Array]:
        return tensors_from_bytes(read_checked(self.folder, self.manifest[name]), self.folder / name)


def load_record(folder: Path) -> Record:
    """Open a finished record.

    Args:
        folder: Folder of the record, ``runs/<id>``.

    Raises:
        RecordError: When it is missing, unfinished, truncated, altered, of a newer schema, or not in its own folder.
    """
    manifest = read_manifest(folder)
    for name in schema.REQUIRED_FILES:
        read_checked(folder, manifest[name])
    environment = read_json(folder / schema.ENVIRONMENT_FILE)
    version = environment.get("schema_version")
    if version != schema.SCHEMA_VERSION:
        raise RecordError(f"{folder}: schema version {version!r}; this cna_viz reads version {schema.SCHEMA_VERSION}")
    try:
        config = RunConfig.from_json((folder / schema.CONFIG_FILE).read_text())
    except CnaVizError as error:
        raise RecordError(f"{folder / schema.CONFIG_FILE}: {error}") from None
    results_version = environment.get("results_version")
    if type(results_version) is not int:
        raise RecordError(f"{folder / schema.ENVIRONMENT_FILE}: results version {results_version!r} is no integer")
    identity = config.id_under(results_version)
    if identity != folder.resolve().name:
        raise RecordError(f"{folder}: this is the record of run {identity}; a record lies in a folder of its own name")
    summary = read_json(folder / schema.SUMMARY_FILE)
    if summary.get("status") not in schema.STATUSES:
        raise RecordError(f"{folder / schema.SUMMARY_FILE}: unknown status {summary.get('status')!r}")
    return Record(folder, config, environment, summary, manifest)


def _metrics_dataset(lines: list[dict[str, Any]], layers: int, path: Path) -> "xr.Dataset":
    import xarray as xr

    for number, line in enumerate(lines, start=1):
        schema.check_metrics_line(line, layers, f"{path}, line {number}")
    coordinates = {
        "epoch": [line["epoch"] for line in lines],
        "split": list(vocabulary.SPLITS),
        "layer": list(range(1, layers + 1)),
        "stage": list(vocabulary.STAGES),
    }
    scores = {
        name: [[line[name][part] for part in vocabulary.SPLITS] for line in lines] for name in ("loss", "accuracy")
    }
    measures = {name: [_by_layer(line, name, layers) for line in lines] for name in vocabulary.MEASURES}
    sizes = {name: len(values) for name, values in coordinates.items()}
    arrays = {}
    for name, rows in (scores | measures).items():
        dims = schema.VARIABLES[name].dims
        arrays[name] = (dims, np.array(rows, dtype=np.float64).reshape([sizes[dim] for dim in dims]))
    return xr.Dataset(arrays, coords=coordinates)


def _by_layer(line: dict[str, Any], measure: str, layers: int) -> list[tuple[float | None, ...]]:
    """Return one epoch of a measure, stored stage by stage, as rows of layers; None where nothing was measured."""
    stages = line.get("layers", {}).get(measure)
    if stages is None:
        return [(None,) * len(vocabulary.STAGES)] * layers
    return list(zip(*(stages[stage] for stage in vocabulary.STAGES), strict=True))
