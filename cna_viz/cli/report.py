"""``cna-viz report``: execute notebooks with your parameters and write pages that open offline."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path

from cna_viz.cli.parser import Parser
from cna_viz.cli.printing import complain, say, table
from cna_viz.errors import UsageError
from cna_viz.reports.notebooks.notebooks import find_notebook, list_reports
from cna_viz.reports.notebooks.parameters import as_text, read_parameters
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
    "sets.yaml is a list of sets, or shared values and axes of which all combinations are made:",
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
        _, path = find_notebook(namespace.name)
        rows = [(item.name, item.annotation, as_text(item.default), item.comment) for item in read_parameters(path)]
        print(table(("parameter", "type", "default", "meaning"), rows))
        return 0
    given = _given(namespace)
    browser = require_browser() if namespace.pdf else None
    if namespace.all or namespace.batch:
        return _make_many(namespace, given, browser)

    def progress(number: int, total: int, heading: str) -> None:
        say(f"cell {number} of {total}: {heading}")

    result = make_report(namespace.name, given, namespace.out or Path("reports"), progress, log=sys.stderr)
    made = {"name": result.name, "index": str(result.index), "notebook": str(result.notebook)}
    if browser is not None:
        made["pdf"] = str(print_page(result.index, browser))
    print(json.dumps({**made, "seconds": result.seconds}) if namespace.json else result.index)
    return 0


def _parser() -> Parser:
    description = "Execute a notebook with your parameters and write OUT/NAME/index.html, one file that opens offline."
    parser = Parser("report", description, EXAMPLES)
    parser.add_argument("name", nargs="?", metavar="NAME", help=f"the report: {', '.join(list_reports())}")
    parser.add_argument(
        "-p",
        dest="parameters",
        nargs="+",
        action="append",
        default=[],
        metavar=("NAME", "VALUE"),
        help="set a parameter; a list is given as 2,4,8",
    )
    parser.add_argument("--parameters", dest="describe", action="store_true", help="list the parameters and stop")
    text = "make every report; each parameter is for the reports that have it"
    parser.add_argument("--all", action="store_true", help=text)
    parser.add_argument("--only", metavar="NAMES", help="with --all: make these, as in ablation,claims")
    text = "make a report per set of a YAML file"
    parser.add_argument("-b", dest="batch", type=Path, metavar="FILE", help=text)
    text = "reports at the same time (default 1, as reports train on all cores; a batch: one per two cores)"
    parser.add_argument("--jobs", type=int, help=text)
    parser.add_argument("--pdf", action="store_true", help="print the page to report.pdf as well")
    parser.add_data(str, "; the same as -p data")
    parser.add_argument("--runs", help="folder of the records, the same as -p runs")
    text = "folder of the reports (default reports, of batches reports/batches)"
    parser.add_argument("--out", type=Path, help=text)
    parser.add_json()
    return parser


def _refuse_contradictions(namespace: Namespace, parser: Parser) -> None:
    several = namespace.all or namespace.batch
    if namespace.all and (namespace.name or namespace.batch):
        parser.error("--all makes every report: it goes neither with a NAME nor with -b; --only chooses some")
    if namespace.only is not None and not namespace.all:
        parser.error("--only goes with --all")
    if namespace.jobs is not None and not several:
        parser.error("--jobs goes with --all or -b")
    if namespace.jobs is not None and namespace.jobs < 1:
        parser.error(f"--jobs {namespace.jobs} is not accepted: it must be at least 1")
    if namespace.describe and several:
        parser.error("--parameters needs a NAME and goes neither with --all nor with -b")
    if namespace.name is None and not namespace.all:
        parser.error(f"report needs a NAME: {', '.join(list_reports())}, or --all")


def _given(namespace: Namespace) -> dict[str, str]:
    """Return the parameters as text."""
    pairs = [(name, values) for name, *values in namespace.parameters]
    pairs += [(name, [value]) for name in ("data", "runs") if (value := getattr(namespace, name)) is not None]
    given: dict[str, str] = {}
    for name, values in pairs:
        if not values:
            raise UsageError(f"-p {name} needs a value, for instance -p {name} 8")
        if name in given:
            raise UsageError(f"parameter {name!r} is given twice")
        given[name] = ",".join(values)
    return given


def _make_many(namespace: Namespace, given: Mapping[str, object], browser: str | None) -> int:
    """Make the gallery (``--all``) or a batch (``-b``); returns the exit code."""
    from cna_viz.reports.many.batch import batch
    from cna_viz.reports.many.gallery import gallery
    from cna_viz.reports.many.workers import MADE

    if namespace.all:
        only = None if namespace.only is None else [name.strip() for name in namespace.only.split(",")]
        many, default = gallery(given, namespace.out or Path("reports"), only, say=say), 1
    else:
        out = namespace.out or Path("reports") / "batches"
        many = batch(namespace.name, namespace.batch, given, out, say=say)
        default = max(1, (os.cpu_count() or 1) // 2)
    jobs, index = many.jobs, many.listing.index
    workers = min(namespace.jobs or default, len(jobs))
    say(f"reports to make: {len(jobs)}, {workers} at a time; {index} shows which are finished")
    try:
        many.make(workers, browser)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"Finished reports: {index}")
        raise
    if many.note:
        say(many.note)
    if namespace.json:
        reports = [
            {
                "name": job.report,
                "parameters": dict(job.values),
                "status": outcome.status,
                "index": str(job.place / "index.html") if outcome.status == MADE else None,
                "seconds": outcome.seconds,
                "message": outcome.message,
            }
            for job, outcome in zip(jobs, many.outcomes, strict=True)
        ]
        print(json.dumps({"index": str(index), "seconds": many.seconds, "reports": reports}))
    else:
        print(index)
    for label, why in many.failed.items():
        complain(f"report {label} failed: {why}")
    if many.failed:
        complain(f"{len(many.failed)} of {len(jobs)} reports failed: {'; '.join(many.failed)}")
    return 1 if many.failed else 0
