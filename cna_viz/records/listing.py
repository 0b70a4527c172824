"""The records in a folder: all of them, by id, and by the values of their configs."""

import os
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np

from cna_viz.config import vocabulary
from cna_viz.config.fields import config_fields, field_value
from cna_viz.errors import RecordError, UsageError, unknown_name
from cna_viz.records import schema
from cna_viz.records.reading.files import readable
from cna_viz.records.reading.integrity import check_folder
from cna_viz.records.record import Record, load_record

_FIRST: Final = (schema.CONFIG_FILE, schema.MANIFEST_FILE, schema.COMPLETE_FILE)
_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "dataset": vocabulary.DATASETS,
    "split": vocabulary.SPLIT_PROTOCOLS,
    "backbone": vocabulary.BACKBONES,
    "slot": vocabulary.SLOTS,
    "status": schema.STATUSES,
    **vocabulary.FACTORS,
}


@dataclass(frozen=True)
class Listed:
    """One entry of a folder of records: complete, diverged, incomplete (in progress or interrupted) or broken."""

    folder: Path
    record: Record | None
    status: str
    problem: str = ""


def list_runs(runs: str | Path) -> list[Listed]:
    """List all records below ``runs``, ordered by id, including broken ones.

    Raises:
        RecordError: If there is no such folder.
    """
    return [_open(folder) for folder in _folders(Path(runs))]


def _open(folder: Path) -> Listed:
    try:
        check_folder(folder)
        if not any(os.path.lexists(folder / name) for name in _FIRST):
            return Listed(folder, None, "incomplete")  # a run that is about to write its first file
        record = load_record(folder, incomplete=True)
    except RecordError as error:
        return Listed(folder, None, "broken", str(error))
    return Listed(folder, record, record.status)


def _folders(runs: Path) -> list[Path]:
    with readable(runs):
        if not runs.is_dir():
            raise RecordError(f"{runs}: no such folder; `cna-viz run --runs {runs}` makes a first record there")
        names = sorted(os.listdir(runs))
    return [runs / name for name in names if os.path.isdir(runs / name) and not name.startswith(".")]


def find_run(runs: str | Path, run_id: str) -> Path:
    """Return the folder of the run with this id, or with the only id that begins with it; errors as in :func:`load`."""
    names = [folder.name for folder in _folders(Path(runs))]
    # Leftovers of interrupted attempts have the id of their run too, and would make every beginning ambiguous.
    beginning = [name for name in names if run_id and name.startswith(run_id) and ".unfinished-" not in name]
    matches = [name for name in names if name == run_id] or beginning
    if len(matches) != 1:
        raise unknown_name("run", run_id, matches or names, "Several ids begin with it." if matches else "")
    return Path(runs) / matches[0]


def load(run: str | Path, runs: str | Path = "runs", *, incomplete: bool = False) -> Record:
    """Open the record of a run. Metrics, graph and snapshots are read on first use.

    Args:
        run: Id of a run in ``runs``, or its beginning if that is unambiguous. A path, or text with a path separator, is
            the folder of a record.
        runs: Folder of the records.
        incomplete: Also open a run that was not finished.

    Raises:
        UsageError: If no id or several begin with it; lists the available ids.
        RecordError: As :func:`~cna_viz.records.record.load_record`.
    """
    is_folder = isinstance(run, Path) or "/" in run or os.sep in run
    return load_record(run if is_folder else find_run(runs, str(run)), incomplete=incomplete)


def select(runs: str | Path = "runs", **criteria: Any) -> list[Record]:
    """Open the records whose configs have these values, ordered by dataset, split, backbone, slot, layers and seed.

        >>> select(slot="cna", dataset="cora", layers=32, seed=[0, 1, 2])

    Skips broken records with a warning that names them, and unfinished runs too unless ``status`` is given.

    Args:
        runs: Folder of the records.
        **criteria: Fields of the config at any depth (those of ``csbm`` as ``csbm_nodes``), and ``status``: one value,
            or a list of accepted values. A factor that a config leaves to its slot has the value of that slot.

    Raises:
        UsageError: If there is no such field, or no such dataset, slot or other name; lists the available ones.
        RecordError: If there is no such folder.
    """
    wanted = {name: _alternatives(value) for name, value in criteria.items()}
    for name in wanted:
        if name not in config_fields() and name != "status":
            raise unknown_name("criterion", name, [*config_fields(), "status"])
    listed = list_runs(runs)
    for name in wanted.keys() & _CHOICES.keys():
        # A typo must not look like an empty result.
        known = {*_CHOICES[name], *(_value(entry.record, name) for entry in listed if entry.record is not None)}
        for value in wanted[name]:
            if value is not None and value not in known:
                raise unknown_name(name, str(value), [str(choice) for choice in known if choice is not None])
    records, skipped = [], []
    for entry in listed:
        if entry.record is None or _meets(entry.record, wanted):
            if entry.status == "broken" or (entry.status == "incomplete" and "status" not in wanted):
                skipped.append(f"{entry.folder.name} ({entry.status})")
            elif entry.record is not None:
                records.append(entry.record)
    if skipped:
        warnings.warn(f"skipped in {runs}: {', '.join(skipped)}; `cna-viz runs list` says more", stacklevel=2)
    return sorted(records, key=_order)


def _order(record: Record) -> tuple[Any, ...]:
    *names, seed = record.config.facts.values()
    return *names, -1 if seed is None else seed, record.id


def select_one(runs: str | Path = "runs", **criteria: Any) -> Record:
    """Open the one record whose config has these values; as :func:`select`.

    Raises:
        UsageError: If none or several have them, and as :func:`select`.
        RecordError: If there is no such folder.
    """
    found = select(runs, **criteria)
    if len(found) == 1:
        return found[0]
    wanted = ", ".join(f"{name} {value}" for name, value in criteria.items())
    ids = f": {', '.join(record.id for record in found[:3])}{' ...' if len(found) > 3 else ''}" if found else ""
    raise UsageError(f"{len(found) or 'no'} runs in {runs} have {wanted}{ids}; it must be exactly one")


def _alternatives(value: Any) -> list[Any]:
    several = isinstance(value, Iterable) and not isinstance(value, str | Mapping)
    return [item.item() if isinstance(item, np.generic) else item for item in (value if several else [value])]


def _value(record: Record, name: str) -> Any:
    return record.status if name == "status" else field_value(record.config, name)


def _meets(record: Record, wanted: Mapping[str, list[Any]]) -> bool:
    """Whether every field has one of its wanted values; for a field that is a list, one matching member is enough."""
    for name, alternatives in wanted.items():
        value = _value(record, name)
        if not any(alternative in (value if isinstance(value, tuple) else (value,)) for alternative in alternatives):
            return False
    return True
