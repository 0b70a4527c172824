"""Controls shared by several widgets, and what their menus say."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from ipywidgets import Dropdown, HBox, IntSlider, Layout, Play, VBox, Widget, jslink

from cna_viz.config.measures import MEASURES
from cna_viz.figures.pieces.nodes import KIND_LABELS
from cna_viz.figures.style.labels import STAGE_LABELS, layers_words
from cna_viz.records.record import Record
from cna_viz.widgets.view_spec import Choices, ViewSpec

METHOD_WORDS: Final = {"pca": "PCA", "umap": "UMAP (takes a while)"}
"""Projection methods in the words of a menu."""
WIDE: Final = {"description_width": "initial"}
"""Style of controls with long descriptions."""

Observer = Callable[[object], None]


class ControlPanel(VBox):
    """Base of a widget's controls, whose observers hear the user, but not the program."""

    _filling = False
    _links: Sequence[Widget] = ()
    """Links in the browser between sliders and players."""

    @contextmanager
    def filling(self) -> Iterator[None]:
        """Set controls without telling the observers."""
        self._filling = True
        try:
            yield
        finally:
            self._filling = False

    def listen(self, observer: Observer, *controls: Widget) -> None:
        """Call ``observer`` with every change of these controls by the user."""

        def hear(change: object) -> None:
            if not self._filling:
                observer(change)

        for control in controls:
            control.observe(hear, names="value")

    def close(self) -> None:
        """Close the controls and their links."""
        for link in self._links:
            link.close()
        super().close()


class ViewControls(ControlPanel):
    """Controls of a :class:`~cna_viz.widgets.view_spec.ViewSpec`, apart from its epoch."""

    def __init__(self, pace: int, **slider: Any) -> None:
        self.layer = IntSlider(value=1, min=1, max=1, description="layer", continuous_update=True, **slider)
        self.layer_player = player("layers", 1, pace)
        self._links = [jslink((self.layer_player, "value"), (self.layer, "value"))]
        self.stage, self.color, self.method, self.measure = map(menu, ("stage", "colour", "projection", "measure"))
        super().__init__()

    def view_at(self, epoch: int | None) -> ViewSpec:
        """Return the view that is chosen, at an epoch."""
        named = {name: getattr(self, name).value for name in ("stage", "color", "method", "measure")}
        return ViewSpec(layer=self.layer.value, epoch=epoch, **named)

    def fill_view(self, record: Record, view: ViewSpec, offered: Choices) -> None:
        """Offer the choices of a run, and show a view."""
        self.layer_player.max = self.layer.max = offered.layers
        move(self.layer, self.layer_player, view.layer)
        offer(self.stage, [(STAGE_LABELS[stage], stage) for stage in offered.stages], view.stage)
        offer(self.color, [(_color(color, record), color) for color in offered.colors], view.color)
        offer(self.method, [(METHOD_WORDS[method], method) for method in offered.methods], view.method)
        measures = offered.measures or (view.measure,)
        offer(self.measure, [(MEASURES[measure].label, measure) for measure in measures], view.measure)


def row(*controls: Widget) -> HBox:
    """Return controls side by side, wrapped on narrow pages."""
    return HBox(controls, layout=Layout(flex_flow="row wrap", align_items="center", grid_gap="0 16px"))


def menu(description: str) -> Dropdown:
    """Return an empty menu as wide as its options."""
    return Dropdown(description=description, style=WIDE, layout=Layout(width="auto", max_width="100%"))


def player(what: str, first: int, pace: int) -> Play:
    """Return a player of layers or epochs, with one step so far."""
    return Play(value=first, min=first, max=first, interval=pace, show_repeat=False, tooltip=f"play over the {what}")


def offer(control: Any, options: Sequence[tuple[str, Any]], value: object) -> None:
    """Offer options, pairs of words and value, in a menu, slider or row of buttons, and choose one value."""
    # New options choose the first of them, which the user would see.
    if list(control.options) != list(options):
        with control.hold_sync():
            control.options, control.value = options, value
    control.value = value


def move(slider: IntSlider, player: Play, value: int) -> None:
    """Move a slider and its player, which are linked in the browser, unless the slider is there already.

    When the user moves the slider, the browser moves the player; a message from here would arrive late and set back a
    slider that has moved on.
    """
    if slider.value != value:
        player.value = slider.value = value


def run_label(record: Record) -> str:
    """Return the name of a run in a menu: ``cna · 16 layers · csbm · random-48-32-20 · seed 0 · 41093fd9``."""
    facts = record.config.facts
    parts = (
        facts["slot"],
        layers_words(record.layers),
        facts["dataset"],
        facts["split"],
        f"seed {record.config.stated_seed}",
    )
    return " · ".join([*map(str, parts), record.id[:8]])


def _color(color: str, record: Record) -> str:
    if color == "class" and record.config.task == "node-regression":
        return KIND_LABELS["target"]
    return color if color == "prediction" else KIND_LABELS[color]
