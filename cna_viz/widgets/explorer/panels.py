"""The figures of the explorer side by side: only those of which something changed are sent."""

from collections.abc import Callable
from typing import Any, Final

from ipywidgets import Box, Layout, VBox

from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.panels.slots import place_across
from cna_viz.widgets.explorer.pointer import Pointer
from cna_viz.widgets.explorer.scene import PANELS, Scene, depends_on
from cna_viz.widgets.view import View
from cna_viz.widgets.view_spec import ViewSpec

ROWS: Final = (("embedding", "graph"), ("measure", "rational"), ("flow",))
"""The panels, row by row, where a page is wide."""
OLD: Final = "cna-viz-old"
"""Class of what is not what was asked for."""


class Panels(VBox):
    """All figures; empty before there is something to show.

    Args:
        group: Name of the group of figures in which pointer and selection are shared.
        picked: Called with the numbers of the selected nodes when somebody selects in one of the figures.
    """

    def __init__(self, group: str, picked: Callable[[tuple[int, ...]], None]) -> None:
        super().__init__()
        self._group, self._picked = group, picked
        self._views: dict[str, View] = {}
        self._pointer = Pointer()
        self._shown: dict[str, object] = {}
        self._scene: Scene | None = None

    def show(self, scene: Scene, look: ViewSpec, again: str | None = None) -> None:
        """Draw what changed, each panel shown while the next is drawn.

        Args:
            scene: The run.
            look: What is looked at.
            again: A panel that is drawn in any case.

        Raises:
            RecordError: When a file of the record is missing or not what was written.
        """
        if scene is not self._scene:
            self._shown.clear()
        self._scene = scene
        for name in PANELS:
            now = depends_on(name, look)
            if name == again or self._shown.get(name) != now:
                self._put(name, scene.draw(name, look))
                self._shown[name] = now
        self._point(look)

    def select(self, nodes: tuple[int, ...]) -> None:
        """Select nodes in all figures."""
        for view in self._views.values():
            if tuple(view.selected) != nodes:
                view.select(nodes)

    def mark_old(self, old: bool) -> None:
        """Mark what is seen as what was seen before, or as what was asked for."""
        (self.add_class if old else self.remove_class)(OLD)

    def _put(self, name: str, drawing: Drawing) -> None:
        if name in self._views:
            self._views[name].show(drawing)
            return
        # Told at once: what is told afterwards is a message each, for which an explorer that opens has to wait.
        place = Layout() if name in ROWS[-1] else Layout(flex="1 1 460px", min_width="300px")
        self._views[name] = view = View(drawing, group=self._group, layout=place)
        view.observe(self._on_selected, names="selected")
        if len(self._views) == len(PANELS):
            self._arrange()

    def _arrange(self) -> None:
        rows = [[self._views[name] for name in row] for row in ROWS]
        flow = VBox([*rows[2], self._pointer])
        self.children = [*(Box(row, layout=Layout(flex_flow="row wrap", grid_gap="8px")) for row in rows[:2]), flow]

    def _on_selected(self, change: Any) -> None:
        self._picked(tuple(change["new"]))

    def _point(self, look: ViewSpec) -> None:
        places = self._scene.columns if self._scene else ()
        if not places or look.layer > places[-1]:
            self._pointer.hide()
        else:
            self._pointer.point(place_across(places, look.layer), f"layer {look.layer}")
