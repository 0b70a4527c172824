"""Make several reports, some at the same time, and keep the page that lists them up to date."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from statistics import mean

from cna_viz.errors import UsageError
from cna_viz.reports.many.listing import Listing, make_card, read_question, write_listing
from cna_viz.reports.many.workers import FAILED, MADE, STOPPED, Job, Outcome, make_each
from cna_viz.reports.pictures.thumbnails import draw_thumbnails
from cna_viz.reports.written import read_summary

Say = Callable[[str], None]
"""Receives lines about the progress."""


@dataclass
class Many:
    """Several reports to make, and the page that lists them.

    The page is written first, with earlier reports, and again after every report, so that it is right whenever the
    command is interrupted.

    Args:
        listing: The page.
        jobs: The reports to make, in order.
        others: Reports that the page lists as they are, beside those to make.
        order: Names of folders, in the order of the cards; that of jobs and others when empty.
        say: See :data:`Say`.
    """

    listing: Listing
    jobs: Sequence[Job]
    others: Sequence[Job] = ()
    order: Sequence[str] = ()
    say: Say = lambda line: None
    outcomes: list[Outcome] = field(init=False)
    seconds: float = field(default=0.0, init=False)
    note: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.outcomes = [Outcome() for _ in self.jobs]
        self._questions = {job.notebook: read_question(job.notebook) for job in [*self.jobs, *self.others]}

    @property
    def failed(self) -> dict[str, str]:
        """Why reports failed, or were made but not printed, by their label."""
        both = zip(self.jobs, self.outcomes, strict=True)
        return {job.label: outcome.message for job, outcome in both if outcome.status == FAILED or outcome.message}

    def make(self, workers: int = 1, browser: str | None = None) -> None:
        """Make all reports; one that fails hinders no other.

        Args:
            workers: Reports at the same time.
            browser: Path of the browser that prints every page, or ``None`` for no PDF.

        Raises:
            UsageError: The page can't be written.
            KeyboardInterrupt: Passed on, once all running reports are stopped and the page says so.
        """
        begun = time.monotonic()
        try:
            self.listing.index.parent.mkdir(parents=True, exist_ok=True)
            self._write()
        except OSError as error:
            raise UsageError(f"can't write to {self.listing.index.parent}: {error.strerror or error}") from None
        known = seconds_before(self.jobs)
        running: set[int] = set()
        try:
            with closing(make_each(self.jobs, workers, browser)) as news:
                for number, message in news:
                    report = f"report {number + 1} of {len(self.jobs)}: {self.jobs[number].label}"
                    if message is None:
                        running.add(number)
                        left = [one for one, made in enumerate(self.outcomes) if made.status not in (MADE, FAILED)]
                        self.say(f"{report} ... {time_left(left, known, workers)}".strip())
                    elif isinstance(message, Outcome):
                        running.discard(number)
                        self._finish(number, message, report)
                        if message.status == MADE:
                            known[number] = message.seconds
                    else:
                        cell, count, heading = message
                        self.say(f"{report + ': ' if workers > 1 else ''}cell {cell} of {count}: {heading}")
        except BaseException:
            for number in running:
                self.outcomes[number] = Outcome(STOPPED)
            raise
        finally:
            self.seconds = round(time.monotonic() - begun, 1)
            self._write_if_possible()
        self.say("drawing the pictures of the index")
        self.note = draw_thumbnails([job.place for job in [*self.jobs, *self.others]])
        self._write()

    def _finish(self, number: int, outcome: Outcome, report: str) -> None:
        self.outcomes[number] = outcome
        if outcome.message:
            self.say(f"{report} {'failed: ' if outcome.status == FAILED else ''}{outcome.message}")
        self._write_if_possible()

    def _write_if_possible(self) -> None:
        """Write the page; an error must not stop the reports, and the last attempt raises it."""
        with suppress(OSError):
            self._write()

    def _write(self) -> None:
        both = [*zip(self.jobs, self.outcomes, strict=True), *((job, Outcome()) for job in self.others)]
        place = {folder: number for number, folder in enumerate(self.order)}
        both.sort(key=lambda pair: place.get(pair[0].folder, len(place)))
        cards = [make_card(job, outcome, self._questions[job.notebook]) for job, outcome in both]
        write_listing(self.listing, cards, self.note)


def seconds_before(jobs: Sequence[Job]) -> dict[int, float]:
    """Return how long jobs took the last time, by their position, for those that were made before."""
    found = {number: read_summary(job.place).get("seconds") for number, job in enumerate(jobs)}
    return {number: float(seconds) for number, seconds in found.items() if isinstance(seconds, int | float)}


def time_left(left: Sequence[int], known: Mapping[int, float], workers: int) -> str:
    """Return in words how long the remaining reports take; empty where nothing is known.

    Args:
        left: Positions of the remaining jobs.
        known: Seconds by position; an unknown job counts as the mean.
        workers: Reports at the same time.
    """
    if not known or not left:
        return ""
    typical = mean(known.values())
    minutes = sum(known.get(number, typical) for number in left) / min(workers, len(left)) / 60
    return f"about {minutes:.0f} min left" if minutes >= 1.5 else f"about {max(10, round(60 * minutes, -1)):.0f} s left"
