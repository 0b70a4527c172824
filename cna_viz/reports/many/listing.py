"""The page that lists reports, a card for each: the gallery, or the index of a batch. It loads nothing."""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from cna_viz.files import replace_files
from cna_viz.reports.many.workers import FAILED, MADE, Job, Outcome
from cna_viz.reports.page.markdown import Renderer, plain
from cna_viz.reports.page.page import inline, render, split_title
from cna_viz.reports.pictures.thumbnails import read_thumbnail
from cna_viz.reports.written import read_summary, why_not_written

_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9$])")


@dataclass(frozen=True)
class Listing:
    """The file of the page, and the text above and below its cards; ``title`` is escaped HTML."""

    index: Path
    name: str
    title: str
    text: str
    command: str


def write_listing(listing: Listing, cards: Sequence[dict[str, Any]], note: str = "") -> None:
    """Write the page with its cards and a note below them, whole or not at all.

    Raises:
        OSError: It can't be written, or would replace a page that is not ours.
    """
    failed = sum(card["status"] == FAILED for card in cards)
    missing = sum(card["status"] not in (MADE, FAILED) and not card["page"] for card in cards)
    counts = [f"{len(cards)} report{'s' * (len(cards) != 1)}"]
    counts += [f"{failed} failed"] * bool(failed) + [f"{missing} not made yet"] * bool(missing)
    page = render(
        "listing.html.j2",
        listing=listing,
        plain_title=plain(listing.title),
        cards=cards,
        note=note,
        counts=", ".join(counts),
    )
    replace_files({listing.index: page}, why_not_written)


def make_card(job: Job, outcome: Outcome, title: str, sentence: str) -> dict[str, Any]:
    """Return what the card of a job shows, from the files in its folder; ``title`` is HTML, everything else is text."""
    summary = read_summary(job.place)

    def link(name: str, wanted: object = True) -> str:
        return f"{job.folder}/{name}" if wanted and (job.place / name).is_file() else ""

    page = link("index.html", summary)  # may be an older one
    seconds = summary.get("seconds")
    return {
        "name": job.report,
        "title": title,
        "sentence": sentence,
        "status": outcome.status,
        "message": outcome.message.partition("; partial notebook: ")[0],  # the card links it
        "chips": job.shown,
        "page": page,
        "pdf": link("report.pdf", page),
        "partial": link("failed.ipynb", outcome.status != MADE),
        "date": _date(summary.get("created")),
        "seconds": float(seconds) if isinstance(seconds, int | float) else 0.0,
        "thumbnail": read_thumbnail(job.place) if page else "",
    }


def read_question(source: Path) -> tuple[str, str]:
    """Return the title of a notebook, as HTML, and the first sentence of its text, as plain text."""
    import nbformat

    read: Any = nbformat.read  # untyped
    title, cells = split_title(read(source, as_version=4))
    sentence = ""
    for cell in cells:
        paragraphs = [text for text in cell.source.split("\n\n") if text.strip()]
        if cell.cell_type == "markdown" and paragraphs:
            text = plain(Renderer().render(paragraphs[0]))
            sentence = _SENTENCE.split(text)[0].removesuffix(":").removesuffix(".") + "."
            break
    return inline(title) if title else html.escape(source.stem), sentence


def _date(created: object) -> str:
    """Return the minute, as in ``3 May 2026, 14:05``; empty where a summary was altered."""
    try:
        moment = datetime.fromisoformat(str(created))
    except ValueError:
        return ""
    return f"{moment.day} {moment:%B %Y, %H:%M}"
