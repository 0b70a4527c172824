"""``cna-viz runs gc``: say what interrupted runs have left, and remove it where told to."""

import json
from argparse import Namespace
from collections.abc import Sequence
from typing import TYPE_CHECKING

from cna_viz.cli.parser import Parser
from cna_viz.cli.tables import number, table
from cna_viz.errors import shown

if TYPE_CHECKING:
    from cna_viz.experiments.leftovers import Leftover


def add_gc_options(parser: Parser) -> None:
    """Add what only the action ``gc`` understands."""
    group = parser.add_argument_group("gc")
    group.add_argument(
        "--delete", action="store_true", default=False, help="remove what is listed (default: only list it)"
    )


def check_gc_options(namespace: Namespace, parser: Parser) -> None:
    """Refuse ids, which ``gc`` does not take, and its option beside another action."""
    if namespace.action == "gc" and namespace.ids:
        parser.error(f"gc takes no ID, got {shown(namespace.ids[0])}")
    if namespace.action != "gc" and namespace.delete:
        parser.error("--delete goes with gc only")


def collect(namespace: Namespace) -> int:
    """List what was left and, with ``--delete``, remove it; returns the exit code."""
    from cna_viz.experiments.leftovers import LOCK, find_leftovers, remove

    found = find_leftovers(namespace.runs)
    gone = remove(namespace.runs, found) if namespace.delete else []
    if namespace.json:
        print(json.dumps({"left": [_facts(one, one in gone) for one in found], "deleted": namespace.delete}))
        return 0
    shown = [one for one in found if one.kind != LOCK]
    if shown:
        header = ("what", "kB", "status", "path")
        print(table(header, [_row(one, namespace.delete, one in gone) for one in shown], right=("kB",)))
    print(_summary(shown, len(found) - len(shown), gone, delete=namespace.delete))
    return 0


def _facts(one: "Leftover", gone: bool) -> dict[str, object]:
    return {
        "path": str(one.path),
        "kind": one.kind,
        "run": one.run,
        "bytes": one.bytes,
        "kept": one.kept,
        "deleted": gone,
    }


def _row(one: "Leftover", delete: bool, gone: bool) -> tuple[str, ...]:
    changed = "was taken up meanwhile" if delete else "nobody writes it"
    return one.kind, number(one.bytes / 1000, 1), "deleted" if gone else one.kept or changed, str(one.path)


def _summary(shown: "Sequence[Leftover]", locks: int, gone: "Sequence[Leftover]", *, delete: bool) -> str:
    of_nobody = [one for one in shown if not one.kept]
    counted = gone if delete else of_nobody
    size = number(sum(one.bytes for one in counted) / 1000, 1)
    kept = len(shown) - len(of_nobody)
    stays = f"; {kept} not touched" if kept else ""
    if delete:
        left = len([one for one in gone if one in shown])
        return f"{left} leftovers and {len(gone) - left} locks deleted, {size} kB{stays}"
    hint = "; --delete removes them" if of_nobody or locks else ""
    return f"{len(of_nobody)} leftovers, {size} kB, and {locks} locks of nobody{stays}{hint}"
