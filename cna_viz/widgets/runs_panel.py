"""A widget of runs: if they can't be shown it says why, and offers the runs of the package."""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import plotly.graph_objects as go
from ipywidgets import Button, Layout, Widget

from cna_viz.errors import UsageError
from cna_viz.figures.panels import words_panel
from cna_viz.records.listing import select
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view import View

Runs = Path | str | Sequence[Record]
STORED: Final = "open the runs that come with the package"


class RunsPanel(Panel):
    """Base of the widgets with controls, a figure and sentences about runs.

    A subclass passes its controls to :meth:`compose_runs`, then calls :meth:`show_runs`, and defines :meth:`take`.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title, self._nothing = title, ""
        self._records: Sequence[Record] = ()
        self._view, self._words = View(go.Figure()), Prose()
        self._parts: tuple[Widget, ...] = ()
        self._stored = Button(description=STORED, layout=Layout(width="auto", align_self="flex-start"))
        self._stored.on_click(lambda _: self.show_runs(stored_runs()))

    def take(self, records: list[Record], folder: str) -> None:
        """Show finished runs of a folder (empty for open records), and keep them in ``_records`` on success."""
        raise NotImplementedError

    def compose_runs(self, controls: Widget, *buttons: Widget) -> None:
        """Put the widget together: controls, buttons, figure and sentences."""
        self._parts = (controls, self._view, self._words)
        self.compose(controls, self._stored, *buttons, self._view, self._words)

    def show_runs(self, runs: Runs) -> None:
        """Show the runs of a folder, or open records; problems are reported in the notice."""
        self.guarded(lambda: self._open(runs))(None)
        self._nothing = self.notice.text
        some = bool(self._records)
        for part in self._parts:
            part.layout.display = None if some else "none"
        self._stored.layout.display = "none" if some else None
        if some:
            self._words.say(self._words.text)  # hides empty sentences

    def figure(self) -> go.Figure:
        """Return the figure; without runs it says so in words."""
        return self._view.figure() if self._records else go.Figure(words_panel(self._title, self._nothing))

    def words(self) -> str:
        """Return the sentences below the figure."""
        return self._words.text

    def _open(self, runs: Runs) -> None:
        found, problems = available_runs(runs)
        self.take(found, str(runs) if isinstance(runs, Path | str) else "")
        if problems:
            self.notice.say("; ".join([*filter(None, [self.notice.text]), *problems]))


def available_runs(runs: Runs) -> tuple[list[Record], list[str]]:
    """Return the finished runs of a folder, or the given records, and the problems of other runs."""
    if not isinstance(runs, Path | str):
        found, problems = list(runs), []
    else:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            found = select(runs)
        problems = [str(warning.message) for warning in caught]
    if not found:
        where = f" in {runs}" if isinstance(runs, Path | str) else ""
        make = "make some with `cna-viz run` or `cna-viz sweep lesson`"
        raise UsageError("; ".join([f"no finished runs{where}: {make}", *problems]))
    return found, problems
