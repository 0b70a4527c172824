"""A widget that is given runs: where they can't be shown it says why, and offers the runs of the package."""

from collections.abc import Sequence
from pathlib import Path

import plotly.graph_objects as go
from ipywidgets import Button, Layout, Widget

from cna_viz.figures.panels import words_panel
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.at_hand import Runs, open_runs
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view import View


class RunsPanel(Panel):
    """Base of the widgets that have controls, a figure and sentences of some runs, which may turn out to be none.

    A subclass hands its controls to :meth:`compose_runs`, then calls :meth:`show_runs`, and defines :meth:`take`.

    Args:
        title: What would be seen, for the figure where there is nothing.
    """

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title, self._nothing = title, ""
        self._records: Sequence[Record] = ()
        self._view, self._words = View(go.Figure()), Prose()
        self._parts: tuple[Widget, ...] = ()
        self._stored = Button(description="open the runs that come with the package", layout=Layout(width="auto"))
        self._stored.layout.align_self = "flex-start"
        self._stored.on_click(lambda _: self.show_runs(stored_runs()))

    def take(self, records: list[Record], folder: str) -> None:
        """Show runs, and keep them in ``_records`` if they can be shown.

        Args:
            records: Finished runs, at least one.
            folder: Where they lie; empty where they were handed over.

        Raises:
            CnaVizError: When they can't be shown, or not as asked.
        """
        raise NotImplementedError

    def compose_runs(self, controls: Widget, *buttons: Widget) -> None:
        """Put the widget together: controls, buttons, figure and sentences."""
        self._parts = (controls, self._view, self._words)
        self.compose(controls, self._stored, *buttons, self._view, self._words)

    def show_runs(self, runs: Runs) -> None:
        """Show the runs of a folder, or open records; what is wrong with them is said in the notice.

        Args:
            runs: Folder of the records, or open records.
        """
        self.guarded(lambda: self._open(runs))(None)
        self._nothing = self.notice.text
        self._show_parts()

    def figure(self) -> go.Figure:
        """Return the figure that is shown; where there are no runs it says so in words."""
        return self._view.figure() if self._records else go.Figure(words_panel(self._title, self._nothing))

    def words(self) -> str:
        """Return the sentences below the figure."""
        return self._words.text

    def _open(self, runs: Runs) -> None:
        found, said = open_runs(runs)
        self.take(found, str(runs) if isinstance(runs, Path | str) else "")
        if said:
            self.notice.say("; ".join([*filter(None, [self.notice.text]), *said]))

    def _show_parts(self) -> None:
        """Show controls, figure and sentences where there are runs, and else the button that opens those there are."""
        there = bool(self._records)
        for part in self._parts:
            part.layout.display = None if there else "none"
        self._stored.layout.display = "none" if there else None
        if there:
            self._words.say(self._words.text)  # empty sentences take no room
