"""The gallery: every report in order, with parameters for those that have them, and a page that shows them all."""

import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path

from cna_viz.errors import UsageError, unknown_name
from cna_viz.reports.many.jobs import Job
from cna_viz.reports.many.listing import Listing
from cna_viz.reports.many.many import Many, Say
from cna_viz.reports.notebooks import types
from cna_viz.reports.notebooks.notebooks import find_notebook, list_reports
from cna_viz.reports.notebooks.parameters import convert, read_parameters
from cna_viz.reports.report import refuse_batch
from cna_viz.reports.summary import read_summary


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
        only: Names of the reports to make; the page shows the others as they are. All when left out.
        say: Receives lines that say how far it has come.
        notebooks: Folder of the notebooks; those of the package when left out.

    Raises:
        UsageError: No such report, a parameter that none of them has, a value of the wrong type or meaning,
            or a folder that holds a batch.
    """
    reports = list_reports(notebooks)
    chosen = {find_notebook(name, notebooks)[0] for name in (reports if only is None else only)}
    if not chosen:
        raise UsageError("no report is chosen, so there is nothing to make")
    declared = {name: [parameter.name for parameter in read_parameters(reports[name])] for name in chosen}
    names = sorted({name for parameters in declared.values() for name in parameters})
    for name in given:
        if name not in names:
            raise unknown_name("parameter, which no chosen report has,", name, names)
    if read_summary(out):
        raise UsageError(f"{out} holds a report, which the gallery would replace: choose another folder with --out")
    jobs, others = [], []
    for name, source in reports.items():
        if name in chosen:
            own = {key: value for key, value in given.items() if key in declared[name]}
            values = _checked(name, source, own)
            refuse_batch(out / name)
            jobs.append(Job(name, source, {key: values[key] for key in own}, out, name))
        else:
            others.append(Job(name, source, {}, out, name))
    return Many(_listing(given, out, only), jobs, others, list(reports), say)


def _checked(name: str, source: Path, given: Mapping[str, object]) -> dict[str, object]:
    try:
        return convert(read_parameters(source), given, report=name)
    except UsageError as error:
        raise UsageError(f"report {name!r}: {error}") from None


def _listing(given: Mapping[str, object], out: Path, only: Sequence[str] | None) -> Listing:
    words = ["cna-viz", "report", "--all"]
    words += [] if only is None else ["--only", ",".join(only)]
    words += [word for name, value in given.items() for word in ("-p", name, types.as_text(value))]
    return Listing(
        index=out / "index.html",
        name="gallery",
        title="Look inside deep graph networks",
        text="A question per report, answered by networks that are trained for it and looked at layer by layer.",
        command=shlex.join([*words, "--out", str(out)]),
    )
