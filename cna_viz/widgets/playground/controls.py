"""The controls of the playground: graph, network, slot, rational, edges, training."""

from typing import Final

import ipywidgets as ui

from cna_viz.live.graphs import LIVE_GRAPHS
from cna_viz.live.rationals import Coefficients, preset
from cna_viz.live.settings import MOST_CLUSTERS, MOST_LAYERS, MOST_SEED, LiveSettings
from cna_viz.widgets.controls import WIDE, ControlPanel, row

C: Final = [("k-means", "kmeans"), ("random", "random"), ("none", "none")]
N: Final = [("within clusters", "cluster"), ("each node", "node"), ("all nodes", "batch"), ("none", "none")]
A: Final = [("rational", "rational"), ("ReLU", "relu"), ("none", "none")]
PRESETS: Final = [("ReLU", "relu"), ("like tanh", "tanh"), ("a bump", "bump"), ("identity", "identity")]
FARTHEST: Final = 4.0
"""Largest absolute value of a coefficient."""
DECIMALS: Final = 3
BEAT: Final = 700
"""Milliseconds from layer to layer while they play."""
NETWORK: Final = ("layers", "seed", "assignment", "clusters", "normalization", "activation")
"""Settings with one control each."""


class Controls(ControlPanel):
    """The controls of the playground, starting with a graph and a network."""

    def __init__(self, graph: str, settings: LiveSettings) -> None:
        self._begun = settings
        self.graph = ui.Dropdown(options=LIVE_GRAPHS, value=graph, description="graph", style=WIDE)
        self.layers = ui.IntSlider(settings.layers, 1, MOST_LAYERS, description="layers", style=WIDE)
        self.seed = ui.BoundedIntText(settings.seed, 0, MOST_SEED, description="seed of the weights", style=WIDE)
        self.color = ui.Dropdown(options=["class", "cluster"], description="colour", style=WIDE)
        self.layer = ui.IntSlider(0, 0, settings.layers, description="layer", style=WIDE, layout={"width": "320px"})
        self.play = ui.Play(min=0, max=settings.layers, interval=BEAT, tooltip="play the layers")
        self._links = [ui.jslink((self.play, "value"), (self.layer, "value"))]
        self.assignment = _choice("C (cluster)", C, settings.assignment)
        self.clusters = ui.IntSlider(settings.clusters, 1, MOST_CLUSTERS, description="clusters K", style=WIDE)
        self.normalization = _choice("N (normalize)", N, settings.normalization)
        self.activation = _choice("A (activate)", A, settings.activation)
        self.preset = ui.Dropdown(options=PRESETS, value=named(settings.rational), description="rational", style=WIDE)
        numerator = [_coefficient("a", power) for power in range(6)]
        denominator = [_coefficient("b", power) for power in range(1, 5)]
        self.coefficients = [*numerator, *denominator]
        self.fill(settings.rational)
        self.train = ui.Button(description="Train", icon="play", button_style="primary")
        self.stop = ui.Button(description="Stop", icon="stop", disabled=True)
        self.forget = ui.Button(description="Untrained again", icon="undo", disabled=True)
        self.edit = ui.ToggleButton(description="Edit edges: click two nodes", icon="pencil", layout={"width": "auto"})
        self.ends = [ui.BoundedIntText(0, 0, 33, description=words, style=WIDE) for words in ("from node", "to node")]
        self.toggle = ui.Button(description="Add or remove", tooltip="add the edge, or remove it if it exists")
        self.clear = ui.Button(description="Remove all edges")
        self.restore = ui.Button(description="As it was", tooltip="restore the original edges")
        edges = ui.VBox([row(self.edit, self.clear, self.restore), row(*self.ends, self.toggle)])
        folded = [ui.VBox([row(*numerator), row(*denominator)]), edges]
        super().__init__(
            [
                row(self.graph, self.layers, self.seed),
                row(self.assignment, self.clusters, self.normalization),
                row(self.activation, self.preset, self.train, self.stop, self.forget),
                ui.Accordion(folded, titles=("Coefficients of the rational", "Edges of the graph")),
                row(self.layer, self.play, self.color),
            ]
        )

    @property
    def rational(self) -> Coefficients:
        """The coefficients of the sliders."""
        return Coefficients.of([slider.value for slider in self.coefficients], DECIMALS)

    @property
    def network(self) -> dict[str, ui.Widget]:
        """The controls of the network by setting, without the rational."""
        return {name: getattr(self, name) for name in NETWORK}

    @property
    def settings(self) -> LiveSettings:
        """The chosen network."""
        return self._begun.with_(
            rational=self.rational, **{name: control.value for name, control in self.network.items()}
        )

    def fill(self, rational: Coefficients) -> None:
        """Move the sliders of the coefficients, and widen their range if needed."""
        values = Coefficients.of(rational.values, DECIMALS).values
        for slider, value in zip(self.coefficients, values, strict=True):
            slider.min, slider.max = min(slider.min, value), max(slider.max, value)
            slider.value = value

    def fit(self, layers: int, nodes: int) -> None:
        """Fit the ranges to network and graph, and disable controls without effect."""
        self.layer.max = self.play.max = layers
        for box in self.ends:
            box.max = nodes - 1
        self.clusters.disabled = self.assignment.value == "none"
        no_rational = self.activation.value != "rational"
        for control in (self.preset, *self.coefficients):
            control.disabled = no_rational


def shape(name: str) -> Coefficients:
    """Return the coefficients of a preset, rounded to the steps of the sliders as a browser rounds them."""
    return Coefficients.of(preset(name).values, DECIMALS)


def named(rational: Coefficients) -> str | None:
    """Return the preset with these coefficients, if any."""
    rounded = Coefficients.of(rational.values, DECIMALS)
    return next((name for _, name in PRESETS if shape(name) == rounded), None)


def _choice(description: str, options: list[tuple[str, str]], value: str) -> ui.ToggleButtons:
    style = {**WIDE, "button_width": "auto"}
    return ui.ToggleButtons(options=options, value=value, description=description, style=style)


def _coefficient(letter: str, power: int) -> ui.FloatSlider:
    part = "numerator" if letter == "a" else "denominator"
    return ui.FloatSlider(
        0,
        min=-FARTHEST,
        max=FARTHEST,
        step=10**-DECIMALS,
        description=f"{letter}{power}",
        tooltip=f"{part}: coefficient of z to the power of {power}",
        readout_format=".3f",
    )
