"""The panels of one run: a small figure each, redrawn only when its inputs change."""

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray  # noqa: F401 - loaded with the explorer, so that reading its first record is fast

from cna_viz.analysis.positions.graph_layout import graph_layout, kept_layout, undirected
from cna_viz.analysis.positions.kept_projections import KeptProjections
from cna_viz.analysis.sentences.training_notes import run_command
from cna_viz.analysis.tables.cluster_flow import cluster_flow, spread
from cna_viz.analysis.tables.cluster_labels import has_clusters
from cna_viz.analysis.tables.node_groups import NodeGroups, color_groups, node_groups
from cna_viz.analysis.tables.rational import rational_curves
from cna_viz.errors import UsageError
from cna_viz.figures.panels import embedding_panel, flow_panel, graph_panel, measure_panel, rational_panel, words_panel
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.panels.nodes import Reach, reach_of
from cna_viz.figures.panels.slots import MOST as COLUMNS
from cna_viz.figures.pieces.nodes import live_scatter
from cna_viz.figures.style.labels import STAGE_LABELS
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.view_spec import ViewSpec

Array = np.ndarray[Any, Any]

PANELS: Final = {
    "embedding": "nodes of the layer",
    "graph": "graph",
    "measure": "measure",
    "rational": "rational functions",
    "flow": "clusters from layer to layer",
}
"""The panels in drawing order, with their titles when there is nothing to draw."""


