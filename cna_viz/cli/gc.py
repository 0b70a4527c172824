"""``cna-viz runs gc``: list what interrupted runs left, and remove it on request."""

import json
from argparse import Namespace

from cna_viz.cli.printing import number, table


def collect(namespace: Namespace) -> int:
    """List what interrupted runs left and, with ``--delete``, remove it; returns the exit code."""
    from cna_viz.experiments.leftovers import LOCK, find_leftovers, remove

    delete = namespace.delete
    found = find_leftovers(namespace.runs)
    if delete:
        found = remove(namespace.runs, found)
    if namespace.json:
        keys = {"kind": "kind", "run": "run", "bytes": "bytes", "kept": "kept", "deleted": "gone"}
        left = [{"path": str(one.path), **{key: getattr(one, name) for key, name in keys.items()}} for one in found]
        print(json.dumps({"left": left, "deleted": delete}))
        return 0
    shown, locks = ([one for one in found if (one.kind == LOCK) == is_lock] for is_lock in (False, True))
    rows = [
        (one.kind, _kilobytes(one.bytes), "deleted" if one.gone else one.kept or "not in use", str(one.path))
        for one in shown
    ]
    if rows:
        print(table(("what", "kB", "status", "path"), rows, right=("kB",)))
    counted = [one for one in shown if (one.gone if delete else not one.kept)]
    size = _kilobytes(sum(one.bytes for one in counted))
    kept = sum(bool(one.kept) for one in shown)
    stays = f"; {kept} not touched" if kept else ""
    if delete:
        print(f"{len(counted)} leftovers and {sum(one.gone for one in locks)} locks deleted, {size} kB{stays}")
    else:
        hint = "; --delete removes them" if counted or locks else ""
        print(f"{len(counted)} leftovers, {size} kB, and {len(locks)} unused locks{stays}{hint}")
    return 0


def _kilobytes(count: int) -> str:
    return number(count / 1000, 1)
