"""``cna-viz runs reproduce``: train runs again and compare them with their records."""

import json
import math
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from cna_viz.cli.printing import table

if TYPE_CHECKING:
    from cna_viz.experiments.reproduce import Reproduction
    from cna_viz.records.record import Record


def reproduce_runs(records: "Sequence[Record]", namespace: Namespace) -> int:
    """Train the runs of these records again; returns the exit code, 1 where one came out different."""
    from cna_viz.experiments.reproduce import reproduce

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
        rows = [(name, str(before), str(now)) for name, (before, now) in found.elsewhere.items()]
        print(table(("depends on", "before", "now"), rows))


def _facts(found: "Reproduction") -> dict[str, object]:
    differences = [
        {**asdict(one), "apart": one.apart if math.isfinite(one.apart) else None, "within": one.within}
        for one in found.differences
    ]
    return {"run": found.run, "verdict": found.verdict, "differences": differences, "elsewhere": found.elsewhere}