class Scene:
    """One run, with its projections and the layout of its graph kept in memory."""

    def __init__(self, record: Record, cache: Path | None = None) -> None:
        self.record, self._run = record, f"Run {record.id[:8]}"
        self._cache = cache
        self._projections = KeptProjections(record, cache)
        self._reaches: dict[object, Reach] = {}
        self._layout: Array | None = None

    @cached_property
    def edges(self) -> Array:
        """Every edge once, ``[2, edges]``."""
        return undirected(self.record.graph["edge_index"].values)

    @property
    def nodes(self) -> int:
        """Number of nodes."""
        return int(self.record.graph.sizes["node"])

    @property
    def columns(self) -> tuple[int, ...]:
        """The layers shown as columns of the flow; empty without a flow."""
        followed = self.record.snapshots and has_clusters(self.record) and self.record.layers > 2
        return tuple(spread(range(1, self.record.layers), COLUMNS)) if followed else ()

    def has_layout(self) -> bool:
        """Whether the graph can be drawn immediately."""
        if self._layout is None:
            self._layout = kept_layout(self.edges, self.nodes, self._cache)
        return self._layout is not None

    def lay_out(self, layout: Array | None = None) -> None:
        """Lay out the graph, or use a given layout."""
        self._layout = graph_layout(self.edges, self.nodes, self._cache) if layout is None else layout

    def takes_time(self, view: ViewSpec) -> bool:
        """Whether a view needs a UMAP projection that is not computed yet."""
        asked = view.epoch is not None and self.record.snapshots and view.method == "umap"
        return bool(asked) and not self._projections.holds(view.epoch or 0, view.stage, view.method)

    def draw(self, panel: str, view: ViewSpec, live: bool = True) -> Drawing:
        """Return one of the :data:`PANELS` for a view that the run offers; ``live`` draws many nodes by WebGL."""
        draw: Callable[[ViewSpec, bool], Drawing] = getattr(self, f"_{panel}")
        try:
            return draw(view, live)
        except UsageError as error:
            return words_panel(PANELS[panel], str(error))

    def _embedding(self, view: ViewSpec, live: bool) -> Drawing:
        if not self.record.snapshots:
            raise UsageError(f"{self._no_snapshots('its nodes')} {self._remedy()}")
        key = (view.epoch or 0, view.stage, view.method)
        layers = self._projections.layers(*key)
        if key not in self._reaches:
            self._reaches[key] = reach_of(layers)
        words = f"layer {view.layer}, {STAGE_LABELS[view.stage]}, epoch {view.epoch}"
        shown, groups = layers[view.layer - 1], self._groups(view)
        return embedding_panel(shown, groups, self._reaches[key], words, kind=self._kind(live))

    def _graph(self, view: ViewSpec, live: bool) -> Drawing:
        if not self.has_layout() or self._layout is None:
            raise UsageError(f"the graph of {self.nodes:,} nodes is being laid out, once for all its runs")
        return graph_panel(self._layout, self.edges, self._groups(view), kind=self._kind(live))

    def _measure(self, view: ViewSpec, live: bool) -> Drawing:
        if view.measure not in self.record.metrics:
            raise UsageError(f"{self._run} measured nothing: choose measures with `cna-viz run --measures`.")
        return measure_panel(self.record, view.measure, view.layer, epoch=view.epoch, stage=view.stage)

    def _rational(self, view: ViewSpec, live: bool) -> Drawing:
        config, last = self.record.config, self.record.layers
        if not self.record.snapshots:
            raise UsageError(self._no_snapshots("the functions in its slots"))
        if last == 1:
            raise UsageError(f"{self._run} has one layer and no slot.")
        if config.watched is None and config.model.factors.get("activation") != "rational":
            raise UsageError(
                f"{self._run} has no rational functions in its slot {config.slot!r}. Slots with A have them: "
                "cna, a, ca, na and others."
            )
        if view.layer >= last:
            raise UsageError(f"No slot follows the last layer, {last}; choose an earlier one.")
        curves = rational_curves(self.record, view.layer, view.epoch)
        label = self.record.layer_variable("cluster_label", view.layer, view.epoch)
        of_node = np.zeros(self.nodes, dtype=int) if label is None else label.values
        return rational_panel(curves, of_node, f"after layer {view.layer}, epoch {view.epoch}")

    def _flow(self, view: ViewSpec, live: bool) -> Drawing:
        if not has_clusters(self.record):
            if self.record.layers == 1:
                raise UsageError(f"{self._run} has one layer and no slot.")
            raise UsageError(
                f"{self._run} has no clusters in its slot {self.record.config.slot!r}. Slots with C have them: "
                "cna, c, cn, ca, cna-random and others."
            )
        if not self.record.snapshots:
            raise UsageError(self._no_snapshots("its clusters"))
        flow = cluster_flow(self.record, layers=self.columns, epoch=view.epoch)
        return flow_panel(flow, node_groups(self.record), place=None if live else view.layer)

    def _no_snapshots(self, hidden: str) -> str:
        return f"{self._run} keeps no snapshots, so {hidden} can't be shown."

    def _remedy(self) -> str:
        config, folder = self.record.config, self.record.folder.parent
        if config.watched is not None:
            return "Watch it with snapshots 'log' to see them."
        config = config.model_copy(update={"recording": config.recording.model_copy(update={"snapshots": "log"})})
        # The package's folder is not for new runs.
        return f"This trains one that does: {run_command(config, '' if folder == stored_runs() else str(folder))}"

    def _groups(self, view: ViewSpec) -> NodeGroups | None:
        return color_groups(self.record, view.color, view.layer, view.epoch)

    def _kind(self, live: bool) -> str | None:
        return live_scatter(self.nodes) if live else None


def depends_on(panel: str, view: ViewSpec) -> tuple[object, ...]:
    """Return the parts of a view that determine a panel."""
    colors: tuple[object, ...] = (view.color,)
    if view.color in ("cluster", "prediction"):
        colors = (view.color, view.epoch, view.layer if view.color == "cluster" else None)
    return {
        "embedding": (view.layer, view.epoch, view.stage, view.method, view.color),
        "graph": colors,
        "measure": (view.layer, view.epoch, view.stage, view.measure),
        "rational": (view.layer, view.epoch),
        "flow": (view.epoch,),
    }[panel]
