"""``cna-viz runs export``: write records for other programs."""

import json
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from cna_viz.cli.complaint import complain
from cna_viz.cli.parser import Parser

if TYPE_CHECKING:
    from cna_viz.records.record import Record


def add_export_options(parser: Parser) -> None:
    """Add what only the action ``export`` understands."""
    group = parser.add_argument_group("export")
    group.add_argument(
        "--to",
        default=None,
        help="csv or parquet (tidy tables; parquet needs the extra cna-viz[export]) or netcdf (labelled arrays)",
    )
    group.add_argument("--out", type=Path, default=None, help="folder to write to")
    group.add_argument("--snapshots", action="store_true", default=False, help="also a file per run and snapshot")
    group.add_argument("--force", action="store_true", default=False, help="replace files that are there")


def check_export_options(namespace: Namespace, parser: Parser) -> None:
    """Refuse an export that doesn't say all it needs, and its options beside another action."""
    if namespace.action == "export":
        if not namespace.ids or namespace.to is None or namespace.out is None:
            parser.error("export needs an ID, --to csv, parquet or netcdf, and --out FOLDER")
        return
    for name in ("to", "out", "snapshots", "force"):
        if getattr(namespace, name):
            parser.error(f"--{name} goes with export only")


def open_record(runs: Path, run_id: str) -> "Record":
    """Open a record, also one that is not complete, which is said on stderr."""
    from cna_viz.records.listing import load

    record = load(run_id, runs, incomplete=True)
    if record.status == "incomplete":
        reason = "; ".join(text[:300] for text in record.summary["warnings"][-3:]) or "the run was not finished"
        complain(f"{record.folder}: {reason}")
    return record


def export(namespace: Namespace) -> int:
    """Export the records and print the paths of the files; returns the exit code."""
    from cna_viz.records.exporting.exporting import export_records

    records = {record.id: record for record in (open_record(namespace.runs, run_id) for run_id in namespace.ids)}
    written = export_records(
        list(records.values()), namespace.to, namespace.out, snapshots=namespace.snapshots, force=namespace.force
    )
    for note in written.notes:
        complain(note)
    files = list(map(str, written.files))
    print(json.dumps({"files": files, "notes": written.notes}) if namespace.json else "\n".join(files))
    return 0
