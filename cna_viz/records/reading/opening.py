"""The small files of a record, read when it is opened: whose it is, and how it ended."""

import os
from pathlib import Path
from typing import Any

from cna_viz.config import RESULTS_VERSION, RunConfig, id_of
from cna_viz.errors import CnaVizError, RecordError, shown
from cna_viz.records import schema
from cna_viz.records.reading import facts
from cna_viz.records.reading.facts import check_facts
from cna_viz.records.reading.files import finished_lines, parse_json
from cna_viz.records.reading.integrity import Manifest, is_complete, read_listed
from cna_viz.records.reading.migration import check_version, metric_of

_ASIDE = ".unfinished-"
"""Stands between the id and a number in the name of a folder that was set aside for a new attempt."""


def read_config(folder: Path, manifest: Manifest) -> tuple[RunConfig, dict[str, Any]]:
    """Return config and environment of a record.

    Raises:
        RecordError: When a file is not what was written, of another schema, or not in the folder of its run.
    """
    environment = _read_environment(folder, manifest)
    content, path = read_listed(folder, manifest, schema.CONFIG_FILE), folder / schema.CONFIG_FILE
    parse_json(content, path)
    try:
        config = RunConfig.from_json(content.decode())
    except CnaVizError as error:
        raise RecordError(f"{path}: {error}") from None
    if config.layers > schema.MOST_LAYERS:
        raise RecordError(f"{path}: {config.layers:,} layers; records of at most {schema.MOST_LAYERS:,} are read")
    # Of what is written, not of how it would be written today: settings that came later don't change who it is.
    identity, name = id_of(content, environment.get("results_version", RESULTS_VERSION)), folder.resolve().name
    if identity != name and (is_complete(folder) or identity != name.partition(_ASIDE)[0]):
        raise RecordError(f"{folder}: this is the record of run {identity}; a record lies in a folder of its own name")
    return config, environment


def _read_environment(folder: Path, manifest: Manifest) -> dict[str, Any]:
    path = folder / schema.ENVIRONMENT_FILE
    if not is_complete(folder) and not os.path.lexists(path):
        return {}  # the run ended while its record was begun
    environment = parse_json(read_listed(folder, manifest, schema.ENVIRONMENT_FILE), path)
    check_version(environment.get("schema_version"), str(folder))
    check_facts(environment, facts.ENVIRONMENT, str(path), required=("results_version",))
    return environment


def read_summary(folder: Path, manifest: Manifest) -> dict[str, Any]:
    """Return the summary of a sealed record; raises RecordError when it is not one."""
    path = folder / schema.SUMMARY_FILE
    summary = parse_json(read_listed(folder, manifest, schema.SUMMARY_FILE), path)
    check_facts(summary, facts.SUMMARY, str(path), required=facts.SEALED if is_complete(folder) else ("status",))
    return summary


def read_selected(folder: Path, manifest: Manifest, layers: int) -> dict[str, Any]:
    """Return epoch and measures of the selected model; raises RecordError when they are not such."""
    path = folder / schema.SELECTED_FILE
    selected = parse_json(read_listed(folder, manifest, schema.SELECTED_FILE), path)
    check_facts(selected, facts.SELECTED, str(path), required=facts.SELECTED)
    schema.check_layers(selected.get("layers"), layers, str(path))
    return selected


def unfinished_summary(
    folder: Path, manifest: Manifest, config: RunConfig, environment: dict[str, Any]
) -> dict[str, Any]:
    """Return what can be said of a run that goes on or was interrupted; its status is ``incomplete``.

    What the run itself has written of a summary comes first. Without it the best epoch is the one whose model was
    selected, else the last that was measured, else the last.
    """
    epochs, measured = _last_epochs(folder, manifest)
    if schema.SELECTED_FILE in manifest:
        measured = read_selected(folder, manifest, config.layers)["epoch"]
    written = read_summary(folder, manifest) if schema.SUMMARY_FILE in manifest else {}
    known = {
        metric_of(config, environment): {},
        "best_epoch": measured,
        "epochs": epochs,
        "seconds_per_epoch": None,
        "parameters": None,
        "split_seed": config.split_seed,
        "split_sizes": {},
        "peak_memory_mib": None,
    }
    warning = f"the run was not finished; this is what there is up to epoch {epochs}"
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
