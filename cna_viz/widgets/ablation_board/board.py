"""The ablation board: switch C, N and A, and compare the scores."""

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go
from ipywidgets import Button, Dropdown, Layout, SelectionSlider, ToggleButtons

from cna_viz.analysis.sentences.chosen_arm_findings import arm_findings
from cna_viz.analysis.sentences.findings import bullets
from cna_viz.analysis.tables.chosen_arm import arms_by_depth
from cna_viz.analysis.tables.comparison import arm_names, drop_duplicates
from cna_viz.analysis.tables.slot_parts import PART_WORDS, STEPS, Parts
from cna_viz.errors import CnaVizError, UsageError
from cna_viz.figures.plots.chosen_arm import plot_chosen_arm
from cna_viz.figures.plots.effects import NAMES
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.ablation_board.arm_spec import (
    ArmChoices,
    ArmSpec,
    arm_choices,
    arm_runs,
    clamp_to_runs,
    comparable_runs,
    first_arm,
    nearest_arm,
    setup_words,
)
from cna_viz.widgets.ablation_board.missing import missing_words
from cna_viz.widgets.controls import WIDE, ControlPanel, Observer, offer, row
from cna_viz.widgets.runs_panel import Runs, RunsPanel


class AblationBoard(RunsPanel):
    """Switches for C, N and A, depth and clusters; the score of that arm, and its difference from a baseline.

    Scores are those of the selected models, with the interval over seeds; differences pair runs with the same split and
    seed that share dataset, split protocol and all settings besides the slot. If an arm was not trained, the board
    shows the nearest one, and the command that trains it.

    Errors are reported in the widget: a missing folder, no finished runs, no slot with switches, an unknown baseline.
    The board then offers the runs of the package.

        >>> widgets.AblationBoard()              # the runs of the package
        >>> widgets.AblationBoard("runs")

    Args:
        runs: Folder of the records, or open records; the runs of the package when left out.
        baseline: The arm to compare with; a known slot without runs is ignored.
    """

    def __init__(self, runs: Runs | None = None, *, baseline: str = "relu") -> None:
        super().__init__("ablation board")
        self._folder, self._baseline = "", baseline
        self._look: ArmSpec | None = None
        self._made: dict[ArmSpec, tuple[go.Figure, str]] = {}
        self._controls = Controls(self.guarded(lambda: self._show(self._controls.spec)))
        self._nearest = Button(description="show the nearest", layout=Layout(display="none"))
        self._nearest.on_click(self.guarded(lambda: self._show(nearest_arm(self._records, self._controls.spec))))
        self.compose_runs(self._controls, self._nearest)
        self.show_runs(stored_runs() if runs is None else runs)

    @property
    def look(self) -> ArmSpec | None:
        """The arm that is shown; None without runs."""
        return self._look

    def take(self, records: list[Record], folder: str) -> None:
        """Show runs, beginning with the default arm; watched networks, which have no switches, are ignored."""
        before = self._records, self._folder, self._made
        self._records = [record for record in drop_duplicates(records) if record.config.watched is None]
        self._folder, self._made = folder, {}
        try:
            self._show(first_arm(self._records))
        except CnaVizError:
            self._records, self._folder, self._made = before
            raise

    def show(self, look: ArmSpec) -> None:
        """Show the nearest arm that the runs offer; after an error, reported in the notice, the figure stays."""
        self.guarded(lambda: self._show(look))(None)

    def _show(self, wanted: ArmSpec) -> None:
        if not self._records:
            raise UsageError(self._nothing)
        spec = clamp_to_runs(wanted, self._records)
        missing = not arm_runs(self._records, spec)
        figure, words = self._drawn(nearest_arm(self._records, spec) if missing else spec)
        self._look = spec
        self._controls.fill(spec, arm_choices(self._records, spec))
        self._nearest.layout.display = None if missing else "none"
        if missing:
            self.notice.say(missing_words(self._records, spec, self._folder))
        self._view.show(figure)
        self._words.say(words)

    def _drawn(self, spec: ArmSpec) -> tuple[go.Figure, str]:
        """Return figure and sentences of an arm, computed once: resampling is too slow for a switch."""
        if spec not in self._made:
            self._made[spec] = draw_arm(self._records, spec, self._baseline)
        return self._made[spec]


class Controls(ControlPanel):
    """The controls of the board; a menu or slider with a single choice is hidden."""

    def __init__(self, changed: Observer) -> None:
        self.dataset, self.split, self.setup = menus = [
            Dropdown(description=words, style=WIDE) for words in ("dataset", "split", "settings")
        ]
        self.layers, self.clusters = sliders = [
            SelectionSlider(options=[0], description=words, continuous_update=True) for words in ("layers", "clusters")
        ]
        self.switches = {
            switch: ToggleButtons(
                options=[("", "")], description=f"{step} ({NAMES[step]})", style={**WIDE, "button_width": "auto"}
            )
            for switch, step in STEPS.items()
        }
        super().__init__([row(*menus), row(*self.switches.values()), row(*sliders)])
        self.listen(changed, *menus, *sliders, *self.switches.values())

    @property
    def spec(self) -> ArmSpec:
        """The chosen arm."""
        parts = Parts(**{switch: buttons.value for switch, buttons in self.switches.items()})
        return ArmSpec(
            self.dataset.value, self.split.value, self.setup.value, self.layers.value, parts, self.clusters.value
        )

    def fill(self, spec: ArmSpec, offered: ArmChoices) -> None:
        """Offer the choices of the runs, and show an arm."""
        with self.filling():
            _offer(self.dataset, [(name, name) for name in offered.datasets], spec.dataset)
            _offer(self.split, [(name, name) for name in offered.splits], spec.split)
            _offer(self.setup, [(setup_words(setup), setup) for setup in offered.setups], spec.setup)
            _offer(self.layers, [(str(layers), layers) for layers in offered.layers], spec.layers)
            _offer(self.clusters, [(str(count), count) for count in offered.clusters], spec.clusters)
            for switch, buttons in self.switches.items():
                words = [(PART_WORDS[switch][value], value) for value in offered.parts[switch]]
                offer(buttons, words, getattr(spec.parts, switch))
        self.clusters.disabled = spec.parts.assignment in {"none", "labels"}


def draw_arm(records: Sequence[Record], spec: ArmSpec, baseline: str) -> tuple[go.Figure, str]:
    """Return the figure of an arm that has runs, and the findings about it as a Markdown list."""
    members = comparable_runs(records, spec)
    arm = arm_names([record.config for record in members], ignore={"layers"})[arm_runs(members, spec)[0].config.run_id]
    figure = plot_chosen_arm(members, arm, baseline, layers=spec.layers)
    return figure, bullets(arm_findings(arms_by_depth(members)[spec.layers], arm, baseline))


def _offer(control: Any, options: Sequence[tuple[str, object]], value: object) -> None:
    offer(control, options, value)
    control.layout.display = "none" if len(options) < 2 else None
