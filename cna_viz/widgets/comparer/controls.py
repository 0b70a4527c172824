"""The controls of the comparer: two menus of runs, and one set of controls for what is seen of both."""

from collections.abc import Callable, Sequence
from typing import Final

from ipywidgets import Dropdown, IntSlider, Layout, Play, VBox, jslink

from cna_viz.config.measures import MEASURES
from cna_viz.figures.pieces.nodes import KIND_LABELS
from cna_viz.figures.style.labels import STAGE_LABELS
from cna_viz.records.record import Record
from cna_viz.widgets.choosing import METHOD_WORDS, move, offer, row
from cna_viz.widgets.run_label import run_label
from cna_viz.widgets.view_spec import Choices, ViewSpec

PACE: Final = 900
"""Milliseconds from layer to layer while it plays."""
COLOR_WORDS: Final = {"prediction": KIND_LABELS["prediction"], "degree": KIND_LABELS["degree"]}
SELECTED: Final = "selected"


class Controls(VBox):
    """What the comparer is told with.

    Args:
        changed: Called with the change when somebody sets a control, not when :meth:`offer` or :meth:`fill` does.
    """

    def __init__(self, changed: Callable[[object], None]) -> None:
        self._filling, self._changed = False, changed
        self.first, self.second = (_menu(words) for words in ("left", "right"))
        self.layer = IntSlider(value=1, min=1, max=1, description="layer", continuous_update=True)
        self._play = Play(value=1, min=1, max=1, interval=PACE, show_repeat=False, tooltip="play over the layers")
        self._link = jslink((self._play, "value"), (self.layer, "value"))
        self.epoch, self.stage, self.color, self.method, self.measure = (
            _menu(words) for words in ("epoch", "stage", "colour", "projection", "measure")
        )
        super().__init__(
            [
                row(self.first, self.second),
                row(self._play, self.layer, self.epoch, self.stage),
                row(self.color, self.method, self.measure),
            ]
        )
        for control in (self.first, self.second, self.layer, *self._menus().values()):
            control.observe(self._tell, names="value")

    @property
    def look(self) -> ViewSpec:
        """What is chosen of both runs."""
        chosen = {name: menu.value for name, menu in self._menus().items()}
        epoch = None if chosen.pop("epoch") == SELECTED else self.epoch.value
        return ViewSpec(layer=self.layer.value, epoch=epoch, **chosen)

    def offer(self, records: Sequence[Record]) -> None:
        """Offer runs, both at the left and at the right; of others than before the first is chosen."""
        runs = [(run_label(record), record.id) for record in records]
        self._filling = True
        try:
            for menu in (self.first, self.second):
                if list(menu.options) != runs:
                    menu.options = runs
        finally:
            self._filling = False

    def fill(self, first: Record, second: Record, look: ViewSpec, offered: Choices) -> None:
        """Offer what two runs hold, and show what is looked at."""
        self._filling = True
        try:
            self.first.value, self.second.value = first.id, second.id
            for control in (self.layer, self._play):
                control.max = offered.layers
            move(self.layer, self._play, look.layer)
            epochs = [(_epoch(epoch, first, second), _value(epoch)) for epoch in offered.epochs]
            offer(self.epoch, epochs, _value(look.epoch))
            offer(self.stage, [(STAGE_LABELS[stage], stage) for stage in offered.stages], look.stage)
            offer(self.color, [(COLOR_WORDS.get(color, color), color) for color in offered.colors], look.color)
            offer(self.method, [(METHOD_WORDS[method], method) for method in offered.methods], look.method)
            measures = offered.measures or (look.measure,)
            offer(self.measure, [(MEASURES[measure].label, measure) for measure in measures], look.measure)
        finally:
            self._filling = False

    def close(self) -> None:
        """Close the controls, and the link in the browser between the slider and its player."""
        self._link.close()
        super().close()

    def _menus(self) -> dict[str, Dropdown]:
        names = ("epoch", "stage", "color", "method", "measure")
        return {name: getattr(self, name) for name in names}

    def _tell(self, change: object) -> None:
        if not self._filling:
            self._changed(change)


def _epoch(epoch: int | None, first: Record, second: Record) -> str:
    if epoch is None:
        return f"of the selected models ({first.best_epoch} and {second.best_epoch})"
    return f"{epoch} (untrained)" if epoch == 0 else str(epoch)


def _value(epoch: int | None) -> int | str:
    # A menu takes None for no choice.
    return SELECTED if epoch is None else epoch


def _menu(description: str) -> Dropdown:
    look = {"style": {"description_width": "initial"}, "layout": Layout(width="auto", max_width="100%")}
    return Dropdown(description=description, **look)
