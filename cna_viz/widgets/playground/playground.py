"""The playground: step through a deep network on a small graph, change its slots, and train it."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import ExitStack
from dataclasses import fields
from typing import Any, Final

import plotly.graph_objects as go
from ipywidgets import Box, Layout

from cna_viz.analysis.words import counted
from cna_viz.errors import NotFiniteError, UsageError, unknown_name
from cna_viz.figures.panels.arrange import arrange
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.live.graphs import LiveGraph, live_graph, toggle_edge, without_edges
from cna_viz.live.network import State, run_through
from cna_viz.live.rationals import preset
from cna_viz.live.settings import LiveSettings
from cna_viz.live.training import LiveTraining, Point, best_of
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.playground.controls import Controls, named, shape
from cna_viz.widgets.playground.figures import Seen, draw_graph, draw_measures, draw_nodes, draw_rational, draw_training
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view import View

SLICE: Final = 0.06
"""Seconds of training between two checks for clicks."""
LOOKS: Final = 6
"""Slices between two redrawings of the network."""
OVERFLOW: Final = "The values grow beyond what numbers can hold: bend the rational less, or let N normalize"


class Playground(Panel):
    """A GCN of up to 32 layers on a graph of at most 160 nodes, untrained at first.

    Step through its layers and see neighbours become alike; change C, N, A and the number of clusters; bend the
    rational; remove edges; train for some seconds and stop. Nothing is recorded.

        >>> widgets.Playground("csbm", layers=16, normalization="none")

    Args:
        graph: ``karate``, ``grid``, ``csbm`` or ``digits``.
        **settings: The initial network, as in :class:`~cna_viz.live.settings.LiveSettings`; ``rational`` may be the
            name of a preset, as in :func:`~cna_viz.live.rationals.preset`.

    Attributes:
        seen: The present forward pass.
        curve: One point per epoch of the present or last training; empty before.

    Raises:
        UsageError: When the graph is unknown, or a setting is out of range.
    """

    def __init__(self, graph: str = "karate", **settings: Any) -> None:
        chosen = _settings(settings)
        self._graph: LiveGraph = live_graph(graph)
        self._state: State | None = None
        self._task: asyncio.Task[None] | None = None
        self._running: LiveTraining | None = None
        self.curve: list[Point] = []
        super().__init__()
        self._controls = Controls(graph, chosen)
        self.seen = self._pass()
        self._views = {
            name: View(draw(), group=f"playground {id(self)}", layout=Layout(flex="1 1 480px", min_width="320px"))
            for name, draw in self._drawings().items()
        }
        self._training = View(draw_training([]), layout=Layout(display="none"))
        self._words = Prose()
        self._observe()
        panels = Box(list(self._views.values()), layout=Layout(flex_flow="row wrap", grid_gap="8px"))
        self.compose(self._controls, self._words, panels, self._training)
        self._fit()

    @property
    def settings(self) -> LiveSettings:
        """The chosen network."""
        return self._controls.settings

    @property
    def graph(self) -> LiveGraph:
        """The graph with its present edges."""
        return self._graph

    @property
    def training(self) -> bool:
        """Whether a training runs."""
        return self._running is not None

    def figure(self) -> go.Figure:
        """Return all panels as one figure."""
        views = [view.figure() for view in self._views.values()]
        rows = [views[:2], views[2:]]
        if self.curve:
            rows.append([self._training.figure()])
        return arrange(rows, "What does a deep network do to a small graph?", self._footnote())

    def words(self) -> str:
        """Return whether and how the network was trained."""
        return self._words.text

    def close(self) -> None:
        """Stop training and close the widget."""
        self._running = None
        super().close()

    def train(self) -> None:
        """Start training; without a running event loop, train to the end."""
        if self._running is None:
            self._running = LiveTraining(self._graph, self.settings)  # may be refused: then it does not train
            self._task = _run(self._train(self._running))

    def stop(self) -> None:
        """Stop training and keep the network."""
        self._running = None
        self._fit()

    def _observe(self) -> None:
        controls, graph = self._controls, self._views["graph"]
        for act, heard in (
            (self._changed, controls.network.values()),
            (lambda: self._rewire(live_graph(controls.graph.value)), [controls.graph]),
            (self._choose_shape, [controls.preset]),
            (self._bent, controls.coefficients),
            (self._redraw, [controls.layer, controls.color]),
            (lambda: graph.select([]), [controls.edit]),  # earlier selections are not ends of an edge
        ):
            controls.listen(self.guarded(act), *heard)
        graph.observe(self.guarded(self._picked), names="selected")
        for button, act in (
            (controls.train, self.train),
            (controls.stop, self.stop),
            (controls.forget, self._changed),
            (controls.toggle, lambda: self._toggle(*(box.value for box in controls.ends))),
            (controls.clear, lambda: self._rewire(without_edges(self._graph))),
            (controls.restore, lambda: self._rewire(live_graph(self._graph.name))),
        ):
            button.on_click(self.guarded(act))

    def _choose_shape(self) -> None:
        if self._controls.preset.value not in {None, named(self._controls.rational)}:
            with ExitStack() as held:  # the figures change first, then the sliders
                for slider in self._controls.coefficients:
                    held.enter_context(slider.hold_sync())
                with self._controls.filling():
                    self._controls.fill(shape(self._controls.preset.value))
                self._changed()

    def _bent(self) -> None:
        # A browser also moves sliders by less than a step, to where it can draw them.
        if self._controls.rational != self.seen.settings.rational:
            self._controls.preset.value = named(self._controls.rational)
            self._changed()

    def _picked(self) -> None:
        """Toggle the edge between two selected nodes while edges are edited."""
        chosen = self._views["graph"].selected
        if not self._controls.edit.value or len(chosen) < 2:
            return
        self._views["graph"].select([])
        if len(chosen) > 2:
            raise UsageError(f"an edge has two ends, not {len(chosen)}: click one node after the other")
        self._toggle(*chosen)

    def _toggle(self, one: int, other: int) -> None:
        self._rewire(toggle_edge(self._graph, one, other))

    def _rewire(self, graph: LiveGraph) -> None:
        self._graph = graph
        self._changed()

    def _changed(self) -> None:
        """Show another network or graph, and forget the training."""
        self._running, self._state, self.curve = None, None, []
        self._training.layout.display = "none"
        self._fit()
        self._update()

    def _update(self) -> None:
        try:
            self.seen = self._pass()
        except NotFiniteError:
            self._mark_old(True)
            raise NotFiniteError(f"{OVERFLOW}; the figures show the previous network") from None
        self._mark_old(False)
        self._redraw()
        if (layer := self.seen.passed.first_not_finite()) is not None:
            self.notice.say(f"{OVERFLOW} (from layer {layer} on)")

    def _mark_old(self, old: bool) -> None:
        for view in self._views.values():
            (view.add_class if old else view.remove_class)("cna-viz-old")

    def _pass(self) -> Seen:
        settings = self._controls.settings
        trained = self.curve[-1].epoch if self.curve else 0
        return Seen(self._graph, settings, run_through(self._graph, settings, self._state), trained)

    def _redraw(self) -> None:
        for name, draw in self._drawings().items():
            self._views[name].show(draw())

    def _drawings(self) -> dict[str, Callable[[], Drawing]]:
        seen, color = self.seen, self._controls.color.value
        layer = min(self._controls.layer.value, seen.settings.layers)
        return {
            "graph": lambda: draw_graph(seen, layer, color),
            "nodes": lambda: draw_nodes(seen, layer, color),
            "measures": lambda: draw_measures(seen, layer),
            "rational": lambda: draw_rational(seen, layer, seen.settings.rational),
        }

    async def _train(self, training: LiveTraining) -> None:
        self._training.layout.display = None
        slices = 0
        while self._running is training and not training.done:
            training.advance(SLICE)
            slices += 1
            self._follow(training, redraw=slices % LOOKS == 1)
            await asyncio.sleep(0.01)  # handles clicks
        if self.curve is training.curve:  # else another network was chosen meanwhile
            self._follow(training, redraw=True)
            if training.diverged:
                self.notice.say(f"The loss was not finite after epoch {self.curve[-1].epoch}: training ended there.")
        if self._running is training:
            self.stop()

    def _follow(self, training: LiveTraining, redraw: bool) -> None:
        self.curve, self._state = training.curve, training.state()
        self._training.show(draw_training(self.curve))
        self._fit()
        if redraw:
            self._update()

    def _fit(self) -> None:
        controls = self._controls
        controls.fit(controls.layers.value, self._graph.num_nodes)
        controls.train.disabled, controls.stop.disabled = self.training, not self.training
        controls.forget.disabled = self._state is None
        self._words.say(self._sentence())

    def _sentence(self) -> str:
        if not self.curve or not self.curve[-1].epoch:
            return "The network is **untrained**: its weights are random."
        here, best = self.curve[-1], best_of(self.curve)
        return (
            f"Trained for **{here.epoch}** {'epoch' if here.epoch == 1 else 'epochs'}: {100 * here.train:.0f} % of the "
            f"training nodes are right. At the best validation epoch, {best.epoch}, {100 * best.test:.0f} % of the "
            "test nodes were: one split, one seed, too little for any comparison."
        )

    def _footnote(self) -> str:
        settings, trained = self.seen.settings, self.seen.trained
        slot = f"C {settings.assignment}, N {settings.normalization}, A {settings.activation}"
        clusters = "" if settings.assignment == "none" else f", K = {settings.clusters}"
        state = f"trained for {counted(trained, 'epoch')}" if trained else "untrained"
        return (
            f"graph {self._graph.name}, GCN of {counted(settings.layers, 'layer')}, "
            f"{counted(settings.hidden, 'channel')}, {slot}{clusters}, seed {settings.seed}, {state}"
        )


def _settings(given: dict[str, Any]) -> LiveSettings:
    names = [field.name for field in fields(LiveSettings)]
    for name in given:
        if name not in names:
            raise unknown_name("setting of the playground", name, names)
    rational = given.get("rational")
    return LiveSettings(**{**given, "rational": preset(rational)} if isinstance(rational, str) else given)


def _run(work: Coroutine[Any, Any, None]) -> "asyncio.Task[None] | None":
    """Run in the kernel's event loop, or immediately without one."""
    try:
        return asyncio.get_running_loop().create_task(work)
    except RuntimeError:
        asyncio.run(work)
        return None
