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
    if namespace.delete:
        found = remove(namespace.runs, found)
    if namespace.json:
        print(json.dumps({"left": [_facts(one) for one in found], "deleted": namespace.delete}))
        return 0
    shown = [one for one in found if one.kind != LOCK]
    if shown:
        print(table(("what", "kB", "status", "path"), [_row(one) for one in shown], right=("kB",)))
    print(_summary(shown, [one for one in found if one.kind == LOCK], delete=namespace.delete))
    return 0


def _facts(one: "Leftover") -> dict[str, object]:
    return {
        "path": str(one.path),
        "kind": one.kind,
        "run": one.run,
        "bytes": one.bytes,
        "kept": one.kept,
        "deleted": one.gone,
    }


def _row(one: "Leftover") -> tuple[str, ...]:
    status = "deleted" if one.gone else one.kept or "nobody writes it"
    return one.kind, number(one.bytes / 1000, 1), status, str(one.path)


def _summary(shown: "Sequence[Leftover]", locks: "Sequence[Leftover]", *, delete: bool) -> str:
    counted = [one for one in shown if (one.gone if delete else not one.kept)]
    size = number(sum(one.bytes for one in counted) / 1000, 1)
    kept = sum(bool(one.kept) for one in shown)
    stays = f"; {kept} not touched" if kept else ""
    if delete:
        return f"{len(counted)} leftovers and {sum(one.gone for one in locks)} locks deleted, {size} kB{stays}"
    hint = "; --delete removes them" if counted or locks else ""
    return f"{len(counted)} leftovers, {size} kB, and {len(locks)} locks of nobody{stays}{hint}"
