"""Records by what they are: by id, and by the values of their configs."""

import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from cna_viz.config import vocabulary
from cna_viz.config.fields import config_fields, field_value
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records import schema
from cna_viz.records.listing import Listed, find_run, list_runs
from cna_viz.records.record import Record, load_record

_CHOICES: Final[dict[str, tuple[str, ...]]] = {
    "dataset": vocabulary.DATASETS,
    "split": vocabulary.SPLIT_PROTOCOLS,
    "backbone": vocabulary.BACKBONES,
    "slot": vocabulary.SLOTS,
    "status": schema.STATUSES,
    **vocabulary.FACTORS,
}


def load(run_id: str, runs: Path | str = "runs", incomplete: bool = False) -> Record:
    """Open the record of a run.

    Args:
        run_id: The id, or its beginning where no other begins so.
        runs: Folder of the records.
        incomplete: Also open what there is of a run that was not finished.

    Raises:
        UsageError: When no id or several begin so; lists the ids there are.
        RecordError: As :func:`~cna_viz.records.record.load_record`.
    """
    return load_record(find_run(Path(runs), run_id), incomplete=incomplete)


def select(runs: Path | str = "runs", **criteria: Any) -> list[Record]:
    """Open the records whose configs have these values, ordered by dataset, split, backbone, slot, layers and seed.

        >>> select(slot="cna", dataset="cora", layers=32, seed=[0, 1, 2])

    Broken records are skipped with a warning that names them, and so are runs that were not finished, unless
    ``status`` asks for them.

    Args:
        runs: Folder of the records.
        **criteria: Fields of the config, wherever they are in it (those of its part ``csbm`` as ``csbm_nodes``), and
            ``status``: the value, or a list of which one must be met. A factor that a config leaves to its slot has the
            value it has there.

    Raises:
        UsageError: When there is no such field, or no such dataset, slot or other name; lists those there are.
        RecordError: When there is no such folder.
    """
    wanted = {name: _alternatives(value) for name, value in criteria.items()}
    for name in wanted:
        if name not in config_fields() and name != "status":
            raise unknown_name("criterion", name, [*config_fields(), "status"])
    listed = list_runs(Path(runs))
    for name in wanted.keys() & _CHOICES.keys():
        _check_names(name, wanted[name], [entry.record for entry in listed if entry.record is not None])
    found = [entry for entry in listed if entry.record is None or _meets(entry.record, wanted)]
    skipped = [entry for entry in found if _is_skipped(entry, "status" in wanted)]
    if skipped:
        named = ", ".join(f"{entry.folder.name} ({entry.status})" for entry in skipped)
        warnings.warn(f"skipped in {runs}: {named}; `cna-viz runs list` says more", stacklevel=2)
    records = [entry.record for entry in found if entry not in skipped and entry.record is not None]
    return sorted(records, key=lambda record: (*record.config.facts.values(), record.id))


def select_one(runs: Path | str = "runs", **criteria: Any) -> Record:
    """Open the one record whose config has these values; as :func:`select`.

    Raises:
        UsageError: When there is none or more than one, and as :func:`select`.
        RecordError: When there is no such folder.
    """
    found = select(runs, **criteria)
    if len(found) == 1:
        return found[0]
    wanted = ", ".join(f"{name} {value}" for name, value in criteria.items())
    ids = f": {', '.join(record.id for record in found[:3])}{' ...' if len(found) > 3 else ''}" if found else ""
    raise UsageError(f"{len(found) or 'no'} runs in {runs} have {wanted}{ids}; it must be exactly one")


def _is_skipped(entry: Listed, any_status: bool) -> bool:
    return entry.status == "broken" or (entry.status == "incomplete" and not any_status)


def _alternatives(value: Any) -> list[Any]:
    several = isinstance(value, Iterable) and not isinstance(value, str | Mapping)
    return [item.item() if isinstance(item, np.generic) else item for item in (value if several else [value])]


def _value(record: Record, name: str) -> Any:
    return record.status if name == "status" else field_value(record.config, name)


def _meets(record: Record, wanted: Mapping[str, list[Any]]) -> bool:
    """Whether every field has one of the values wanted; of a field that is a list one of its members is enough."""
    for name, alternatives in wanted.items():
        value = _value(record, name)
        values = value if isinstance(value, tuple) else (value,)
        if not any(alternative in values for alternative in alternatives):
            return False
    return True


def _check_names(name: str, wanted: Sequence[Any], records: Sequence[Record]) -> None:
    """Refuse a name that means nothing: an empty answer would hide the slip of a key."""
    known = {*_CHOICES[name], *(_value(record, name) for record in records)}
    for value in wanted:
        if value is not None and value not in known:
            raise unknown_name(name, str(value), [str(choice) for choice in known if choice is not None])
