"""The controls of the explorer: which run, and what of it."""

from collections.abc import Callable, Sequence
from typing import Final

from ipywidgets import Button, Dropdown, HBox, IntSlider, Layout, Play, SelectionSlider, Text, VBox, Widget, jslink

from cna_viz.config.measures import MEASURES
from cna_viz.figures.pieces.nodes import KIND_LABELS
from cna_viz.figures.style.labels import STAGE_LABELS
from cna_viz.records.record import Record
from cna_viz.widgets.choosing import METHOD_WORDS, move, offer, row
from cna_viz.widgets.explorer.shelf import Entry
from cna_viz.widgets.view_spec import Choices, ViewSpec

PACE: Final = 800
"""Milliseconds from layer to layer, or from epoch to epoch, while it plays."""
_WHOLE: Final = {"description_width": "initial"}
_LONG: Final = {"style": _WHOLE, "layout": {"width": "24em"}}


class Controls(VBox):
    """What the explorer is told with.

    Args:
        looked: Called with the change when somebody sets what to look at, not when :meth:`fill` does.
        chosen: Called when somebody chooses another run, not when :meth:`offer` does.
        opened: Called when somebody names another folder.
        stored: Called when somebody asks for the runs that come with the package.
        read: Called when somebody asks to look into the folder again.
    """

    def __init__(
        self,
        looked: Callable[[object], None],
        chosen: Callable[[object], None],
        opened: Callable[[object], None],
        stored: Callable[[object], None],
        read: Callable[[object], None],
    ) -> None:
        self._filling = False
        self.folder = Text(description="folder", continuous_update=False, style=_WHOLE, layout=Layout(width="28em"))
        self.run = _menu("run")
        self.read = Button(description="read again", tooltip="read the folder again", layout=Layout(width="auto"))
        self.stored = Button(description="open the runs that come with the package", layout=Layout(width="auto"))
        self.layer = IntSlider(value=1, min=1, max=1, description="layer", continuous_update=True, **_LONG)
        self.epoch = SelectionSlider(options=[("0", 0)], description="epoch", continuous_update=True, **_LONG)
        self.stage, self.color, self.method, self.measure = map(_menu, ("stage", "colour", "projection", "measure"))
        self._players = [_player("layers", 1), _player("epochs", 0)]
        layer, epoch = self._players
        self._links = [jslink((layer, "value"), (self.layer, "value")), jslink((epoch, "value"), (self.epoch, "index"))]
        self._look = [
            row(_beside(layer, self.layer), _beside(epoch, self.epoch), self.stage),
            row(self.color, self.method, self.measure),
        ]
        super().__init__([row(self.folder, self.read, self.run, self.stored), *self._look])
        for control in (self.layer, self.epoch, self.stage, self.color, self.method, self.measure):
            control.observe(self._unless_filling(looked), names="value")
        self.run.observe(self._unless_filling(chosen), names="value")
        self.folder.observe(self._unless_filling(opened), names="value")
        self.stored.on_click(stored)
        self.read.on_click(read)

    @property
    def look(self) -> ViewSpec:
        """What is chosen."""
        named = {name: getattr(self, name).value for name in ("stage", "color", "method", "measure")}
        return ViewSpec(layer=self.layer.value, epoch=self.epoch.value, **named)

    def offer(self, entries: Sequence[Entry], chosen: Entry | None, folder: str | None) -> None:
        """Offer runs.

        Args:
            entries: The runs; where there are none, all but the folder is hidden.
            chosen: The one that is shown.
            folder: Where they lie; None where they were handed over, and no folder can be named.
        """
        self._filling = True
        try:
            self.folder.value = folder or ""
            _show(self.folder, folder is not None)
            _show(self.read, folder is not None)
            offer(self.run, [(entry.label, entry.key) for entry in entries], chosen.key if chosen else None)
            for part in (self.run, *self._look):
                _show(part, bool(entries))
            _show(self.stored, not entries)
        finally:
            self._filling = False

    def fill(self, record: Record, look: ViewSpec, offered: Choices) -> None:
        """Offer what a run holds, and show what is looked at."""
        self._filling = True
        try:
            layers, epochs = self._players
            layers.max = self.layer.max = offered.layers
            move(self.layer, layers, look.layer)
            epochs.max = len(offered.epochs) - 1
            if self.epoch.index != (index := offered.epochs.index(look.epoch)):  # see move()
                epochs.value = index
            offer(self.epoch, [(_epoch(epoch, record), epoch) for epoch in offered.epochs], look.epoch)
            offer(self.stage, [(STAGE_LABELS[stage], stage) for stage in offered.stages], look.stage)
            offer(self.color, [(_color(color, record), color) for color in offered.colors], look.color)
            offer(self.method, [(METHOD_WORDS[method], method) for method in offered.methods], look.method)
            measures = offered.measures or (look.measure,)
            offer(self.measure, [(MEASURES[measure].label, measure) for measure in measures], look.measure)
        finally:
            self._filling = False

    def close(self) -> None:
        """Close the controls, and the links in the browser between sliders and players."""
        for link in self._links:
            link.close()
        super().close()

    def _unless_filling(self, told: Callable[[object], None]) -> Callable[[object], None]:
        def observer(change: object) -> None:
            if not self._filling:
                told(change)

        return observer


def _epoch(epoch: int | None, record: Record) -> str:
    marks: dict[int | None, str] = {0: " (untrained)", record.best_epoch: " (selected)"}
    return f"{epoch}{marks.get(epoch, '')}"


def _color(color: str, record: Record) -> str:
    if color == "class" and record.config.metric == "nmse":
        return KIND_LABELS["target"]
    return color if color == "prediction" else KIND_LABELS[color]


def _player(what: str, first: int) -> Play:
    return Play(value=first, min=first, max=first, interval=PACE, show_repeat=False, tooltip=f"play over the {what}")


def _menu(description: str) -> Dropdown:
    return Dropdown(description=description, style=_WHOLE, layout=Layout(width="auto", max_width="100%"))


def _beside(player: Play, slider: Widget) -> HBox:
    return HBox([player, slider], layout=Layout(align_items="center", grid_gap="0 8px"))


def _show(control: Widget, shown: bool) -> None:
    control.layout.display = None if shown else "none"
