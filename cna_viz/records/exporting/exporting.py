"""Export records as CSV, parquet, or netCDF."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cna_viz.errors import UsageError, unknown_name
from cna_viz.files import atomic_paths
from cna_viz.progress import PATIENCE, bar
from cna_viz.records import schema
from cna_viz.records.dataset import attributes, snapshots_dataset, to_xarray
from cna_viz.records.exporting import tables
from cna_viz.records.record import Record

if TYPE_CHECKING:
    import xarray as xr
    from pandas import DataFrame

FORMATS: Final = ("csv", "parquet", "netcdf")
FORMULA: Final = frozenset("=+-@＝＋－＠")
"""A spreadsheet takes text that begins with one of these, after any blanks, for a formula."""
CELL: Final = ("\t", "\r", "\n")
"""A spreadsheet may split text that begins with one of these into cells."""
LARGEST: Final = 2**31 - 4
"""Maximum size in bytes of a variable in netCDF 3."""

Make = Callable[[], "Iterator[DataFrame]"]
Write = Callable[[Path], list[str]]


@dataclass(frozen=True)
class Exported:
    """The written files, in order, and notes on values that the format can't hold unchanged."""

    files: list[Path]
    notes: list[str]


def export_records(
    records: Sequence[Record], to: str, out: Path, *, snapshots: bool = False, force: bool = False
) -> Exported:
    """Write records in another format. Every file appears as a whole or not at all.

    csv and parquet are the tables ``runs``, ``metrics_epochs``, ``metrics_layers``, ``nodes`` and ``edges``, each with
    the rows of all records; netcdf is a file per record, with its metrics and graph. In csv, an apostrophe precedes
    text that a spreadsheet would take for a formula.

    Args:
        records: The records.
        to: csv, parquet or netcdf.
        out: Folder of the files, created if missing.
        snapshots: Also write a file per record and snapshot: its embeddings; in netcdf all of its tensors.
        force: Replace existing files.

    Raises:
        UsageError: If the format is unknown, a file exists already, or pyarrow is not installed for parquet.
        RecordError: If a record is not what was written.
    """
    if to not in FORMATS:
        raise unknown_name("format", to, FORMATS)
    files = _netcdf_files(records, snapshots) if to == "netcdf" else _table_files(records, to, snapshots)
    if (out / schema.MANIFEST_FILE).exists():
        raise UsageError(f"{out} is the folder of a record, which may hold nothing else: choose another --out")
    there = [out / name for name in files if os.path.lexists(out / name)]
    if there and not force:
        raise UsageError(f"{there[0]} exists already and is not replaced without --force")
    out.mkdir(parents=True, exist_ok=True)
    notes = []
    with bar(len(files), "export", unit=" files", delay=PATIENCE) as progress:
        for name, write in files.items():
            with atomic_paths(out / name, why_kept=lambda _: "" if force else "exists already") as (atomic_path,):
                notes += write(atomic_path)
            progress.update()
    return Exported([out / name for name in files], list(dict.fromkeys(notes)))


def _netcdf_files(records: Sequence[Record], snapshots: bool) -> dict[str, Write]:
    files: dict[str, Write] = {}
    for record in records:
        files[f"{record.id}.nc"] = partial(_write_netcdf, record, None)
        for epoch in record.snapshots if snapshots else ():
            files[f"{record.id}_{epoch:04d}.nc"] = partial(_write_netcdf, record, epoch)
    return files


def _write_netcdf(record: Record, epoch: int | None, path: Path) -> list[str]:
    whole = to_xarray(record) if epoch is None else snapshots_dataset(record, [epoch])
    return write_netcdf(whole.assign_attrs(attributes(record)), path)


def _table_files(records: Sequence[Record], to: str, snapshots: bool) -> dict[str, Write]:
    write = _write_csv if to == "csv" else partial(_write_parquet, *_pyarrow())
    makes: dict[str, Make] = {
        "runs": partial(tables.runs, records),
        "metrics_epochs": partial(tables.metrics_epochs, records),
        "metrics_layers": partial(tables.metrics_layers, records),
    }
    with_graph = [record for record in records if schema.GRAPH_FILE in record.manifest]
    if with_graph:
        makes |= {"nodes": partial(tables.nodes, with_graph), "edges": partial(tables.edges, with_graph)}
    for record in records if snapshots else ():
        for epoch in record.snapshots:
            makes[f"embeddings_{record.id}_{epoch:04d}"] = partial(tables.embeddings, record, epoch)
    return {f"{name}.{to}": partial(write, make) for name, make in makes.items()}


def _write_csv(make: Make, path: Path) -> list[str]:
    with path.open("w", encoding="utf-8", newline="") as file:
        for number, frame in enumerate(make()):
            texts = {str(name): frame[name].map(_harmless) for name in frame if frame[name].dtype.kind not in "biufcmM"}
            frame.assign(**texts).to_csv(file, index=False, header=number == 0, lineterminator="\n")
    return []


def _harmless(value: object) -> object:
    """Return text with an apostrophe before it if a spreadsheet would compute or split it."""
    if not isinstance(value, str):
        return value
    first = next((letter for letter in value if letter.isprintable() and not letter.isspace()), "")
    return f"'{value}" if first in FORMULA or value.startswith(CELL) else value


def _write_parquet(pyarrow: Any, parquet: Any, make: Make, path: Path) -> list[str]:
    parts = (pyarrow.Table.from_pandas(frame, preserve_index=False) for frame in make())
    first = next(parts, pyarrow.table({}))
    with parquet.ParquetWriter(path, first.schema) as writer:
        for part in chain([first], parts):
            writer.write_table(part)
    return []


def _pyarrow() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")
    except ImportError:
        raise UsageError("parquet needs pyarrow, which is not installed: pip install 'cna-viz[export]'") from None


def write_netcdf(dataset: "xr.Dataset", path: Path) -> list[str]:
    """Write a dataset as netCDF 3, which needs no further package, and return notes on the necessary changes.

    netCDF 3 has no integers of 64 bits, no float16, and no dimension of length 0.
    """
    empty = sorted(str(name) for name, variable in dataset.variables.items() if 0 in variable.shape)
    notes = [f"netCDF 3: left out because empty: {', '.join(empty)}"] if empty else []
    changed, types = dataset.drop_vars(empty), dict[str, list[str]]()
    for name, variable in changed.variables.items():
        stored = _storable(variable.to_numpy())
        if stored.nbytes > LARGEST:
            raise UsageError(
                f"{name} takes {stored.nbytes:,} bytes and netCDF 3 holds at most {LARGEST:,}; use --to parquet"
            )
        if stored.dtype != variable.dtype:
            types.setdefault(f"{variable.dtype} becomes {stored.dtype}", []).append(str(name))
            changed = changed.assign({name: (variable.dims, stored, variable.attrs)})
    notes += [f"netCDF 3: {change} in {', '.join(sorted(names))}" for change, names in sorted(types.items())]
    large = {k: str(v) for k, v in dataset.attrs.items() if isinstance(v, int) and abs(v) >= 2**31}
    changed.attrs = {**dataset.attrs, **large}
    changed.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    return notes


def _storable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        narrow = array.astype(np.int32)
        return narrow if np.array_equal(narrow, array) else array.astype(np.float64)
    return array
