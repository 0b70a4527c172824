"""A whole record as one xarray dataset."""

import json
import math
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cna_viz.config import vocabulary
from cna_viz.records import schema
from cna_viz.records.reading.metrics import as_variable
from cna_viz.records.record import Record

if TYPE_CHECKING:
    import xarray as xr

_FIRST: Final = {"rational_denominator": 1}
"""The power of x that the first coefficient belongs to, where it isn't 0."""


def to_xarray(record: Record, *, snapshots: bool = False) -> "xr.Dataset":
    """Return metrics and graph as one dataset, whose attributes are facts about the run (:func:`attributes`).

    Args:
        record: The record.
        snapshots: Also the snapshots, all of them in memory: see :func:`snapshots_dataset` for what is padded where
            layers differ in width.
    """
    dataset = record.metrics.copy()
    if schema.GRAPH_FILE in record.manifest:  # an interrupted run may have none
        dataset = dataset.merge(record.graph)
    if snapshots and record.snapshots:
        dataset = dataset.merge(snapshots_dataset(record, record.snapshots))
    return dataset.assign_attrs(attributes(record))


def snapshots_dataset(record: Record, epochs: Sequence[int]) -> "xr.Dataset":
    """Return embeddings, predictions and the states of the slots at these epochs, all of them in memory.

    Layers differ: the last is as wide as there are classes, a slot may have fewer clusters or none. Each is padded to
    the widest: with NaN, and with -1 in variables of integers (predictions, cluster labels, histograms). Embeddings are
    float32, whatever they are stored as. ``coefficient`` counts powers of x, so that a denominator, which begins with
    b1, is NaN at 0.

    Args:
        record: The record.
        epochs: Epochs of snapshots; they become the dimension ``snapshot``.
    """
    import xarray as xr

    files = [record.snapshot(epoch) for epoch in epochs]
    coordinates = {
        "snapshot": np.array(epochs, dtype=np.int64),
        "layer": np.arange(1, record.layers + 1),
        "stage": np.array(vocabulary.STAGES),
    }
    sizes = {name: len(values) for name, values in coordinates.items()}
    for file in files:
        _widen(sizes, file.shapes(), record.layers)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for number, file in enumerate(files):
        for variable, position, name in _places(record.layers):
            tensor = file.read(name)
            if tensor is not None:
                if variable not in arrays:
                    arrays[variable] = _empty([sizes[dim] for dim in schema.VARIABLES[variable].dims], tensor.dtype)
                place: tuple[int | slice, ...] = (number, *position, *_corner(variable, tensor.shape))
                arrays[variable][place] = tensor
    if "coefficient" in sizes:
        coordinates["coefficient"] = np.arange(sizes["coefficient"])
    named = {name: as_variable((name,), values) for name, values in coordinates.items()}
    return xr.Dataset({name: as_variable(schema.VARIABLES[name].dims, array) for name, array in arrays.items()}, named)


def _places(layers: int) -> Iterator[tuple[str, tuple[int, ...], str]]:
    """Yield all that a snapshot may hold: variable, position among layers and stages, name of the tensor."""
    yield "prediction", (), "prediction"
    for index in range(layers):
        for number, stage in enumerate(vocabulary.STAGES):
            yield "embedding", (index, number), schema.tensor_name("embedding", index + 1, stage)
        for variable in schema.LAYER_VARIABLES:
            yield variable, (index,), schema.tensor_name(variable, index + 1)


def _widen(sizes: dict[str, int], shapes: Mapping[str, tuple[int, ...]], layers: int) -> None:
    """Let every dimension be as long as the longest tensor along it."""
    for variable, _, name in _places(layers):
        corner = _corner(variable, shapes.get(name, ()))
        for dim, part in zip(reversed(schema.VARIABLES[variable].dims), reversed(corner), strict=False):
            sizes[dim] = max(sizes.get(dim, 0), part.stop)


def _corner(variable: str, shape: tuple[int, ...]) -> list[slice]:
    """Return where a tensor of this shape lies within one that is padded."""
    first = _FIRST.get(variable, 0)
    starts = [0] * (len(shape) - 1) + [first] if shape else []
    return [slice(start, start + size) for start, size in zip(starts, shape, strict=True)]


def _empty(shape: Sequence[int], dtype: np.dtype[Any]) -> np.ndarray[Any, Any]:
    if dtype.kind == "f":
        return np.full(shape, np.nan, dtype=np.promote_types(dtype, np.float32))
    return np.full(shape, -1, dtype=dtype)


def attributes(record: Record) -> dict[str, str | int | float]:
    """Return the facts about a run as words and numbers, which every format can hold.

    What has parts is JSON: ``config``, ``versions``, ``warnings``. What is not known is NaN or empty.
    """
    summary, environment = record.summary, record.environment
    return {
        "run": record.id,
        "status": record.status,
        "config": record.config.to_json(),
        "seed": record.config.seed,
        "schema_version": environment.get("schema_version", schema.SCHEMA_VERSION),
        "results_version": environment.get("results_version", -1),
        "versions": json.dumps(environment.get("versions", {}), sort_keys=True),
        "commit": environment.get("commit") or "",
        "best_epoch": record.best_epoch,
        "seconds_per_epoch": _number(summary.get("seconds_per_epoch")),
        "peak_memory_mib": _number(summary.get("peak_memory_mib")),
        "warnings": json.dumps(summary.get("warnings", [])),
    }


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else math.nan
