"""The comparer: two runs side by side, layer by layer."""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from cna_viz.analysis.sentences.findings import bullets
from cna_viz.analysis.sentences.node_findings import agreement_findings
from cna_viz.errors import CnaVizError, UsageError, unknown_name
from cna_viz.figures.pieces.large import live_scatter
from cna_viz.figures.pieces.paired_layers import PairedLayers, paired_layers
from cna_viz.figures.plots.two_runs import plot_two_runs
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.at_hand import Runs
from cna_viz.widgets.comparer.controls import Controls
from cna_viz.widgets.comparer.look import choices, clamped, first_pair, looked_into
from cna_viz.widgets.runs_panel import RunsPanel
from cna_viz.widgets.view_spec import ViewSpec

MOST_KEPT = 8
"""Pairs of networks whose projections are kept in memory, so that a layer is seen at once."""
SVG: Final = "scatter"
"""Type of the traces that are drawn alike in the browser and on a page."""


class Comparer(RunsPanel):
    """Two runs on the same nodes: a layer of both on the same axes, a measure, and where clusters and answers agree.

    Every layer of the second run is turned onto the same layer of the first. Nodes that are pointed at or selected in
    one picture are marked in both.

    What goes wrong is said in the widget. Where there is no such folder, or no run with snapshots in it, it offers the
    runs that come with the package; where one of the two runs is none, it begins with others.

        >>> widgets.Comparer()              # the runs that come with the package
        >>> widgets.Comparer("runs", "41093fd9", "8c00bd44")

    Args:
        runs: Folder of the records, or open records; the stored ones when left out. Runs without snapshots are not
            offered.
        first: The run at the left, by its id or the beginning of it; one of ReLU when left out.
        second: The run at the right, likewise; when left out the one most like the first with another slot.
    """

    def __init__(self, runs: Runs | None = None, first: str | None = None, second: str | None = None) -> None:
        super().__init__("two runs")
        self._asked = first, second
        self._pair: tuple[Record, Record] | tuple[()] = ()
        self._look = ViewSpec()
        self._projected: dict[object, PairedLayers] = {}
        self._controls = Controls(self.guarded(self._read))
        self.compose_runs(self._controls)
        self.show_runs(stored_runs() if runs is None else runs)
        self._asked = None, None

    @property
    def look(self) -> ViewSpec:
        """What is looked at of both runs."""
        return self._look

    @property
    def runs(self) -> tuple[Record, ...]:
        """The runs at the left and at the right; empty where there are none."""
        return self._pair

    @property
    def selected(self) -> tuple[int, ...]:
        """Numbers of the selected nodes, ascending."""
        return tuple(self._view.selected)

    def take(self, records: list[Record], folder: str) -> None:
        """Show the two runs that were asked for, or else the first two.

        Args:
            records: The runs; those without snapshots are passed over.
            folder: Where they lie.

        Raises:
            UsageError: When none has snapshots; when there is no such run, or the two are not on the same nodes, which
                is said of the first two.
            RecordError: When a record is damaged.
        """
        found = looked_into(records)
        self._projected = {}
        try:
            self._begin(found, *self._asked)
        except CnaVizError:
            if any(self._asked):
                self._begin(found)
            raise

    def show(self, look: ViewSpec, first: str | None = None, second: str | None = None) -> None:
        """ViewSpec at something else; what the runs do not offer is exchanged by the nearest that they do.

        What goes wrong, such as a run that there is not, is said in the notice, and what is seen stays.

        Args:
            look: What to look at.
            first: Another run at the left, by its id or the beginning of it.
            second: Another run at the right, likewise.
        """
        self.guarded(lambda: self._choose(look, first, second))(None)

    def figure(self) -> go.Figure:
        """Return the figure that is shown, drawn as a page does that is printed, too; words where there are no runs."""
        if not self._pair or _kind(self._pair[0]) == SVG:
            return super().figure()
        return plot_two_runs(*self._pair, paired=self._paired(*self._pair, self._look), **vars(self._look))

    def _begin(self, records: list[Record], first: str | None = None, second: str | None = None) -> None:
        one, other = first_pair(records, _run(records, first) if first else None)
        other = _run(records, second) if second else other
        self._controls.offer(records)
        self._show(self._look, one, other, records)

    def _read(self) -> None:
        self._choose(self._controls.look, self._controls.first.value, self._controls.second.value)

    def _choose(self, look: ViewSpec, first: str | None, second: str | None) -> None:
        if not self._pair:
            raise UsageError(self._nothing)
        one, other = self._pair
        one = _run(self._records, first) if first else one
        self._show(look, one, _run(self._records, second) if second else other, self._records)

    def _show(self, wanted: ViewSpec, one: Record, other: Record, records: Sequence[Record]) -> None:
        look = clamped(wanted, one, other)
        if look.method == "umap" and self._key(one, other, look) not in self._projected:
            self.notice.say("UMAP is computed for all layers of both runs: this takes a while the first time")
        figure = plot_two_runs(one, other, paired=self._paired(one, other, look), kind=_kind(one), **vars(look))
        words = bullets(agreement_findings(one, other, look.layer, look.epoch))
        self._records, self._pair, self._look = records, (one, other), look
        self._controls.fill(one, other, look, choices(one, other, look.stage))
        self._view.show(figure)
        self._words.say(words)

    def _paired(self, one: Record, other: Record, look: ViewSpec) -> PairedLayers:
        key = self._key(one, other, look)
        if key not in self._projected:
            self._projected = dict(list(self._projected.items())[-MOST_KEPT + 1 :])
            self._projected[key] = paired_layers(one, other, epoch=look.epoch, stage=look.stage, method=look.method)
            self.notice.clear()
        return self._projected[key]

    @staticmethod
    def _key(one: Record, other: Record, look: ViewSpec) -> object:
        return one.id, other.id, look.epoch, look.stage, look.method


def _kind(record: Record) -> str:
    """Return the type of the traces in the browser."""
    return live_scatter(record.graph.sizes["node"])


def _run(records: Sequence[Record], name: str) -> Record:
    found = [record for record in records if record.id.startswith(name)]
    if len(found) != 1:
        raise unknown_name("run with snapshots", name, [record.id for record in found or records])
    return found[0]
