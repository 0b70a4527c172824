"""``cna-viz report``: execute a notebook with your parameters and write a page that opens offline."""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from cna_viz.cli.parser import Parser
from cna_viz.cli.tables import table
from cna_viz.errors import UsageError
from cna_viz.reports.notebooks import find_notebook, list_reports
from cna_viz.reports.parameters import describe, read_parameters
from cna_viz.reports.report import make_report

EXAMPLES = (
    "cna-viz report oversmoothing",
    "cna-viz report oversmoothing --parameters             # what can be set",
    "cna-viz report oversmoothing -p depths 2,8,32 -p seeds 0,1,2",
    "cna-viz report oversmoothing -p dataset cora -p split public --data path/to/data --out cora",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(
        "report",
        "Execute a notebook with your parameters and write OUT/NAME/index.html, one file that opens offline.",
        EXAMPLES,
    )
    parser.add_argument(
        "name", nargs="?", metavar="NAME", default=None, help=f"the report: {', '.join(list_reports())}"
    )
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter; a list is given as 2,4,8",
    )
    parser.add_argument(
        "--parameters", dest="describe", action="store_true", default=False, help="list the parameters and stop"
    )
    parser.add_argument("--data", default=None, help="data root in PyG's raw layout, the same as -p data")
    parser.add_argument("--runs", default=None, help="folder of the records, the same as -p runs")
    parser.add_argument("--out", type=Path, default=Path("reports"), help="folder of the reports (default reports)")
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON object")
    namespace = parser.parse(words)
    if namespace.name is None:
        parser.error(f"report needs a NAME: {', '.join(list_reports())}")
    if namespace.describe:
        return _list_parameters(namespace.name)
    result = make_report(namespace.name, _given(namespace), namespace.out, _progress, log=sys.stderr)
    if namespace.json:
        print(
            json.dumps(
                {
                    "name": result.name,
                    "index": str(result.index),
                    "notebook": str(result.notebook),
                    "seconds": result.seconds,
                }
            )
        )
    else:
        print(result.index)
    return 0


def _given(namespace: Namespace) -> dict[str, str]:
    given: dict[str, str] = {}
    pairs = [(name, values) for name, *values in namespace.parameters]
    pairs += [(name, [value]) for name in ("data", "runs") if (value := getattr(namespace, name)) is not None]
    for name, values in pairs:
        if not values:
            raise UsageError(f"-p {name} needs a value, for instance -p {name} 8")
        if name in given:
            raise UsageError(f"parameter {name!r} is given twice")
        given[name] = ",".join(values)
    return given


def _list_parameters(name: str) -> int:
    _, path = find_notebook(name)
    print(table(("parameter", "type", "default", "meaning"), [tuple(row) for row in describe(read_parameters(path))]))
    return 0


def _progress(number: int, total: int, heading: str) -> None:
    print(f"cell {number} of {total}: {heading}", file=sys.stderr)
