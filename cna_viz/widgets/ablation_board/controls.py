"""The controls of the ablation board: menus for where, switches for C, N and A, sliders for depth and clusters."""

from collections.abc import Callable, Sequence
from typing import Any

from ipywidgets import Dropdown, SelectionSlider, ToggleButtons, VBox, Widget

from cna_viz.analysis.tables.slot_parts import PART_WORDS, STEPS, Parts
from cna_viz.figures.plots.effects import NAMES
from cna_viz.widgets.ablation_board.look import Choices, Look
from cna_viz.widgets.ablation_board.setups import setup_words
from cna_viz.widgets.choosing import offer, row


class Controls(VBox):
    """What the board is told with: only what the runs offer can be chosen, and a choice of one thing is not shown.

    Args:
        changed: Called with the change when somebody sets a control, not when :meth:`fill` does.
    """

    def __init__(self, changed: Callable[[object], None]) -> None:
        self._filling, self._changed = False, changed
        self.dataset, self.split, self.setup = (
            Dropdown(description=words, style={"description_width": "initial"})
            for words in ("dataset", "split", "settings")
        )
        self.layers, self.clusters = (
            SelectionSlider(options=[0], description=words, continuous_update=True) for words in ("layers", "clusters")
        )
        self.switches = {switch: _buttons(step) for switch, step in STEPS.items()}
        super().__init__(
            [
                row(self.dataset, self.split, self.setup),
                row(*self.switches.values()),
                row(self.layers, self.clusters),
            ]
        )
        for control in self._all():
            control.observe(self._tell, names="value")

    @property
    def look(self) -> Look:
        """What is chosen."""
        parts = Parts(**{switch: buttons.value for switch, buttons in self.switches.items()})
        return Look(
            self.dataset.value, self.split.value, self.setup.value, self.layers.value, parts, self.clusters.value
        )

    def fill(self, look: Look, offered: Choices) -> None:
        """Offer what the runs at hand hold, and show what is looked at."""
        self._filling = True
        try:
            _offer(self.dataset, [(name, name) for name in offered.datasets], look.dataset)
            _offer(self.split, [(name, name) for name in offered.splits], look.split)
            _offer(self.setup, [(setup_words(setup), setup) for setup in offered.setups], look.setup)
            _offer(self.layers, [(str(layers), layers) for layers in offered.layers], look.layers)
            _offer(self.clusters, [(str(count), count) for count in offered.clusters], look.clusters)
            for switch, buttons in self.switches.items():
                words = [(PART_WORDS[switch][value], value) for value in offered.parts[switch]]
                _offer(buttons, words, getattr(look.parts, switch), hide=False)
        finally:
            self._filling = False
        self.clusters.disabled = look.parts.assignment in {"none", "labels"}

    def _all(self) -> list[Widget]:
        return [self.dataset, self.split, self.setup, self.layers, self.clusters, *self.switches.values()]

    def _tell(self, change: object) -> None:
        if not self._filling:
            self._changed(change)


def _offer(control: Any, options: Sequence[tuple[str, object]], value: object, hide: bool = True) -> None:
    offer(control, options, value)
    control.layout.display = "none" if hide and len(options) < 2 else None


def _buttons(step: str) -> ToggleButtons:
    style = {"description_width": "initial", "button_width": "auto"}
    return ToggleButtons(options=[("", "")], description=f"{step} ({NAMES[step]})", style=style)
