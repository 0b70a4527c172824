"""The comparer: two runs side by side, layer by layer."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from cna_viz.analysis.sentences.findings import bullets
from cna_viz.analysis.sentences.node_findings import agreement_findings
from cna_viz.errors import CnaVizError, UsageError, unknown_name
from cna_viz.figures.pieces.nodes import live_scatter
from cna_viz.figures.pieces.projected import PairedLayers, paired_layers
from cna_viz.figures.plots.two_runs import plot_two_runs
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.controls import Observer, ViewControls, menu, offer, row, run_label
from cna_viz.widgets.runs_panel import Runs, RunsPanel
from cna_viz.widgets.view_spec import Choices, ViewSpec, clamp_to_pair, pair_choices

MOST_KEPT = 8
"""Number of pairs whose projections are kept in memory, so that a layer is shown immediately."""
PACE: Final = 900
"""Milliseconds from layer to layer while they play."""
SELECTED: Final = "selected"
"""Menu value of the selected models: for a menu, None means no choice."""
SVG: Final = "scatter"
"""Trace type that looks the same in the browser and on a static page."""


class Comparer(RunsPanel):
    """Two runs on the same nodes: one layer of both on the same axes, a measure, and where clusters and classes agree.

    Every layer of the second run is rotated to match the same layer of the first (Procrustes). Nodes that are pointed
    at or selected in one figure are marked in both.

    Errors are reported in the widget. If the folder is missing or has no run with snapshots, it offers the runs of the
    package; if one of the two runs is unknown, it begins with others.

        >>> widgets.Comparer()              # the runs of the package
        >>> widgets.Comparer("runs", "41093fd9", "8c00bd44")

    Args:
        runs: Folder of the records, or open records; the runs of the package when left out. Only runs with snapshots
            are offered.
        first: The run on the left, by its id or the beginning of it; one of ReLU when left out.
        second: The run on the right, likewise; when left out the one most like the first with another slot.
    """

    def __init__(self, runs: Runs | None = None, first: str | None = None, second: str | None = None) -> None:
        super().__init__("two runs")
        self._asked = first, second
        self._pair: tuple[Record, Record] | tuple[()] = ()
        self._look = ViewSpec()
        self._projected: dict[object, PairedLayers] = {}
        self._controls = Controls(self.guarded(self._changed))
        self.compose_runs(self._controls)
        self.show_runs(stored_runs() if runs is None else runs)
        self._asked = None, None

    @property
    def look(self) -> ViewSpec:
        """The view of both runs."""
        return self._look

    @property
    def runs(self) -> tuple[Record, ...]:
        """The runs on the left and on the right; empty without runs."""
        return self._pair

    @property
    def selected(self) -> tuple[int, ...]:
        """The selected nodes, ascending."""
        return tuple(self._view.selected)

    def take(self, records: list[Record], folder: str) -> None:
        """Show the requested runs, or else the first two with snapshots."""
        found = with_snapshots(records)
        self._projected = {}
        try:
            self._begin(found, *self._asked)
        except CnaVizError:
            if any(self._asked):
                self._begin(found)
            raise

    def show(self, look: ViewSpec, first: str | None = None, second: str | None = None) -> None:
        """Show the nearest view that the runs offer; after an error, reported in the notice, the figure stays.

        Args:
            look: The view.
            first: Another run on the left, by its id or the beginning of it.
            second: Another run on the right, likewise.
        """
        self.guarded(lambda: self._choose(look, first, second))(None)

    def figure(self) -> go.Figure:
        """Return the figure as SVG; without runs, in words."""
        if not self._pair or _kind(self._pair[0]) == SVG:
            return super().figure()
        return plot_two_runs(*self._pair, paired=self._paired(*self._pair, self._look), **vars(self._look))

    def _begin(self, records: list[Record], first: str | None = None, second: str | None = None) -> None:
        one, other = first_pair(records, _run(records, first) if first else None)
        other = _run(records, second) if second else other
        self._controls.offer(records)
        self._show(self._look, one, other, records)

    def _changed(self) -> None:
        self._choose(self._controls.view, self._controls.first.value, self._controls.second.value)

    def _choose(self, view: ViewSpec, first: str | None, second: str | None) -> None:
        if not self._pair:
            raise UsageError(self._nothing)
        one, other = self._pair
        one = _run(self._records, first) if first else one
        self._show(view, one, _run(self._records, second) if second else other, self._records)

    def _show(self, wanted: ViewSpec, one: Record, other: Record, records: Sequence[Record]) -> None:
        view = clamp_to_pair(wanted, one, other)
        if view.method == "umap" and _key(one, other, view) not in self._projected:
            self.notice.say("UMAP is computed for all layers of both runs: this takes a while the first time")
        figure = plot_two_runs(one, other, paired=self._paired(one, other, view), kind=_kind(one), **vars(view))
        words = bullets(agreement_findings(one, other, view.layer, view.epoch))
        self._records, self._pair, self._look = records, (one, other), view
        self._controls.fill(one, other, view, pair_choices(one, other, view.stage))
        self._view.show(figure)
        self._words.say(words)

    def _paired(self, one: Record, other: Record, view: ViewSpec) -> PairedLayers:
        key = _key(one, other, view)
        if key not in self._projected:
            self._projected = dict(list(self._projected.items())[-MOST_KEPT + 1 :])
            self._projected[key] = paired_layers(one, other, epoch=view.epoch, stage=view.stage, method=view.method)
            self.notice.clear()
        return self._projected[key]


class Controls(ViewControls):
    """The controls of the comparer."""

    def __init__(self, changed: Observer) -> None:
        super().__init__(PACE)
        self.first, self.second, self.epoch = map(menu, ("left", "right", "epoch"))
        self.children = [
            row(self.first, self.second),
            row(self.layer_player, self.layer, self.epoch, self.stage),
            row(self.color, self.method, self.measure),
        ]
        view = (self.layer, self.epoch, self.stage, self.color, self.method, self.measure)
        self.listen(changed, self.first, self.second, *view)

    @property
    def view(self) -> ViewSpec:
        """The chosen view of both runs."""
        return self.view_at(None if self.epoch.value == SELECTED else self.epoch.value)

    def offer(self, records: Sequence[Record]) -> None:
        """Offer runs on both sides; new runs choose the first."""
        runs = [(run_label(record), record.id) for record in records]
        with self.filling():
            for side in (self.first, self.second):
                if list(side.options) != runs:
                    side.options = runs

    def fill(self, first: Record, second: Record, view: ViewSpec, offered: Choices) -> None:
        """Offer the choices of two runs, and show them and the view."""
        with self.filling():
            self.first.value, self.second.value = first.id, second.id
            epochs = [(_epoch(epoch, first, second), _value(epoch)) for epoch in offered.epochs]
            offer(self.epoch, epochs, _value(view.epoch))
            self.fill_view(first, view, offered)


def with_snapshots(records: Sequence[Record]) -> list[Record]:
    """Return the runs with snapshots; refuse to return none."""
    found = [record for record in records if record.snapshots]
    if not found:
        raise UsageError(
            f"none of these {len(records)} runs keeps snapshots, so their nodes can't be shown: train with snapshots, "
            "as in `cna-viz run --slot cna --layers 16 --snapshots ends`"
        )
    return found


def first_pair(records: Sequence[Record], first: Record | None = None) -> tuple[Record, Record]:
    """Return a ReLU run, or the given one, and the run most like it with another slot, preferably CNA."""
    first = first or next((record for record in records if record.config.slot == "relu"), records[0])

    def unlike(other: Record) -> tuple[int, bool, bool]:
        own, its = first.config.facts, other.config.facts
        further = sum(own[name] != its[name] for name in own if name != "slot")
        return further + 10 * (own["dataset"] != its["dataset"]), own["slot"] == its["slot"], its["slot"] != "cna"

    return first, min((record for record in records if record is not first), key=unlike, default=first)


def _key(one: Record, other: Record, view: ViewSpec) -> object:
    return one.id, other.id, view.epoch, view.stage, view.method


def _kind(record: Record) -> str:
    """Return the type of the traces in the browser."""
    return live_scatter(record.graph.sizes["node"])


def _run(records: Sequence[Record], name: str) -> Record:
    found = [record for record in records if record.id.startswith(name)]
    if len(found) != 1:
        raise unknown_name("run with snapshots", name, [record.id for record in found or records])
    return found[0]


def _epoch(epoch: int | None, first: Record, second: Record) -> str:
    if epoch is None:
        return f"of the selected models ({first.best_epoch} and {second.best_epoch})"
    return f"{epoch} (untrained)" if epoch == 0 else str(epoch)


def _value(epoch: int | None) -> int | str:
    return SELECTED if epoch is None else epoch
