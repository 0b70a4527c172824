"""Make several reports, some at the same time, and keep the page that lists them up to date."""

import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field
from statistics import mean

from cna_viz.errors import UsageError
from cna_viz.reports.many.listing import Listing, make_card, read_question, write_listing
from cna_viz.reports.many.workers import FAILED, MADE, RUNNING, STOPPED, Cell, Job, Outcome, make_each
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
        listed: The reports that the page lists, in order; those that are not made as they are.
        say: See :data:`Say`.
    """

    listing: Listing
    jobs: Sequence[Job]
    listed: Sequence[Job]
    say: Say
    outcomes: list[Outcome] = field(init=False)
    seconds: float = field(default=0.0, init=False)
    note: str = field(default="", init=False)

    def __post_init__(self) -> None:
        self.outcomes = [Outcome() for _ in self.jobs]
        self._questions = {job.notebook: read_question(job.notebook) for job in self.listed}

    @property
    def failed(self) -> dict[str, str]:
        """Why reports failed, or were made but not printed, by their label."""
        both = zip(self.jobs, self.outcomes, strict=True)
        return {job.label: outcome.message for job, outcome in both if outcome.status == FAILED or outcome.message}

    def make(self, workers: int = 1, browser: str | None = None) -> None:
        """Make all reports, ``workers`` at the same time, and print them with ``browser``; a failure hinders no other.

        Raises:
            UsageError: The page can't be written.
            KeyboardInterrupt: Passed on, once all running reports are stopped and the page says so.
        """
        begun, self._seconds = time.monotonic(), seconds_before(self.jobs)
        try:
            self.listing.index.parent.mkdir(parents=True, exist_ok=True)
            self._write()
        except OSError as error:
            raise UsageError(f"can't write to {self.listing.index.parent}: {error.strerror or error}") from None
        try:
            with closing(make_each(self.jobs, workers, browser)) as news:
                for number, message in news:
                    self._hear(number, message, workers)
        except BaseException:
            self.outcomes = [Outcome(STOPPED) if one.status == RUNNING else one for one in self.outcomes]
            raise
        finally:
            self.seconds = round(time.monotonic() - begun, 1)
            self._write_if_possible()
        self.say("drawing the pictures of the index")
        self.note = draw_thumbnails([job.place for job in self.listed])
        self._write()

    def _hear(self, number: int, message: Cell | Outcome | None, workers: int) -> None:
        report = f"report {number + 1} of {len(self.jobs)}: {self.jobs[number].label}"
        if message is None:
            self.outcomes[number] = Outcome(RUNNING)
            left = [one for one, made in enumerate(self.outcomes) if made.status not in (MADE, FAILED)]
            self.say(f"{report} ... {time_left(left, self._seconds, workers)}".strip())
        elif isinstance(message, Outcome):
            self.outcomes[number] = message
            if message.status == MADE:
                self._seconds[number] = message.seconds
            if message.message:
                self.say(f"{report} {'failed: ' if message.status == FAILED else ''}{message.message}")
            self._write_if_possible()
        else:
            cell, count, heading = message
            self.say(f"{report + ': ' if workers > 1 else ''}cell {cell} of {count}: {heading}")

    def _write_if_possible(self) -> None:
        """Write the page; an error must not stop the reports, and the last attempt raises it."""
        with suppress(OSError):
            self._write()

    def _write(self) -> None:
        outcomes = {job.folder: outcome for job, outcome in zip(self.jobs, self.outcomes, strict=True)}
        both = [(job, outcomes.get(job.folder, Outcome())) for job in self.listed]
        cards = [make_card(job, outcome, *self._questions[job.notebook]) for job, outcome in both]
        write_listing(self.listing, cards, self.note)


def seconds_before(jobs: Sequence[Job]) -> dict[int, float]:
    """Return how long jobs took the last time, by their position, for those that were made before."""
    found = {number: read_summary(job.place).get("seconds") for number, job in enumerate(jobs)}
    return {number: float(seconds) for number, seconds in found.items() if isinstance(seconds, int | float)}


def time_left(left: Sequence[int], known: Mapping[int, float], workers: int) -> str:
    """Return in words how long the jobs at the positions ``left`` take; a job not ``known`` counts as the mean."""
    if not known or not left:
        return ""
    typical = mean(known.values())
    minutes = sum(known.get(number, typical) for number in left) / min(workers, len(left)) / 60
    return f"about {minutes:.0f} min left" if minutes >= 1.5 else f"about {max(10, round(60 * minutes, -1)):.0f} s left"
