"""The comparer: two runs side by side, layer by layer."""

from collections.abc import Sequence

import plotly.graph_objects as go

from cna_viz.analysis.agreement_findings import agreement_findings
from cna_viz.analysis.findings import bullets
from cna_viz.errors import unknown_name
from cna_viz.figures.paired_layers import PairedLayers, paired_layers
from cna_viz.figures.two_runs import plot_two_runs
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.at_hand import Runs, open_runs
from cna_viz.widgets.comparer.controls import Controls
from cna_viz.widgets.comparer.look import Look, choices, clamped, first_pair, looked_into
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view import View

MOST_KEPT = 8
"""Pairs of networks whose projections are kept in memory, so that a layer is seen at once."""


class Comparer(Panel):
    """Two runs on the same nodes: a layer of both on the same axes, a measure, and where clusters and answers agree.

    Every layer of the second run is turned onto the same layer of the first. Nodes that are pointed at or selected in
    one picture are marked in both.

        >>> widgets.Comparer()              # the runs that come with the package
        >>> widgets.Comparer("runs", "41093fd9", "8c00bd44")

    Args:
        runs: Folder of the records, or open records; the stored ones when left out. Runs without snapshots are not
            offered.
        first: The run at the left, by its id or the beginning of it; one of ReLU when left out.
        second: The run at the right, likewise; when left out the one most like the first with another slot.

    Raises:
        UsageError: When no run has snapshots, there is no such run, or the two are not on the same nodes.
        RecordError: When there is no such folder, or a record is damaged.
    """

    def __init__(self, runs: Runs | None = None, first: str | None = None, second: str | None = None) -> None:
        found, said = open_runs(stored_runs() if runs is None else runs)
        self._records = looked_into(found)
        one, other = first_pair(self._records)
        self._pair = (_run(self._records, first) if first else one, _run(self._records, second) if second else other)
        self._look = clamped(Look(), *self._pair)
        self._projected: dict[object, PairedLayers] = {}
        super().__init__()
        self._controls = Controls(self._records, self.guarded(self._read))
        self._view, self._words = View(go.Figure()), Prose()
        self.compose(self._controls, self._view, self._words)
        self.show(self._look)
        if said:
            self.notice.say("; ".join(said))

    @property
    def look(self) -> Look:
        """What is looked at of both runs."""
        return self._look

    @property
    def runs(self) -> tuple[Record, Record]:
        """The runs at the left and at the right."""
        return self._pair

    @property
    def selected(self) -> tuple[int, ...]:
        """Numbers of the selected nodes, ascending."""
        return tuple(self._view.selected)

    def show(self, look: Look, first: str | None = None, second: str | None = None) -> None:
        """Look at something else; what the runs do not offer is exchanged by the nearest that they do.

        Args:
            look: What to look at.
            first: Another run at the left, by its id.
            second: Another run at the right, likewise.

        Raises:
            UsageError: When there is no such run, or the two are not on the same nodes; what is seen stays.
            RecordError: When a record is damaged.
        """
        one = _run(self._records, first) if first else self._pair[0]
        other = _run(self._records, second) if second else self._pair[1]
        look = clamped(look, one, other)
        if look.method == "umap" and self._key(one, other, look) not in self._projected:
            self.notice.say("UMAP is computed for all layers of both runs: this takes a while the first time")
        figure = self._drawn(one, other, look)
        self._pair, self._look = (one, other), look
        self._controls.fill(one, other, look, choices(one, other, look.stage))
        self._view.show(figure)
        self._words.say(bullets(agreement_findings(one, other, look.layer, look.epoch)))

    def words(self) -> str:
        """Return how far the two agree."""
        return self._words.text

    def figure(self) -> go.Figure:
        """Return the figure that is shown."""
        return self._view.figure()

    def _read(self) -> None:
        self.show(self._controls.look, self._controls.first.value, self._controls.second.value)

    def _drawn(self, one: Record, other: Record, look: Look) -> go.Figure:
        key = self._key(one, other, look)
        if key not in self._projected:
            self._projected = dict(list(self._projected.items())[-MOST_KEPT + 1 :])
            self._projected[key] = paired_layers(one, other, epoch=look.epoch, stage=look.stage, method=look.method)
            self.notice.clear()
        return plot_two_runs(one, other, paired=self._projected[key], **vars(look))

    @staticmethod
    def _key(one: Record, other: Record, look: Look) -> object:
        return one.id, other.id, look.epoch, look.stage, look.method


def _run(records: Sequence[Record], name: str) -> Record:
    found = [record for record in records if record.id.startswith(name)]
    if len(found) != 1:
        raise unknown_name("run with snapshots", name, [record.id for record in found or records])
    return found[0]
