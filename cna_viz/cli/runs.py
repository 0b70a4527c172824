"""``cna-viz runs``: list, show, verify, export or reproduce records, or clean up after interrupted runs."""

import json
import re
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cna_viz.cli.gc import collect
from cna_viz.cli.parser import Parser
from cna_viz.cli.printing import complain, printable, table
from cna_viz.cli.reproduce import reproduce_runs
from cna_viz.config import vocabulary
from cna_viz.config.fields import known_settings
from cna_viz.errors import shown, unknown_name
from cna_viz.progress import PATIENCE, bar
from cna_viz.scores import WORDS, written

if TYPE_CHECKING:
    from cna_viz.records.listing import Listed
    from cna_viz.records.record import Record

ACTIONS = ("list", "show", "verify", "export", "reproduce", "gc")
ONLY = {"to": "export", "out": "export", "snapshots": "export", "force": "export", "delete": "gc", "data": "reproduce"}
"""Options that go with one action only."""
EXAMPLES = (
    "cna-viz runs list",
    "cna-viz runs show 8961d5aa          # the beginning of an id is enough",
    "cna-viz runs verify --runs runs     # checks every file of every record",
    "cna-viz runs export 8961d5aa 41c0 --to csv --out tables",
    "cna-viz runs export 8961d5aa --to netcdf --snapshots --out arrays",
    "cna-viz runs reproduce 8961d5aa     # trains it again and compares both records",
    "cna-viz runs gc                     # lists what interrupted runs left; --delete removes it",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code, 1 where a record is damaged or came out different."""
    parser = _parser()
    namespace = parser.parse(words)
    if namespace.action not in ACTIONS:
        raise unknown_name("action", namespace.action, ACTIONS)
    _check(namespace, parser)
    actions = {
        "list": _list,
        "show": _show,
        "verify": _verify,
        "export": _export,
        "reproduce": _reproduce,
        "gc": collect,
    }
    return actions[namespace.action](namespace)


def _parser() -> Parser:
    description = "List, show, verify, export or reproduce the records in a folder, or clean up after interrupted runs."
    parser = Parser("runs", description, EXAMPLES)
    parser.add_argument("action", metavar=f"{{{','.join(ACTIONS)}}}", help="what to do")
    text = "runs to show, verify, export or reproduce (default: verify all)"
    parser.add_argument("ids", nargs="*", metavar="ID", default=[], help=text)
    parser.add_runs()
    parser.add_json()
    parser.add_data()
    group = parser.add_argument_group("export")
    text = "csv or parquet (tidy tables; parquet needs the extra cna-viz[export]) or netcdf (labelled arrays)"
    group.add_argument("--to", help=text)
    group.add_argument("--out", type=Path, help="folder to write to")
    group.add_argument("--snapshots", action="store_true", help="also a file per run and snapshot")
    group.add_argument("--force", action="store_true", help="replace existing files")
    group = parser.add_argument_group("gc")
    group.add_argument("--delete", action="store_true", help="remove what is listed (default: only list it)")
    return parser


def _check(namespace: Namespace, parser: Parser) -> None:
    """Refuse options and ids that don't go with the action."""
    action, ids = namespace.action, namespace.ids
    if action == "show" and len(ids) != 1:
        parser.error("show needs exactly one ID")
    if action == "reproduce" and not ids:
        parser.error("reproduce needs at least one ID")
    if action in {"list", "gc"} and ids:
        parser.error(f"{action} takes no ID, got {shown(ids[0])}")
    if action == "export" and (not ids or namespace.to is None or namespace.out is None):
        parser.error("export needs an ID, --to csv, parquet or netcdf, and --out FOLDER")
    for option, only in ONLY.items():
        if action != only and getattr(namespace, option):
            parser.error(f"--{option} goes with {only} only")


# The actions import records, and with them numpy, only when they run: --help and refusals answer at once.


def _list(namespace: Namespace) -> int:
    from cna_viz.analysis.tables.watched_arms import told_apart
    from cna_viz.records.listing import list_runs

    listed = list_runs(namespace.runs)
    names = {one.id: one.config.slot for one in told_apart([one.record for one in listed if one.record is not None])}
    if namespace.json:
        print(json.dumps({"runs": [_facts(one) for one in listed]}))
        return 0
    header = ("id", "status", "dataset", "split", "backbone", "slot", "layers", "seed", "epochs", "test", "metric")
    print(table(header, [_row(one, names) for one in listed], right=("layers", "seed", "epochs", "test")))
    for one in listed:
        if one.problem:
            complain(one.problem)
    return 0


def _facts(one: "Listed") -> dict[str, object]:
    facts: dict[str, object] = {"id": one.folder.name, "path": str(one.folder), "status": one.status}
    if one.record is None:
        return {**facts, "problem": one.problem}
    summary = one.record.summary
    return {
        **facts,
        "content": one.record.content or "unknown",
        "config": known_settings(one.record.config),
        "metric": _metric(one.record),
        **{name: summary[name] for name in vocabulary.SCORES if name in summary},
        "epochs": summary["epochs"],
    }


def _row(one: "Listed", names: Mapping[str, str]) -> tuple[str, ...]:
    if one.record is None:
        return (one.folder.name, one.status, *("–",) * 9)
    metric, config = _metric(one.record), one.record.config
    facts = {**config.facts, "slot": names[one.record.id], "seed": config.stated_seed}
    words = map(str, (*facts.values(), one.record.summary["epochs"]))
    score = ("–", "none") if metric is None else (written(metric, one.record.score("test")), WORDS[metric])
    return (one.folder.name, one.status, *words, *score)


def _metric(record: "Record") -> str | None:
    """Return the score of a run; None where nothing is scored."""
    return None if record.config.task == "none" and not record.summary.get(record.metric) else record.metric


def _open(runs: Path, run_id: str) -> "Record":
    """Open a record; an incomplete one is opened with a complaint."""
    from cna_viz.records.listing import find_run, load

    record = load(find_run(runs, run_id), incomplete=True)
    if record.status == "incomplete":
        reason = "; ".join(text[:300] for text in record.summary["warnings"][-3:]) or "the run was not finished"
        complain(f"{record.folder}: {reason}")
    return record


def _show(namespace: Namespace) -> int:
    from cna_viz.analysis.tables.training_end import training_end

    record = _open(namespace.runs, namespace.ids[0])
    facts = {
        "id": record.id,
        "path": str(record.folder),
        "content": record.content or "unknown",
        "config": known_settings(record.config),
        "summary": record.summary,
        "training": training_end(record),
        "environment": record.environment,
        "snapshots": record.snapshots,
    }
    print(json.dumps(facts, indent=None if namespace.json else 2))
    return 0


def _verify(namespace: Namespace) -> int:
    from cna_viz.records.listing import find_run
    from cna_viz.records.verify import find_problems

    named = [find_run(namespace.runs, run_id) for run_id in namespace.ids]
    folders = named or _folders_to_verify(namespace.runs)
    problems = {}
    with bar(len(folders), "verify", unit=" records", delay=PATIENCE) as progress:
        for folder in folders:
            problems[folder.name] = find_problems(folder)
            progress.update()
    bad = {name: found for name, found in problems.items() if found}
    if namespace.json:
        print(json.dumps({"verified": len(problems), "problems": bad}))
    else:
        for found in bad.values():
            print("\n".join(map(printable, found)))
        print(f"{len(problems)} verified, {len(bad)} with problems")
    return 1 if bad else 0


def _folders_to_verify(runs: Path) -> list[Path]:
    """Return finished runs, and broken ones that have the name of a run; name the other folders on stderr."""
    from cna_viz.records.listing import list_runs
    from cna_viz.records.reading.integrity import is_complete

    folders = []
    for one in list_runs(runs):
        if is_complete(one.folder) or (one.status == "broken" and re.match("[0-9a-f]{16}", one.folder.name)):
            folders.append(one.folder)
        else:
            complain(f"{one.folder}: {'incomplete' if one.status == 'incomplete' else 'no record'}, not verified")
    return folders


def _export(namespace: Namespace) -> int:
    from cna_viz.records.exporting.exporting import export_records

    records = {record.id: record for record in (_open(namespace.runs, run_id) for run_id in namespace.ids)}
    written = export_records(
        list(records.values()), namespace.to, namespace.out, snapshots=namespace.snapshots, force=namespace.force
    )
    for note in written.notes:
        complain(note)
    files = list(map(str, written.files))
    print(json.dumps({"files": files, "notes": written.notes}) if namespace.json else "\n".join(files))
    return 0


def _reproduce(namespace: Namespace) -> int:
    return reproduce_runs([_open(namespace.runs, run_id) for run_id in namespace.ids], namespace)
