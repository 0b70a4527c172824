"""The controls of the playground: graph, network, slot, rational, edges, training."""

from collections.abc import Callable
from typing import Any, Final

from ipywidgets import (
    Accordion,
    BoundedIntText,
    Button,
    Dropdown,
    FloatSlider,
    IntSlider,
    Layout,
    Play,
    ToggleButton,
    ToggleButtons,
    VBox,
    Widget,
    jslink,
)

from cna_viz.live.graphs import LIVE_GRAPHS
from cna_viz.live.rationals import Coefficients, preset
from cna_viz.live.settings import MOST_CLUSTERS, MOST_LAYERS, MOST_SEED, LiveSettings
from cna_viz.widgets.choosing import row

C: Final = [("k-means", "kmeans"), ("random", "random"), ("none", "none")]
N: Final = [("within clusters", "cluster"), ("each node", "node"), ("all nodes", "batch"), ("none", "none")]
A: Final = [("rational", "rational"), ("ReLU", "relu"), ("none", "none")]
PRESETS: Final = [("ReLU", "relu"), ("like tanh", "tanh"), ("a bump", "bump"), ("identity", "identity")]
NAMES: Final = (*(f"a{power}" for power in range(6)), *(f"b{power}" for power in range(1, 5)))
FARTHEST: Final = 4.0
"""Coefficients go from minus this to plus this."""
DECIMALS: Final = 3
WIDE: Final = {"description_width": "initial"}
BEAT: Final = 700
"""Milliseconds from layer to layer when layers are played."""


class Controls(VBox):
    """What the playground is told with.

    Args:
        graph: Name of the graph to begin with.
        settings: The network to begin with.
    """

    def __init__(self, graph: str, settings: LiveSettings) -> None:
        self._begun = settings
        self.graph = Dropdown(options=LIVE_GRAPHS, value=graph, description="graph", style=WIDE)
        self.layers = IntSlider(settings.layers, 1, MOST_LAYERS, description="layers", style=WIDE)
        self.seed = BoundedIntText(settings.seed, 0, MOST_SEED, description="seed of the weights", style=WIDE)
        self.color = Dropdown(options=["class", "cluster"], description="colour", style=WIDE)
        self.layer = IntSlider(0, 0, settings.layers, description="layer", style=WIDE, layout=Layout(width="320px"))
        self.play = Play(min=0, max=settings.layers, interval=BEAT, tooltip="play the layers")
        self.link = jslink((self.play, "value"), (self.layer, "value"))
        self.assignment = _choice("C (cluster)", C, settings.assignment)
        self.clusters = IntSlider(settings.clusters, 1, MOST_CLUSTERS, description="clusters K", style=WIDE)
        self.normalization = _choice("N (normalize)", N, settings.normalization)
        self.activation = _choice("A (activate)", A, settings.activation)
        self.preset = Dropdown(options=PRESETS, value=named(settings.rational), description="rational", style=WIDE)
        self.coefficients = [_coefficient(name) for name in NAMES]
        self.fill(settings.rational)
        self.train = Button(description="Train", icon="play", button_style="primary")
        self.stop = Button(description="Stop", icon="stop", disabled=True)
        self.forget = Button(description="Untrained again", icon="undo", disabled=True)
        self.edit = ToggleButton(description="Edit edges: click two nodes", icon="pencil", layout=Layout(width="auto"))
        self.ends = [BoundedIntText(0, 0, 33, description=words, style=WIDE) for words in ("from node", "to node")]
        self.toggle = Button(description="Add or remove", tooltip="add the edge, or remove it where there is one")
        self.clear = Button(description="Remove all edges")
        self.restore = Button(description="As it was", tooltip="the edges that the graph had")
        super().__init__(self._rows())

    @property
    def rational(self) -> Coefficients:
        """The coefficients as the sliders have them."""
        values = [slider.value for slider in self.coefficients]
        return _on_the_grid(Coefficients(tuple(values[:6]), tuple(values[6:])))

    @property
    def settings(self) -> LiveSettings:
        """The network that is chosen."""
        return self._begun.with_(
            layers=self.layers.value,
            assignment=self.assignment.value,
            normalization=self.normalization.value,
            activation=self.activation.value,
            clusters=self.clusters.value,
            rational=self.rational,
            seed=self.seed.value,
        )

    def fill(self, rational: Coefficients) -> None:
        """Move the sliders of the coefficients; what is beyond their ends widens them."""
        near = _on_the_grid(rational)
        for slider, value in zip(self.coefficients, (*near.numerator, *near.denominator), strict=True):
            slider.min, slider.max = min(slider.min, value), max(slider.max, value)
            slider.value = value

    def observe_network(self, changed: Callable[[object], None]) -> None:
        """Call ``changed`` whenever another network is chosen, coefficients and presets apart."""
        for control in (
            self.layers,
            self.seed,
            self.assignment,
            self.clusters,
            self.normalization,
            self.activation,
        ):
            control.observe(changed, names="value")

    def fit(self, layers: int, nodes: int) -> None:
        """Let the sliders end where the network and the graph do, and switch off what has no effect."""
        self.layer.max = self.play.max = layers
        for box in self.ends:
            box.max = nodes - 1
        self.clusters.disabled = self.assignment.value == "none"
        no_rational = self.activation.value != "rational"
        for control in (self.preset, *self.coefficients):
            control.disabled = no_rational

    def _rows(self) -> list[Widget]:
        half = len(NAMES) - 4
        coefficients = VBox([row(*self.coefficients[:half]), row(*self.coefficients[half:])])
        edges = VBox([row(self.edit, self.clear, self.restore), row(*self.ends, self.toggle)])
        more = Accordion([coefficients, edges], titles=("Coefficients of the rational", "Edges of the graph"))
        return [
            row(self.graph, self.layers, self.seed),
            row(self.assignment, self.clusters, self.normalization),
            row(self.activation, self.preset, self.train, self.stop, self.forget),
            more,
            row(self.layer, self.play, self.color),
        ]


def shape(name: str) -> Coefficients:
    """Return the coefficients of a preset as sliders can have them."""
    return _on_the_grid(preset(name))


def _on_the_grid(rational: Coefficients) -> Coefficients:
    """Round to the steps of the sliders: a browser does so, too, and would seem to have moved them."""
    numerator, denominator = (
        tuple(round(value, DECIMALS) for value in part) for part in (rational.numerator, rational.denominator)
    )
    return Coefficients(numerator, denominator)


def named(rational: Coefficients) -> str | None:
    """Return the preset that these are, if any."""
    return next((name for _, name in PRESETS if shape(name) == _on_the_grid(rational)), None)


def _choice(description: str, options: list[tuple[str, str]], value: str) -> ToggleButtons:
    style = {**WIDE, "button_width": "auto"}
    return ToggleButtons(options=options, value=value, description=description, style=style)


def _coefficient(name: str) -> FloatSlider:
    part = "numerator" if name.startswith("a") else "denominator"
    power = name[1:]
    tooltip = f"{part}: coefficient of z to the power of {power}"
    look: dict[str, Any] = {"description": name, "tooltip": tooltip, "readout_format": ".3f"}
    return FloatSlider(0, min=-FARTHEST, max=FARTHEST, step=10**-DECIMALS, **look)
