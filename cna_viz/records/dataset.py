"""One record, or several, as an xarray dataset."""

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cna_viz.config import vocabulary
from cna_viz.config.fields import known_settings
from cna_viz.errors import UsageError
from cna_viz.records import schema
from cna_viz.records.listing import load
from cna_viz.records.reading.contents import as_variable, coordinates
from cna_viz.records.record import Record

if TYPE_CHECKING:
    import xarray as xr

_COSTS: Final = ("seconds_per_epoch", "peak_memory_mib")


def to_xarray(record: Record, *, snapshots: bool = False) -> "xr.Dataset":
    """Return metrics and graph as one dataset, whose attributes are facts about the run (:func:`attributes`).

    Args:
        record: The record.
        snapshots: Also load the snapshots into memory; :func:`snapshots_dataset` describes their padding.
    """
    dataset = record.metrics.copy()
    if schema.GRAPH_FILE in record.manifest:  # an interrupted run may have none
        dataset = dataset.merge(record.graph)
    if snapshots and record.snapshots:
        dataset = dataset.merge(snapshots_dataset(record, record.snapshots))
    return dataset.assign_attrs(attributes(record))


def snapshots_dataset(record: Record, epochs: Sequence[int]) -> "xr.Dataset":
    """Return embeddings, predictions and states of the slots at these epochs, the dimension ``snapshot``, in memory.

    Layers are padded to the widest (the last is as wide as there are classes, slots differ in clusters): with NaN, and
    integer variables (predictions, cluster labels, histograms) with -1. Embeddings are converted to float32.
    ``coefficient`` counts powers of x, so a denominator, which begins with b1, is NaN at 0.
    """
    import xarray as xr

    files = [record.snapshot(epoch) for epoch in epochs]
    named = coordinates(record.layers, snapshot=np.array(epochs, dtype=np.int64))
    sizes = {name: values.size for name, values in named.items()}
    for file in files:
        _widen(sizes, file.shapes(), record.layers)
    arrays: dict[str, np.ndarray[Any, Any]] = {}
    for number, file in enumerate(files):
        for variable, position, name in _places(record.layers):
            tensor = file.read(name)
            if tensor is not None:
                if variable not in arrays:
                    shape, real = [sizes[dim] for dim in schema.VARIABLES[variable].dims], tensor.dtype.kind == "f"
                    dtype = np.promote_types(tensor.dtype, np.float32) if real else tensor.dtype
                    arrays[variable] = np.full(shape, np.nan if real else -1, dtype=dtype)
                place: tuple[int | slice, ...] = (number, *position, *_corner(variable, tensor.shape))
                arrays[variable][place] = tensor
    if "coefficient" in sizes:
        named["coefficient"] = as_variable(("coefficient",), np.arange(sizes["coefficient"]))
    return xr.Dataset({name: as_variable(schema.VARIABLES[name].dims, array) for name, array in arrays.items()}, named)


def _places(layers: int) -> Iterator[tuple[str, tuple[int, ...], str]]:
    """Yield every possible tensor of a snapshot: variable, position among layers and stages, name."""
    yield "prediction", (), "prediction"
    for index in range(layers):
        for number, stage in enumerate(vocabulary.STAGES):
            yield "embedding", (index, number), schema.tensor_name("embedding", index + 1, stage)
        for variable in schema.LAYER_VARIABLES:
            yield variable, (index,), schema.tensor_name(variable, index + 1)


def _widen(sizes: dict[str, int], shapes: Mapping[str, tuple[int, ...]], layers: int) -> None:
    """Extend every dimension to the longest tensor along it."""
    for variable, _, name in _places(layers):
        corner = _corner(variable, shapes.get(name, ()))
        for dim, part in zip(reversed(schema.VARIABLES[variable].dims), reversed(corner), strict=False):
            sizes[dim] = max(sizes.get(dim, 0), part.stop)


def _corner(variable: str, shape: tuple[int, ...]) -> list[slice]:
    """Return the position of a tensor of this shape in a padded one."""
    starts = [0] * len(shape)
    if variable == "rational_denominator" and shape:
        starts[-1] = 1  # its first coefficient belongs to the first power of x
    return [slice(start, start + size) for start, size in zip(starts, shape, strict=True)]


def attributes(record: Record) -> dict[str, str | int | float]:
    """Return the facts about a run as text and numbers, which every format can hold.

    ``config``, ``versions`` and ``warnings`` are JSON; unknown facts are NaN or empty.
    """
    summary, environment = record.summary, record.environment
    return {
        "run": record.id,
        "status": record.status,
        "config": record.config.to_json()
        if record.config.watched is None
        else json.dumps(known_settings(record.config)),
        "seed": math.nan if record.config.facts["seed"] is None else record.config.seed,
        "schema_version": environment.get("schema_version", schema.SCHEMA_VERSION),
        "results_version": environment.get("results_version", -1),
        "versions": json.dumps(environment.get("versions", {}), sort_keys=True),
        "commit": environment.get("commit") or "",
        "best_epoch": record.best_epoch,
        **{name: math.nan if summary.get(name) is None else float(summary[name]) for name in _COSTS},
        "warnings": json.dumps(summary.get("warnings", [])),
    }


def stack(records: Iterable[Record | str], runs: str | Path = "runs") -> "xr.Dataset":
    """Return the metrics of several runs along a new first dimension ``run``, in the given order.

    The other coordinates are the union over the runs: all epochs, layers 1 to the deepest; missing values are NaN.
    Besides the ids, ``dataset``, ``split_protocol``, ``backbone``, ``slot``, ``layers`` and ``seed`` are coordinates
    along ``run`` (``split`` is the dimension of train, val and test).

        >>> stack(select(slot="cna"))["accuracy"].sel(split="test").groupby("layers").max()

    Args:
        records: Records, or ids or their beginnings.
        runs: Folder of the records, for ids.

    Raises:
        UsageError: If there are none, or one is given twice.
    """
    import pandas as pd
    import xarray as xr

    opened = [record if isinstance(record, Record) else load(record, runs) for record in records]
    ids = [record.id for record in opened]
    if not opened:
        raise UsageError("there are no records to stack")
    for number, run_id in enumerate(ids):
        if run_id in ids[:number]:
            raise UsageError(f"run {run_id} is given twice")
    joined = xr.concat(
        [record.metrics for record in opened],
        dim=pd.Index(ids, name="run"),
        data_vars="all",
        coords="minimal",
        compat="override",
        join="outer",
    )
    facts = [{"split_protocol" if k == "split" else k: v for k, v in record.config.facts.items()} for record in opened]
    return joined.assign_coords({name: ("run", [fact[name] for fact in facts]) for name in facts[0]})
