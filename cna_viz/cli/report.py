"""``cna-viz report``: execute notebooks with your parameters and write pages that open offline."""

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

from cna_viz.cli.data_option import add_data
from cna_viz.cli.parser import Parser
from cna_viz.cli.printable import printable
from cna_viz.cli.tables import table
from cna_viz.errors import UsageError
from cna_viz.reports.notebooks.notebooks import find_notebook, list_reports
from cna_viz.reports.notebooks.parameters import describe, read_parameters
from cna_viz.reports.pictures.browser import print_page, require_browser
from cna_viz.reports.report import make_report

EXAMPLES = (
    "cna-viz report oversmoothing",
    "cna-viz report oversmoothing --parameters             # what can be set",
    "cna-viz report oversmoothing -p depths 2,8,32 -p seeds 0,1,2",
    "cna-viz report oversmoothing -p dataset cora -p split public --data path/to/data --out cora",
    "cna-viz report oversmoothing --pdf                    # also printed, by an installed Chrome or Chromium",
    "cna-viz report --all                                  # the gallery: every report, and OUT/index.html",
    "cna-viz report --all --only ablation,claims -p epochs 20",
    "cna-viz report oversmoothing -b sets.yaml --jobs 2    # one report per set of parameters, and an index",
    "",
    "sets.yaml is a list of sets, or what they share and what is combined, all with all:",
    "  fixed: {epochs: 40}",
    "  axes: {dataset: [digits, karate], depths: [[2, 8], [2, 32]]}",
    "",
    "papermill takes the notebooks as well, unchecked and without a page; lists need -y (-p would make them text):",
    "  papermill notebooks/01_oversmoothing.ipynb out.ipynb -p epochs 20 -y 'depths: [2, 8]'",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code, 1 where one of several reports failed."""
    parser = _parser()
    namespace = parser.parse(words)
    _refuse_contradictions(namespace, parser)
    if namespace.describe:
        return _list_parameters(namespace.name)
    given = _given(namespace)
    browser = require_browser() if namespace.pdf else None
    if namespace.all or namespace.batch:
        from cna_viz.cli.reports import make_many

        return make_many(namespace, given, browser)
    out = namespace.out or Path("reports")
    result = make_report(namespace.name, given, out, _progress, log=sys.stderr)
    made = {"name": result.name, "index": str(result.index), "notebook": str(result.notebook)}
    if browser is not None:
        made["pdf"] = str(print_page(result.index, browser))
    print(json.dumps({**made, "seconds": result.seconds}) if namespace.json else result.index)
    return 0


def _parser() -> Parser:
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
    parser.add_argument(
        "--all", action="store_true", default=False, help="make every report; parameters are for those that have them"
    )
    parser.add_argument("--only", default=None, metavar="NAMES", help="with --all: make these, as in ablation,claims")
    parser.add_argument(
        "-b", dest="batch", type=Path, default=None, metavar="FILE", help="make a report per set of a YAML file"
    )
    parser.add_argument(
        "--jobs",
        type=int,
        default=None,
        help="reports at the same time (default 1, as reports train on all cores; a batch: one per two cores)",
    )
    parser.add_argument("--pdf", action="store_true", default=False, help="print the page to report.pdf as well")
    add_data(parser, str, "; the same as -p data")
    parser.add_argument("--runs", default=None, help="folder of the records, the same as -p runs")
    parser.add_argument(
        "--out", type=Path, default=None, help="folder of the reports (default reports, of batches reports/batches)"
    )
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON object")
    return parser


def _refuse_contradictions(namespace: Namespace, parser: Parser) -> None:
    if namespace.all and (namespace.name or namespace.batch):
        parser.error("--all makes every report: it goes neither with a NAME nor with -b; --only chooses some")
    if namespace.only is not None and not namespace.all:
        parser.error("--only goes with --all")
    if namespace.jobs is not None and not (namespace.all or namespace.batch):
        parser.error("--jobs goes with --all or -b")
    if namespace.jobs is not None and namespace.jobs < 1:
        parser.error(f"--jobs {namespace.jobs} is not accepted: it must be at least 1")
    if namespace.describe and (namespace.all or namespace.batch):
        parser.error("--parameters needs a NAME and goes neither with --all nor with -b")
    if namespace.name is None and not namespace.all:
        parser.error(f"report needs a NAME: {', '.join(list_reports())}, or --all")


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
    print(printable(f"cell {number} of {total}: {heading}"), file=sys.stderr)
