"""The figures of the explorer side by side; only changed ones are sent."""

from collections.abc import Callable
from typing import Final

from ipywidgets import HTML, Box, Layout, VBox

from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.panels.slots import SIDE, place_across
from cna_viz.widgets.explorer.scene import PANELS, Scene, depends_on
from cna_viz.widgets.view import View
from cna_viz.widgets.view_spec import ViewSpec

ROWS: Final = (("embedding", "graph"), ("measure", "rational"), ("flow",))
"""The panels, row by row, on a wide page."""
OLD: Final = "cna-viz-old"
"""CSS class of outdated figures."""


class Panels(VBox):
    """All figures; empty until there is something to show. ``picked`` is called with the nodes the user selects."""

    def __init__(self, group: str, picked: Callable[[tuple[int, ...]], None]) -> None:
        super().__init__()
        self._group, self._picked = group, picked
        self._views: dict[str, View] = {}
        self._pointer = Pointer()
        self._shown: dict[str, object] = {}
        self._scene: Scene | None = None

    def show(self, scene: Scene, view: ViewSpec, again: str | None = None) -> None:
        """Draw the changed panels and the panel ``again``, showing each before the next is drawn."""
        if scene is not self._scene:
            self._shown.clear()
        self._scene = scene
        for name in PANELS:
            now = depends_on(name, view)
            if name == again or self._shown.get(name) != now:
                self._put(name, scene.draw(name, view))
                self._shown[name] = now
        self._pointer.point(scene.columns, view.layer)

    def select(self, nodes: tuple[int, ...]) -> None:
        """Select nodes in all figures."""
        for view in self._views.values():
            if tuple(view.selected) != nodes:
                view.select(nodes)

    def mark_old(self, old: bool) -> None:
        """Mark the figures as outdated, or as current."""
        (self.add_class if old else self.remove_class)(OLD)

    def _put(self, name: str, drawing: Drawing) -> None:
        if name in self._views:
            self._views[name].show(drawing)
            return
        # With the layout at once: setting it later costs a message each, which delays opening.
        place = Layout() if name in ROWS[-1] else Layout(flex="1 1 460px", min_width="300px")
        self._views[name] = view = View(drawing, group=self._group, layout=place)
        view.observe(lambda change: self._picked(tuple(change["new"])), names="selected")
        if len(self._views) == len(PANELS):
            rows = [[self._views[name] for name in row] for row in ROWS]
            boxes = [Box(row, layout=Layout(flex_flow="row wrap", grid_gap="8px")) for row in rows[:2]]
            self.children = [*boxes, VBox([*rows[2], self._pointer])]


class Pointer(HTML):
    """The words ``▲ layer 5`` below a column of the flow, moved without drawing the flow again."""

    def point(self, columns: tuple[int, ...], layer: int) -> None:
        """Point at the place of a layer among the columns, or hide if the layer has none."""
        if not columns or layer > columns[-1]:
            self.layout.display = "none"
            return
        share = f"{100 * place_across(columns, layer):.4g}%"
        line = f"position: relative; height: 1.5em; margin: 0 {SIDE}px; font-weight: 600"
        place = f"position: absolute; white-space: nowrap; left: {share}; transform: translateX(-{share})"
        self.value = f'<div style="{line}"><span style="{place}">▲ layer {layer}</span></div>'
        self.layout.display = None
