"""A report as a card on a page that lists reports: what it asks, what became of it, and where its page is."""

import html
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from cna_viz.reports.many.jobs import MADE, Job, Outcome
from cna_viz.reports.page.markdown import Renderer, plain
from cna_viz.reports.pictures.thumbnails import read_thumbnail
from cna_viz.reports.summary import read_summary

if TYPE_CHECKING:
    from nbformat import NotebookNode

_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9$])")


@dataclass(frozen=True)
class Card:
    """What a card says. ``title`` is HTML that needs no more escaping, everything else is text.

    Attributes:
        name: Name of the report.
        title: Its question.
        sentence: What it is about.
        status: As in :class:`.jobs.Outcome`.
        message: Why it failed.
        chips: Parameters that tell it from the other cards.
        page: Relative address of its page, which may be an older one; empty where there is none.
        pdf: Relative address of the printed page; empty where there is none.
        partial: Relative address of the notebook as far as it came; empty where there is none.
        date: When the page was made.
        seconds: How long that took.
        thumbnail: Its picture as a data URI; empty where there is none.
    """

    name: str
    title: str
    sentence: str
    status: str
    message: str
    chips: Mapping[str, str]
    page: str
    pdf: str
    partial: str
    date: str
    seconds: float
    thumbnail: str


def make_card(job: Job, outcome: Outcome, question: tuple[str, str]) -> Card:
    """Return the card of a job, from what is in its folder.

    Args:
        job: The job.
        outcome: What became of it.
        question: Title and sentence, from :func:`read_question`.
    """
    title, sentence = question
    summary = read_summary(job.place)

    def there(name: str) -> str:
        return f"{job.folder}/{name}" if (job.place / name).is_file() else ""

    page = there("index.html") if summary else ""
    return Card(
        name=job.report,
        title=title,
        sentence=sentence,
        status=outcome.status,
        message=outcome.message.partition("; partial notebook: ")[0],  # the card links it
        chips=job.shown,
        page=page,
        pdf=there("report.pdf") if page else "",
        partial=there("failed.ipynb") if outcome.status != MADE else "",
        date=_date(summary.get("created")),
        seconds=_number(summary.get("seconds")),
        thumbnail=read_thumbnail(job.place) if page else "",
    )


def read_question(source: Path) -> tuple[str, str]:
    """Return the title of a notebook, as HTML, and the first sentence of its text, as plain text."""
    import nbformat

    from cna_viz.reports.page.page import inline, split_title

    read: Any = nbformat.read  # untyped
    title, cells = split_title(read(source, as_version=4))
    return inline(title) if title else html.escape(source.stem), _first_sentence(cells)


def _first_sentence(cells: "list[NotebookNode]") -> str:
    for cell in cells:
        paragraphs = [text for text in cell.source.split("\n\n") if text.strip()]
        if cell.cell_type == "markdown" and paragraphs:
            text = plain(Renderer().render(paragraphs[0]))
            return _SENTENCE.split(text)[0].removesuffix(":").removesuffix(".") + "."
    return ""


def _date(created: object) -> str:
    """The minute, as one writes it; nothing where a summary was altered."""
    try:
        moment = datetime.fromisoformat(str(created))
    except ValueError:
        return ""
    return f"{moment.day} {moment:%B %Y, %H:%M}"


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0
