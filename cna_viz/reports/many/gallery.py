"""The gallery: every report in order, with parameters for those that have them, and a page that shows them all."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from cna_viz.errors import UsageError, unknown_name
from cna_viz.reports.many.listing import Listing
from cna_viz.reports.many.many import Many, Say
from cna_viz.reports.many.workers import Job
from cna_viz.reports.notebooks.notebooks import find_notebook, list_reports
from cna_viz.reports.notebooks.parameters import convert, read_parameters
from cna_viz.reports.page.provenance import report_command
from cna_viz.reports.report import refuse_batch
from cna_viz.reports.written import read_summary


def gallery(
    given: Mapping[str, object],
    out: Path,
    only: Sequence[str] | None = None,
    *,
    say: Say = lambda line: None,
    notebooks: Path | None = None,
) -> Many:
    """Return the gallery, ready to be made; everything is checked and nothing has run.

    Args:
        given: Parameters; each is for the reports that have it.
        out: Folder of the reports and of the gallery's ``index.html``.
        only: Names of the reports to make (default all); the page shows the others as they are.
        say: Receives lines about the progress.
        notebooks: Folder of the notebooks (default: those of the package).

    Raises:
        UsageError: An unknown report, a parameter that none of them has, a value of the wrong type or range, or a
            folder that contains a batch.
    """
    reports = list_reports(notebooks)
    chosen = {find_notebook(name, notebooks)[0] for name in (reports if only is None else only)}
    if not chosen:
        raise UsageError("no report is chosen, so there is nothing to make")
    declared = {name: read_parameters(reports[name]) for name in reports if name in chosen}
    known = sorted({parameter.name for parameters in declared.values() for parameter in parameters})
    for name in given:
        if name not in known:
            raise unknown_name("parameter of the chosen reports", name, known)
    if read_summary(out):
        raise UsageError(f"{out} holds a report, which the gallery would replace: choose another folder with --out")
    jobs = {}
    for name, parameters in declared.items():
        own = {parameter.name: given[parameter.name] for parameter in parameters if parameter.name in given}
        try:
            values = convert(parameters, own, report=name)
        except UsageError as error:
            raise UsageError(f"report {name!r}: {error}") from None
        refuse_batch(out / name)
        jobs[name] = Job(name, reports[name], {key: values[key] for key in own}, out, name)
    words = ["--all"] if only is None else ["--all", "--only", ",".join(only)]
    listing = Listing(
        index=out / "index.html",
        name="gallery",
        title="Look inside deep graph networks",
        text="A question per report, answered by networks trained for it and examined layer by layer.",
        command=report_command(words, given, out),
    )
    listed = [jobs.get(name, Job(name, source, {}, out, name)) for name, source in reports.items()]
    return Many(listing, list(jobs.values()), listed, say)
