"""The ablation board: C, N and A as switches, and what it does to the score to flip one."""

import plotly.graph_objects as go
from ipywidgets import Button, Layout

from cna_viz.analysis.tables.comparison import drop_duplicates
from cna_viz.errors import CnaVizError, UsageError
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.ablation_board.controls import Controls
from cna_viz.widgets.ablation_board.look import Look, choices, clamped, first_look, nearest_look, shown
from cna_viz.widgets.ablation_board.missing import missing_words
from cna_viz.widgets.ablation_board.shown_arm import figure_of, words_of
from cna_viz.widgets.at_hand import Runs
from cna_viz.widgets.runs_panel import RunsPanel


class AblationBoard(RunsPanel):
    """Switches for C, N and A, depth and clusters; the score of that arm, and how far it is from a baseline.

    Scores are those of the selected models with the interval over seeds, differences are over pairs of the same split
    and seed, between runs that share dataset, split protocol and all settings beside the slot. Where no run has what
    the switches say, the board says so, and which command trains it; the figure is then that of the nearest arm.

    What goes wrong is said in the widget: that there is no such folder, no finished run in it, none with a slot that
    switches can name, or no such baseline. Then the runs that come with the package are offered.

        >>> widgets.AblationBoard()              # the runs that come with the package
        >>> widgets.AblationBoard("runs")

    Args:
        runs: Folder of the records, or open records; the stored ones when left out.
        baseline: The arm that others are held against; a slot without runs is passed over.
    """

    def __init__(self, runs: Runs | None = None, *, baseline: str = "relu") -> None:
        super().__init__("ablation board")
        self._folder, self._baseline = "", baseline
        self._look: Look | None = None
        self._made: dict[Look, tuple[go.Figure, str]] = {}
        self._controls = Controls(self.guarded(lambda: self._show(self._controls.look)))
        self._nearest = Button(description="show the nearest", layout=Layout(display="none"))
        self._nearest.on_click(self.guarded(self._go_to_nearest))
        self.compose_runs(self._controls, self._nearest)
        self.show_runs(stored_runs() if runs is None else runs)

    @property
    def look(self) -> Look | None:
        """What is looked at; None where there are no runs."""
        return self._look

    def take(self, records: list[Record], folder: str) -> None:
        """Show runs from the first look on.

        Args:
            records: The runs; watched networks, which have no switches, are passed over.
            folder: Where they lie, as commands name it.

        Raises:
            UsageError: When none has a slot with switches, or there is no such baseline.
        """
        before = self._records, self._folder, self._made
        self._records = [record for record in drop_duplicates(records) if record.config.watched is None]
        self._folder, self._made = folder, {}
        try:
            self._show(first_look(self._records))
        except CnaVizError:
            self._records, self._folder, self._made = before
            raise

    def show(self, look: Look) -> None:
        """Look at something else; what the runs do not offer is exchanged by the nearest that they do.

        What goes wrong is said in the notice, and what is seen stays.
        """
        self.guarded(lambda: self._show(look))(None)

    def _show(self, wanted: Look) -> None:
        if not self._records:
            raise UsageError(self._nothing)
        look = clamped(wanted, self._records)
        missing = not shown(self._records, look)
        figure, words = self._drawn(nearest_look(self._records, look) if missing else look)
        self._look = look
        self._controls.fill(look, choices(self._records, look))
        self._nearest.layout.display = None if missing else "none"
        if missing:
            self.notice.say(missing_words(self._records, look, self._folder))
        self._view.show(figure)
        self._words.say(words)

    def _drawn(self, look: Look) -> tuple[go.Figure, str]:
        """Return figure and sentences of a look, each made once: resampling takes longer than a switch may."""
        if look not in self._made:
            figure = figure_of(self._records, look, self._baseline)
            self._made[look] = figure, words_of(self._records, look, self._baseline)
        return self._made[look]

    def _go_to_nearest(self) -> None:
        if self._look is not None:
            self._show(nearest_look(self._records, self._look))
