"""Make several reports, one after the other or some at the same time, and keep a page that lists them up to date."""

import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field

from cna_viz.errors import UsageError
from cna_viz.reports.many.cards import make_card, read_question
from cna_viz.reports.many.estimate import seconds_before, time_left
from cna_viz.reports.many.jobs import FAILED, MADE, STOPPED, Job, Outcome
from cna_viz.reports.many.listing import Listing, write_listing
from cna_viz.reports.many.workers import Cell, Workers
from cna_viz.reports.pictures.thumbnails import draw_thumbnails

Say = Callable[[str], None]
"""Receives lines that say how far it has come."""


@dataclass
class Many:
    """Several reports that are made, and the page that lists them.

    The page is written first, with what there is from earlier, and again after every report: whenever it is
    interrupted, the page says what is finished.

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
        """Why reports failed, or were made but not printed, by what messages call them."""
        both = zip(self.jobs, self.outcomes, strict=True)
        return {job.label: outcome.message for job, outcome in both if outcome.status == FAILED or outcome.message}

    def make(self, workers: int = 1, browser: str | None = None) -> None:
        """Make all reports; one that fails hinders no other.

        Args:
            workers: Reports at the same time.
            browser: Path of the browser that prints every page, or ``None`` for no PDF.

        Raises:
            UsageError: The page can't be written.
            KeyboardInterrupt: Passed on, once everything that was being made is stopped and the page says so.
        """
        started = time.monotonic()
        self._write_first()
        known = seconds_before(self.jobs)
        waiting = deque(range(len(self.jobs)))
        try:
            with Workers(workers, browser) as running:
                try:
                    while waiting or len(running):
                        while waiting and not running.full:
                            self._start(waiting.popleft(), running, known)
                        for number, message in running.heard():
                            self._hear(number, message, known, workers)
                except BaseException:
                    for number in running.keys:
                        self.outcomes[number] = Outcome(STOPPED)
                    raise
        finally:
            self.seconds = round(time.monotonic() - started, 1)
            self._write_meanwhile()
        self.say("drawing the pictures of the index")
        self.note = draw_thumbnails([job.place for job in [*self.jobs, *self.others]])
        self._write()

    def _start(self, number: int, running: Workers, known: dict[int, float]) -> None:
        left = [other for other, outcome in enumerate(self.outcomes) if outcome.status not in (MADE, FAILED)]
        estimate = time_left(left, known, running.count)
        self.say(f"{self._called(number)} ... {estimate}".strip())
        running.start(number, self.jobs[number])

    def _hear(self, number: int, message: Cell | Outcome, known: dict[int, float], workers: int) -> None:
        if not isinstance(message, Outcome):
            cell, count, heading = message
            self.say(f"{self._called(number) + ': ' if workers > 1 else ''}cell {cell} of {count}: {heading}")
            return
        self.outcomes[number] = message
        if message.status == MADE:
            known[number] = message.seconds
        if message.message:
            self.say(f"{self._called(number)} {'failed: ' if message.status == FAILED else ''}{message.message}")
        self._write_meanwhile()

    def _called(self, number: int) -> str:
        return f"report {number + 1} of {len(self.jobs)}: {self.jobs[number].label}"

    def _write_first(self) -> None:
        try:
            self.listing.index.parent.mkdir(parents=True, exist_ok=True)
            self._write()
        except OSError as error:
            raise UsageError(f"can't write to {self.listing.index.parent}: {error.strerror or error}") from None

    def _write_meanwhile(self) -> None:
        """Write the page; where that is not possible now, the reports go on, and the last attempt reports it."""
        with suppress(OSError):
            self._write()

    def _write(self) -> None:
        both = [*zip(self.jobs, self.outcomes, strict=True), *((job, Outcome()) for job in self.others)]
        place = {folder: number for number, folder in enumerate(self.order)}
        both.sort(key=lambda pair: place.get(pair[0].folder, len(place)))
        cards = [make_card(job, outcome, self._questions[job.notebook]) for job, outcome in both]
        write_listing(self.listing, cards, self.note)
