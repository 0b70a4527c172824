"""Records for other programs: CSV, parquet, netCDF."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cna_viz.errors import UsageError, unknown_name
from cna_viz.files import drafts
from cna_viz.progress import PATIENCE, bar
from cna_viz.records import schema
from cna_viz.records.dataset import attributes, snapshots_dataset, to_xarray
from cna_viz.records.exporting import tables
from cna_viz.records.exporting.netcdf import write_netcdf
from cna_viz.records.record import Record

if TYPE_CHECKING:
    from pandas import DataFrame

FORMATS: Final = ("csv", "parquet", "netcdf")

FORMULA: Final = frozenset("=+-@＝＋－＠")
"""A spreadsheet takes text that begins so, after any blanks, for a formula; a watched network may have any name."""
CELL: Final = ("\t", "\r", "\n")
"""A spreadsheet may split text that begins so into cells."""

Make = Callable[[], "Iterator[DataFrame]"]
Write = Callable[[Path], list[str]]


@dataclass(frozen=True)
class Exported:
    """What an export wrote.

    Attributes:
        files: The files, in the order in which they were written.
        notes: What the format could not hold as it was.
    """

    files: list[Path]
    notes: list[str]


def export_records(
    records: Sequence[Record], to: str, out: Path, *, snapshots: bool = False, force: bool = False
) -> Exported:
    """Write records in another format. Every file appears whole or not at all.

    In csv, a text that a spreadsheet would take for a formula has an apostrophe before it.

    csv and parquet are the tables ``runs``, ``metrics_epochs``, ``metrics_layers``, ``nodes`` and ``edges``, each with
    the rows of all records; netcdf is a file per record, with its metrics and graph.

    Args:
        records: The records.
        to: csv, parquet or netcdf.
        out: Folder to write to, made where it is missing.
        snapshots: Write also a file per record and snapshot: its embeddings, in netcdf all that it holds.
        force: Replace files that are there.

    Raises:
        UsageError: When there is no such format, a file is there already, or parquet is asked for without pyarrow.
        RecordError: When a record is not what was written.
    """
    if to not in FORMATS:
        raise unknown_name("format", to, FORMATS)
    files = _netcdf_files(records, snapshots) if to == "netcdf" else _table_files(records, to, snapshots)
    if (out / schema.MANIFEST_FILE).exists():
        raise UsageError(f"{out} is the folder of a record, in which nothing else may lie: choose another with --out")
    there = [out / name for name in files if os.path.lexists(out / name)]
    if there and not force:
        raise UsageError(f"{there[0]} is there already and is not replaced without --force")
    out.mkdir(parents=True, exist_ok=True)
    notes = []
    with bar(len(files), "export", unit=" files", delay=PATIENCE) as progress:
        for name, write in files.items():
            with drafts(out / name, why_kept=lambda _: "" if force else "is there already") as (written,):
                notes += write(written)
            progress.update()
    return Exported([out / name for name in files], list(dict.fromkeys(notes)))


def _netcdf_files(records: Sequence[Record], snapshots: bool) -> dict[str, Write]:
    files: dict[str, Write] = {}
    for record in records:
        files[f"{record.id}.nc"] = partial(_write_record, record)
        for epoch in record.snapshots if snapshots else ():
            files[f"{record.id}_{epoch:04d}.nc"] = partial(_write_snapshot, record, epoch)
    return files


def _write_record(record: Record, path: Path) -> list[str]:
    return write_netcdf(to_xarray(record), path)


def _write_snapshot(record: Record, epoch: int, path: Path) -> list[str]:
    return write_netcdf(snapshots_dataset(record, [epoch]).assign_attrs(attributes(record)), path)


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
            _without_formulas(frame).to_csv(file, index=False, header=number == 0, lineterminator="\n")
    return []


def _without_formulas(frame: "DataFrame") -> "DataFrame":
    """Return the table with an apostrophe before each text that a spreadsheet would compute."""
    texts = {str(name): frame[name].map(_harmless) for name in frame if frame[name].dtype.kind not in "biufcmM"}
    return frame.assign(**texts)


def _harmless(value: object) -> object:
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
