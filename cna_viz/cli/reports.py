"""Several reports by one command: the gallery (``cna-viz report --all``) and batches (``-b``)."""

import json
import os
import sys
from argparse import Namespace
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cna_viz.cli.complaint import complain
from cna_viz.cli.printable import printable
from cna_viz.reports.many.batch import batch
from cna_viz.reports.many.gallery import gallery
from cna_viz.reports.many.jobs import MADE
from cna_viz.reports.many.many import Many


def make_many(namespace: Namespace, given: Mapping[str, object], browser: str | None) -> int:
    """Make the reports that the options ask for; returns the exit code, 1 where some failed.

    Args:
        namespace: The options of ``cna-viz report``.
        given: Parameters as text.
        browser: Path of the browser that prints pages, or ``None``.
    """
    if namespace.all:
        only = None if namespace.only is None else [name.strip() for name in namespace.only.split(",")]
        many, default = gallery(given, namespace.out or Path("reports"), only, say=_say), 1
    else:
        out = namespace.out or Path("reports") / "batches"
        many = batch(namespace.name, namespace.batch, given, out, say=_say)
        default = max(1, (os.cpu_count() or 1) // 2)
    workers = min(namespace.jobs or default, len(many.jobs))
    _say(f"reports to make: {len(many.jobs)}, {workers} at a time; {many.listing.index} says what is finished")
    try:
        many.make(workers, browser)
    except KeyboardInterrupt as interrupt:
        interrupt.add_note(f"Finished reports: {many.listing.index}")
        raise
    if many.note:
        _say(many.note)
    print(json.dumps(_as_data(many)) if namespace.json else many.listing.index)
    for label, why in many.failed.items():
        complain(f"report {label} failed: {why}")
    if many.failed:
        complain(f"{len(many.failed)} of {len(many.jobs)} reports failed: {'; '.join(many.failed)}")
    return 1 if many.failed else 0


def _as_data(many: Many) -> dict[str, Any]:
    reports = [
        {
            "name": job.report,
            "parameters": dict(job.values),
            "status": outcome.status,
            "index": str(job.place / "index.html") if outcome.status == MADE else None,
            "seconds": outcome.seconds,
            "message": outcome.message,
        }
        for job, outcome in zip(many.jobs, many.outcomes, strict=True)
    ]
    return {"index": str(many.listing.index), "seconds": many.seconds, "reports": reports}


def _say(line: str) -> None:
    print(printable(line), file=sys.stderr, flush=True)
