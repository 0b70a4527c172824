"""The JSON files of a record, read and checked: config, environment, summary, selected measures, metrics."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cna_viz.config import RESULTS_VERSION, RunConfig, id_of, vocabulary
from cna_viz.config.measures import MEASURES
from cna_viz.config.own import PREFIX
from cna_viz.errors import CnaVizError, RecordError, shown
from cna_viz.records import schema
from cna_viz.records.reading import facts
from cna_viz.records.reading.files import finished_lines, parse_json, parse_lines
from cna_viz.records.reading.integrity import Manifest, is_complete, read_listed

if TYPE_CHECKING:
    import xarray as xr

_ASIDE: Final = ".unfinished-"
"""Between the id and a number in the name of a folder that was set aside for a new attempt."""


def read_config(folder: Path, manifest: Manifest) -> tuple[RunConfig, dict[str, Any]]:
    """Return config and environment of a record, which must lie in the folder of its run."""
    path = folder / schema.ENVIRONMENT_FILE
    environment: dict[str, Any] = {}
    if is_complete(folder) or os.path.lexists(path):  # a run may have ended before it was written
        environment = parse_json(read_listed(folder, manifest, schema.ENVIRONMENT_FILE), path)
        facts.check_version(environment.get("schema_version"), str(folder))
        facts.check(facts.Environment, environment, str(path))
    content, path = read_listed(folder, manifest, schema.CONFIG_FILE), folder / schema.CONFIG_FILE
    parse_json(content, path)
    try:
        config = RunConfig.from_json(content.decode())
    except CnaVizError as error:
        raise RecordError(f"{path}: {error}") from None
    if config.layers > schema.MOST_LAYERS:
        raise RecordError(f"{path}: {config.layers:,} layers; records of at most {schema.MOST_LAYERS:,} are read")
    # The id of the text as written: settings that were added later don't change it.
    identity, name = id_of(content, environment.get("results_version", RESULTS_VERSION)), folder.resolve().name
    if identity != name and (is_complete(folder) or identity != name.partition(_ASIDE)[0]):
        raise RecordError(f"{folder}: this is the record of run {identity}; its folder must have that name")
    return _named(config, environment.get("graph")), environment


def _named(config: RunConfig, name: str | None) -> RunConfig:
    """Return the config with the name that a graph of the user's own had, which is no part of its text."""
    data = config.data
    if data.own is None or name is None:
        return config
    return config.replace(data=data.replace(dataset=PREFIX + name, own=data.own.replace(name=name)))


def read_summary(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Return the summary; that of an unfinished run may lack all but the status."""
    model = facts.Summary if is_complete(folder) else facts.UnfinishedSummary
    return _read(folder, manifest, schema.SUMMARY_FILE, model)


def read_selected(folder: Path, manifest: Manifest, layers: int) -> dict[str, Any]:
    """Return epoch and measures of the selected model."""
    return _read(folder, manifest, schema.SELECTED_FILE, facts.Selected, layers)


def _read(
    folder: Path, manifest: Manifest, name: str, model: type[facts.Facts], layers: int | None = None
) -> dict[str, Any]:
    stated = parse_json(read_listed(folder, manifest, name), folder / name)
    facts.check(model, stated, str(folder / name), layers=layers)
    return stated


def unfinished_summary(
    folder: Path, manifest: Manifest, config: RunConfig, environment: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the summary of a run in progress or an interrupted one, completing the facts that the run wrote itself.

    The best epoch is by default the one whose model was selected, else the last measured one, else the last.
    """
    epochs, measured = _last_epochs(folder, manifest)
    if schema.SELECTED_FILE in manifest:
        measured = read_selected(folder, manifest, config.layers)["epoch"]
    written = read_summary(folder, manifest) if schema.SUMMARY_FILE in manifest else {}
    known: dict[str, Any] = {
        facts.metric_of(config, environment): {},
        "best_epoch": measured,
        "epochs": epochs,
        "split_seed": config.split_seed,
        "split_sizes": {},
        **dict.fromkeys(("seconds_per_epoch", "parameters", "peak_memory_mib")),
    }
    warning = f"the run was not finished; this is its record up to epoch {epochs}"
    return {**known, **written, "status": "incomplete", "warnings": [*written.get("warnings", []), warning]}


def _last_epochs(folder: Path, manifest: Manifest) -> tuple[int, int]:
    """Return the last epoch, and the last whose layers were measured; only these lines are decoded."""
    path, last = folder / schema.METRICS_FILE, None
    if not os.path.lexists(path):
        return 0, 0
    for line in reversed(finished_lines(read_listed(folder, manifest, schema.METRICS_FILE))):
        entry = parse_json(line, path)
        if not schema.is_count(entry.get("epoch")):
            raise RecordError(f"{path}: a line has no epoch: {shown(entry)}")
        last = entry["epoch"] if last is None else last
        if "layers" in entry:
            return last, entry["epoch"]
    return last or 0, last or 0


def read_metrics(folder: Path, manifest: Manifest, layers: int) -> "xr.Dataset":
    """Return loss, scores and measures (of the selected epoch from its own file); dims epoch, split, layer, stage."""
    import xarray as xr

    path = folder / schema.METRICS_FILE
    lines = parse_lines(read_listed(folder, manifest, schema.METRICS_FILE), path)
    selected = read_selected(folder, manifest, layers) if schema.SELECTED_FILE in manifest else {"epoch": None}
    before = -1
    for number, line in enumerate(lines, start=1):
        facts.check(facts.MetricsLine, line, f"{path}, line {number}", layers=layers)
        if line["epoch"] <= before:
            raise RecordError(f"{path}, line {number}: epoch {line['epoch']} does not come after the one before")
        before = line["epoch"]
        if before == selected["epoch"]:
            line.setdefault("layers", selected["layers"])
    unknown = dict.fromkeys(vocabulary.SPLITS)
    shape, variables = (len(lines), len(vocabulary.SPLITS)), {}
    for name in ("loss", *vocabulary.SCORES):
        rows = [[line.get(name, unknown)[split] for split in vocabulary.SPLITS] for line in lines]
        variables[name] = as_variable(schema.PER_SPLIT, np.array(rows, dtype=np.float64).reshape(shape))
    for name in MEASURES:
        values = np.full((len(lines), layers, len(vocabulary.STAGES)), np.nan)
        for row, line in zip(values, lines, strict=True):
            if stages := line.get("layers", {}).get(name):
                row[:] = np.array([stages[stage] for stage in vocabulary.STAGES], dtype=np.float64).T
        variables[name] = as_variable(schema.PER_LAYER, values)
    epochs = np.array([line["epoch"] for line in lines], dtype=np.int64)
    return xr.Dataset(variables, coordinates(layers, epoch=epochs, split=np.array(vocabulary.SPLITS)))


def coordinates(layers: int, **first: np.ndarray[Any, Any]) -> dict[str, "xr.Variable"]:
    """Return coordinates along dimensions of the same name, the last of which are layer and stage."""
    values = {**first, "layer": np.arange(1, layers + 1), "stage": np.array(vocabulary.STAGES)}
    return {name: as_variable((name,), array) for name, array in values.items()}


def as_variable(dims: Sequence[str], array: np.ndarray[Any, Any]) -> "xr.Variable":
    """Return an array with named dimensions, without a copy.

    ``fastpath`` keeps xarray from importing ``dask.array`` to check whether the array is one of dask's.
    """
    import xarray as xr

    return xr.Variable(tuple(dims), array, fastpath=True)
