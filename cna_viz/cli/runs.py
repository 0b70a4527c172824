"""``cna-viz runs``: list, show, verify, export or reproduce records, or remove what interrupted runs have left."""

import json
import re
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cna_viz.cli.complaint import complain
from cna_viz.cli.data_option import add_data
from cna_viz.cli.export import add_export_options, check_export_options, export, open_record
from cna_viz.cli.gc import add_gc_options, check_gc_options, collect
from cna_viz.cli.parser import Parser
from cna_viz.cli.printable import printable
from cna_viz.cli.reproduce import reproduce_runs
from cna_viz.cli.tables import table
from cna_viz.config import vocabulary
from cna_viz.errors import shown, unknown_name
from cna_viz.progress import PATIENCE, bar
from cna_viz.scores import WORDS, written

if TYPE_CHECKING:
    from cna_viz.records.listing import Listed

ACTIONS = ("list", "show", "verify", "export", "reproduce", "gc")
EXAMPLES = (
    "cna-viz runs list",
    "cna-viz runs show 8961d5aa          # the beginning of an id is enough",
    "cna-viz runs verify --runs runs     # checks every file of every record",
    "cna-viz runs export 8961d5aa 41c0 --to csv --out tables",
    "cna-viz runs export 8961d5aa --to netcdf --snapshots --out arrays",
    "cna-viz runs reproduce 8961d5aa     # trains it again and says how far both are apart",
    "cna-viz runs gc                     # what interrupted runs have left; --delete removes it",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code, 1 where a record is not what was written."""
    parser = Parser(
        "runs",
        "List, show, verify, export or reproduce the records in a folder, or clean up after interrupted runs.",
        EXAMPLES,
    )
    parser.add_argument("action", metavar=f"{{{','.join(ACTIONS)}}}", help="what to do")
    parser.add_argument(
        "ids",
        nargs="*",
        metavar="ID",
        default=[],
        help="runs to show, verify, export or reproduce (default: verify all)",
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the records (default runs)")
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON object")
    add_data(parser)
    add_export_options(parser)
    add_gc_options(parser)
    namespace = parser.parse(words)
    if namespace.action not in ACTIONS:
        raise unknown_name("action", namespace.action, ACTIONS)
    _check(namespace, parser)
    actions = {
        "list": _list,
        "show": _show,
        "verify": _verify,
        "export": export,
        "gc": collect,
        "reproduce": reproduce_runs,
    }
    return actions[namespace.action](namespace)


def _check(namespace: Namespace, parser: Parser) -> None:
    """Refuse options and ids that don't go with the action."""
    if namespace.action == "show" and len(namespace.ids) != 1:
        parser.error("show needs exactly one ID")
    if namespace.action == "reproduce" and not namespace.ids:
        parser.error("reproduce needs at least one ID")
    if namespace.action != "reproduce" and namespace.data is not None:
        parser.error("--data goes with reproduce only")
    if namespace.action == "list" and namespace.ids:
        parser.error(f"list takes no ID, got {shown(namespace.ids[0])}")
    check_export_options(namespace, parser)
    check_gc_options(namespace, parser)


# Records need numpy; what only answers --help or refuses a word does not wait for it.


def _list(namespace: Namespace) -> int:
    from cna_viz.records.listing import list_runs

    listed = list_runs(namespace.runs)
    if namespace.json:
        print(json.dumps({"runs": [_entry(entry) for entry in listed]}))
        return 0
    header = ("id", "status", "dataset", "split", "backbone", "slot", "layers", "seed", "epochs", "test", "metric")
    print(table(header, [_row(entry) for entry in listed], right=("layers", "seed", "epochs", "test")))
    for entry in listed:
        if entry.problem:
            complain(entry.problem)
    return 0


def _entry(entry: "Listed") -> dict[str, object]:
    facts: dict[str, object] = {"id": entry.folder.name, "path": str(entry.folder), "status": entry.status}
    if entry.record is None:
        return {**facts, "problem": entry.problem}
    return {
        **facts,
        "config": entry.record.config.model_dump(mode="json"),
        "metric": entry.record.metric,
        **{name: entry.record.summary[name] for name in vocabulary.SCORES if name in entry.record.summary},
        "epochs": entry.record.summary["epochs"],
    }


def _row(entry: "Listed") -> tuple[str, ...]:
    if entry.record is None:
        return (entry.folder.name, entry.status, *("–",) * 9)
    facts, summary = entry.record.config.facts.values(), entry.record.summary
    return (
        entry.folder.name,
        entry.status,
        *map(str, facts),
        str(summary["epochs"]),
        written(entry.record.metric, entry.record.score("test")),
        WORDS[entry.record.metric],
    )


def _show(namespace: Namespace) -> int:
    record = open_record(namespace.runs, namespace.ids[0])
    facts = {
        "id": record.id,
        "path": str(record.folder),
        "config": record.config.model_dump(mode="json"),
        "summary": record.summary,
        "environment": record.environment,
        "snapshots": record.snapshots,
    }
    print(json.dumps(facts) if namespace.json else json.dumps(facts, indent=2))
    return 0


def _is_broken_run(entry: "Listed") -> bool:
    """Return whether a folder has the name of a run and can't be read; others belong to other programs."""
    return entry.status == "broken" and re.match("[0-9a-f]{16}", entry.folder.name) is not None


def _verify(namespace: Namespace) -> int:
    from cna_viz.records.listing import find_run, list_runs
    from cna_viz.records.reading.integrity import is_complete
    from cna_viz.records.verify import find_problems

    if namespace.ids:
        folders = [find_run(namespace.runs, run_id) for run_id in namespace.ids]
    else:
        listed = list_runs(namespace.runs)
        folders = [entry.folder for entry in listed if is_complete(entry.folder) or _is_broken_run(entry)]
        for entry in listed:
            if entry.folder not in folders:
                what = "incomplete" if entry.status == "incomplete" else "no record"
                complain(f"{entry.folder}: {what}, not verified")
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
