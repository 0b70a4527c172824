"""The ablation board: C, N and A as switches, and what it does to the score to flip one."""

from pathlib import Path

import plotly.graph_objects as go
from ipywidgets import Button, Layout

from cna_viz.analysis.comparison import once
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.ablation_board.controls import Controls
from cna_viz.widgets.ablation_board.look import Look, choices, clamped, first_look, nearest_look, shown
from cna_viz.widgets.ablation_board.missing import missing_words
from cna_viz.widgets.ablation_board.shown_arm import figure_of, words_of
from cna_viz.widgets.at_hand import Runs, open_runs
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view import View


class AblationBoard(Panel):
    """Switches for C, N and A, depth and clusters; the score of that arm, and how far it is from a baseline.

    Scores are those of the selected models with the interval over seeds, differences are over pairs of the same split
    and seed, between runs that share dataset, split protocol and all settings beside the slot. Where no run has what
    the switches say, the board says so, and which command trains it; the figure is then that of the nearest arm.

        >>> widgets.AblationBoard()              # the runs that come with the package
        >>> widgets.AblationBoard("runs")

    Args:
        runs: Folder of the records, or open records; the stored ones when left out.
        baseline: The arm that others are held against.

    Raises:
        UsageError: When there are no finished runs, or none has a slot that switches can name.
        RecordError: When there is no such folder.
    """

    def __init__(self, runs: Runs | None = None, *, baseline: str = "relu") -> None:
        found, said = open_runs(stored_runs() if runs is None else runs)
        self._records = [record for record in once(found) if record.config.watched is None]
        self._folder = str(runs) if isinstance(runs, Path | str) else ""
        self._baseline = baseline
        self._look = first_look(self._records)
        super().__init__()
        self._controls = Controls(self.guarded(self._read))
        self._words, self._nearest = Prose(), Button(description="show the nearest", layout=Layout(display="none"))
        self._nearest.on_click(self.guarded(lambda: self.show(nearest_look(self._records, self._look))))
        self._made: dict[Look, tuple[go.Figure, str]] = {}
        self._view = View(go.Figure())
        self.compose(self._controls, self._nearest, self._view, self._words)
        self.show(self._look)
        if said:
            self.notice.say("; ".join(said))

    @property
    def look(self) -> Look:
        """What is looked at."""
        return self._look

    def show(self, look: Look) -> None:
        """Look at something else; what the runs do not offer is exchanged by the nearest that they do."""
        self._look = clamped(look, self._records)
        self._controls.fill(self._look, choices(self._records, self._look))
        missing = not shown(self._records, self._look)
        self._nearest.layout.display = None if missing else "none"
        if missing:
            self.notice.say(missing_words(self._records, self._look, self._folder))
        there = nearest_look(self._records, self._look) if missing else self._look
        figure, words = self._shown(there)
        self._view.show(figure)
        self._words.say(words)

    def words(self) -> str:
        """Return what the switches change."""
        return self._words.text

    def figure(self) -> go.Figure:
        """Return the figure of what is looked at, or of the nearest that there are runs of."""
        return self._view.figure()

    def _shown(self, look: Look) -> tuple[go.Figure, str]:
        """Return figure and sentences of a look, each made once: resampling takes longer than a switch may."""
        if look not in self._made:
            figure = figure_of(self._records, look, self._baseline)
            self._made[look] = figure, words_of(self._records, look, self._baseline)
        return self._made[look]

    def _read(self) -> None:
        self.show(self._controls.look)
