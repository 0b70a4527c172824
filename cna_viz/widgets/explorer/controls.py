"""The controls of the explorer: which run, and which view of it."""

from collections.abc import Sequence
from typing import Final

from ipywidgets import Button, HBox, Layout, Play, SelectionSlider, Text, Widget, jslink

from cna_viz.records.record import Record
from cna_viz.widgets.controls import WIDE, Observer, ViewControls, menu, offer, player, row
from cna_viz.widgets.explorer.run_menu import RunEntry
from cna_viz.widgets.runs_panel import STORED
from cna_viz.widgets.view_spec import Choices, ViewSpec

PACE: Final = 800
"""Milliseconds from layer to layer, or from epoch to epoch, while they play."""
_LONG: Final = {"style": WIDE, "layout": {"width": "24em"}}


class Controls(ViewControls):
    """The controls of the explorer: the view, the menu of runs, the folder, and two buttons."""

    def __init__(self, viewed: Observer, chosen: Observer, opened: Observer, stored: Observer, read: Observer) -> None:
        super().__init__(PACE, **_LONG)
        self.folder = Text(description="folder", continuous_update=False, style=WIDE, layout=Layout(width="28em"))
        self.run = menu("run")
        self.read = Button(description="read again", tooltip="read the folder again", layout=Layout(width="auto"))
        self.stored = Button(description=STORED, layout=Layout(width="auto"))
        self.epoch = SelectionSlider(options=[("0", 0)], description="epoch", continuous_update=True, **_LONG)
        self.epoch_player = player("epochs", 0, PACE)
        self._links = [*self._links, jslink((self.epoch_player, "value"), (self.epoch, "index"))]
        self._view = [
            row(_beside(self.layer_player, self.layer), _beside(self.epoch_player, self.epoch), self.stage),
            row(self.color, self.method, self.measure),
        ]
        self.children = [row(self.folder, self.read, self.run, self.stored), *self._view]
        self.listen(viewed, self.layer, self.epoch, self.stage, self.color, self.method, self.measure)
        self.listen(chosen, self.run)
        self.listen(opened, self.folder)
        self.stored.on_click(stored)
        self.read.on_click(read)

    @property
    def view(self) -> ViewSpec:
        """The chosen view."""
        return self.view_at(self.epoch.value)

    def offer(self, entries: Sequence[RunEntry], chosen: RunEntry | None, folder: str | None) -> None:
        """Offer runs of a folder; without runs, only the folder is visible, and without a folder, only the runs."""
        with self.filling():
            self.folder.value = folder or ""
            _show(self.folder, folder is not None)
            _show(self.read, folder is not None)
            offer(self.run, [(entry.label, entry.key) for entry in entries], chosen.key if chosen else None)
            for part in (self.run, *self._view):
                _show(part, bool(entries))
            _show(self.stored, not entries)

    def fill(self, record: Record, view: ViewSpec, offered: Choices) -> None:
        """Offer the choices of a run, and show the view."""
        with self.filling():
            self.fill_view(record, view, offered)
            self.epoch_player.max = len(offered.epochs) - 1
            if self.epoch.index != (index := offered.epochs.index(view.epoch)):  # see move()
                self.epoch_player.value = index
            offer(self.epoch, [(_epoch(epoch, record), epoch) for epoch in offered.epochs], view.epoch)


def _epoch(epoch: int | None, record: Record) -> str:
    selected: dict[int | None, str] = {record.best_epoch: " (selected)"} if record.status != "incomplete" else {}
    marks = {0: " (untrained)", **selected}
    return f"{epoch}{marks.get(epoch, '')}"


def _beside(player: Play, slider: Widget) -> HBox:
    return HBox([player, slider], layout=Layout(align_items="center", grid_gap="0 8px"))


def _show(control: Widget, shown: bool) -> None:
    control.layout.display = None if shown else "none"
