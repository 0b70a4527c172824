"""``cna-viz runs reproduce``: train runs again and say how far both records are apart."""

import json
import math
from argparse import Namespace
from dataclasses import asdict
from typing import TYPE_CHECKING

from cna_viz.cli.export import open_record
from cna_viz.cli.tables import table

if TYPE_CHECKING:
    from cna_viz.experiments.reproduce import Reproduction
    from cna_viz.records.exporting.differences import RecordDifference


def reproduce_runs(namespace: Namespace) -> int:
    """Run the action; returns the exit code, 1 where a run came out different."""
    from cna_viz.experiments.reproduce import reproduce

    records = [open_record(namespace.runs, name) for name in namespace.ids]
    found = [reproduce(record, namespace.data) for record in records]
    if namespace.json:
        print(json.dumps({"reproduced": [_facts(one) for one in found]}))
    else:
        for one in found:
            _show(one)
    return 1 if any(one.verdict == "different" for one in found) else 0


def _show(found: "Reproduction") -> None:
    print(f"{found.run}: {found.verdict}")
    rows = [(one.what, f"{one.apart:.3g}", f"{one.most:g}") for one in found.differences if not one.bits]
    if rows:
        print(table(("not equal to the bit", "apart", "tolerance"), rows, right=("apart", "tolerance")))
    if found.elsewhere:
        print(
            table(("depends on", "before", "now"), [(name, *map(str, pair)) for name, pair in found.elsewhere.items()])
        )


def _facts(found: "Reproduction") -> dict[str, object]:
    apart = [_difference(one) for one in found.differences]
    return {"run": found.run, "verdict": found.verdict, "differences": apart, "elsewhere": found.elsewhere}


def _difference(one: "RecordDifference") -> dict[str, object]:
    return {**asdict(one), "apart": one.apart if math.isfinite(one.apart) else None, "within": one.within}
