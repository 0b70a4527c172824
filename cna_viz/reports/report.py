"""Make a report: check, run, render, put in place. The one function the command line calls."""

import json
import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Final, TextIO

from cna_viz.errors import ReportError, UsageError
from cna_viz.files import finite, replace_files
from cna_viz.removal import remove
from cna_viz.reports.notebooks.notebooks import find_notebook, notebook_text
from cna_viz.reports.notebooks.parameters import convert, read_parameters
from cna_viz.reports.page.provenance import Provenance, versions
from cna_viz.reports.page.widgets import strip_widgets
from cna_viz.reports.running.execute import Progress, execute, keep
from cna_viz.reports.written import check_replaceable, mark_notebook, why_not_written

if TYPE_CHECKING:
    from nbformat import NotebookNode

logger = logging.getLogger("cna_viz")

FAILED, PRINTED = "failed.ipynb", "report.pdf"
FILES: Final = ("report.ipynb", "summary.json", "index.html", FAILED, PRINTED)
"""The files in a report's folder: of a finished one, of a failed one, and the printed page."""


@dataclass(frozen=True)
class ReportResult:
    """A finished report: its page, the executed notebook beside it, and how long it took."""

    name: str
    index: Path
    notebook: Path
    seconds: float


def make_report(
    name: str,
    given: Mapping[str, object],
    out: Path,
    progress: Progress | None = None,
    *,
    log: TextIO | None = None,
    notebooks: Path | None = None,
    folder: Path | None = None,
) -> ReportResult:
    """Run the report ``name`` and write ``index.html``, ``report.ipynb`` and ``summary.json`` into ``out/name``.

    An older report stays as it is until the new one is complete.

    Args:
        name: The report; :func:`.notebooks.list_reports` lists them.
        given: Parameters, as text or as values of the declared type; the others keep their defaults.
        out: Folder of the reports; made when it is missing.
        progress: Called before each code cell with its number, the number of all, and the heading above it.
        log: Receives the notebook's stderr while it runs.
        notebooks: Folder of the notebooks (default: those of the package).
        folder: Where to write the files instead of ``out/name``; the command on the page still names ``out``.

    Raises:
        UsageError: An unknown report or parameter, a value of the wrong type or range, or ``out`` can't be written to
            or contains a batch of this report or files that are not ours.
        ReportError: The notebook failed; it is kept as ``failed.ipynb``.
    """
    name, source = find_notebook(name, notebooks)
    declared = read_parameters(source)
    values = convert(declared, given, report=name)
    if folder is None:
        refuse_batch(out / name)
    folder = _writable_folder(folder or out / name)
    created, started = datetime.now().astimezone(), time.monotonic()
    try:
        notebook = execute(source, values, folder / FAILED, progress, log)
    except ReportError as error:
        raise ReportError(f"report {name!r} failed: {error}") from None
    seconds = round(time.monotonic() - started, 1)
    try:
        _write(folder, notebook, Provenance(name, declared, values, created, seconds, out))
    except Exception as error:  # whatever it is, it must not cost the kernel's work
        kept = keep(notebook, folder / FAILED)
        if not isinstance(error, OSError):
            error.add_note(kept)
            raise
        raise ReportError(f"report {name!r} ran, but can't be written to {folder}: {error.strerror or error}") from None
    return ReportResult(name, folder / "index.html", folder / "report.ipynb", seconds)


def refuse_batch(folder: Path) -> None:
    """Refuse to write a report into a folder whose page lists a batch."""
    if any(folder.glob("*/summary.json")) and not (folder / "summary.json").exists():
        raise UsageError(f"{folder} holds a batch, which the report would hide: choose another folder with --out")


def _writable_folder(folder: Path) -> Path:
    """Make ``folder`` and try to write to it, before minutes are spent on the notebook."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder) as probe:
            probe.write(b"can it be written to?")
        check_replaceable(*(folder / name for name in FILES))
    except OSError as error:
        raise UsageError(f"can't write to {folder}: {error.strerror or error}") from None
    return folder


def _write(folder: Path, notebook: "NotebookNode", provenance: Provenance) -> None:
    """Put page, notebook and summary in place, the page last, and remove an earlier failure and printed page."""
    from cna_viz.reports.page.outputs import SUMMARY
    from cna_viz.reports.page.page import make_page

    page = make_page(notebook, provenance)
    strip_widgets(notebook)
    mark_notebook(notebook)
    results: dict[str, Any] = {}
    for output in (output for cell in notebook.cells for output in cell.get("outputs", [])):
        results |= output.get("data", {}).get(SUMMARY, {})
    summary = {
        "report": provenance.report,
        "parameters": dict(provenance.values),
        "changed": sorted(provenance.changed),
        "results": results,
        "command": provenance.command,
        "created": provenance.created.isoformat(timespec="seconds"),
        "seconds": provenance.seconds,
        "versions": versions(),
    }
    replace_files(
        {
            folder / "report.ipynb": notebook_text(notebook),
            folder / "summary.json": json.dumps(finite(summary), indent=2, ensure_ascii=False, allow_nan=False) + "\n",
            folder / "index.html": page,
        },
        why_not_written,
    )
    for name in (FAILED, PRINTED):
        reason = remove(folder / name, partial(why_not_written, name=name))
        if reason:
            logger.warning("%s: kept, as it %s", folder / name, reason)
