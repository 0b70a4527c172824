"""What is drawn of one run: a small figure per panel, each from no more than it depends on."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
import xarray  # noqa: F401 - what records are read into: imported with the explorer, not when it opens

from cna_viz.analysis.positions.graph_layout import graph_layout, kept_layout, undirected
from cna_viz.analysis.positions.kept_projections import KeptProjections
from cna_viz.analysis.tables.cluster_flow import cluster_flow, spread
from cna_viz.analysis.tables.cluster_labels import has_clusters
from cna_viz.analysis.tables.node_groups import NodeGroups, color_groups, node_groups
from cna_viz.analysis.tables.rational import rational_curves
from cna_viz.errors import UsageError
from cna_viz.figures.panels import (
    embedding_panel,
    flow_panel,
    graph_panel,
    measure_panel,
    rational_panel,
    words_panel,
)
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.panels.embedding import Reach, reach_of
from cna_viz.figures.panels.flow import MOST as COLUMNS
from cna_viz.figures.pieces.large import live_scatter
from cna_viz.figures.style.labels import STAGE_LABELS
from cna_viz.records.record import Record
from cna_viz.widgets.explorer.look import clamped
from cna_viz.widgets.explorer.missing import no_clusters, no_rationals, no_snapshots, not_measured
from cna_viz.widgets.view_spec import ViewSpec

Array = np.ndarray[Any, Any]

PANELS: Final = {
    "embedding": "nodes of the layer",
    "graph": "graph",
    "measure": "measure",
    "rational": "rational functions",
    "flow": "clusters from layer to layer",
}
"""The panels in the order in which they are drawn, and what each is called where there is nothing to draw."""


class Scene:
    """One run, with what takes time to compute kept in memory: its projections and the layout of its graph.

    Args:
        record: The run.
        cache: Folder of kept layouts and UMAP projections; folders in the user's cache when left out.
    """

    def __init__(self, record: Record, cache: Path | None = None) -> None:
        self.record = record
        self._cache = cache
        self._projections = KeptProjections(record, cache)
        self._reaches: dict[object, Reach] = {}
        self._edges: Array | None = None
        self._layout: Array | None = None

    @property
    def edges(self) -> Array:
        """Every edge once, ``[2, edges]``."""
        if self._edges is None:
            self._edges = undirected(self.record.graph["edge_index"].values)
        return self._edges

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return int(self.record.graph.sizes["node"])

    @property
    def columns(self) -> tuple[int, ...]:
        """The layers that are columns of the flow; none where there is no flow."""
        followed = self.record.snapshots and has_clusters(self.record) and self.record.layers > 2
        return tuple(spread(range(1, self.record.layers), COLUMNS)) if followed else ()

    def has_layout(self) -> bool:
        """Whether the graph can be drawn at once."""
        if self._layout is None:
            self._layout = kept_layout(self.edges, self.nodes, self._cache)
        return self._layout is not None

    def lay_out(self, layout: Array | None = None) -> None:
        """Lay out the graph, or take a layout that was computed elsewhere."""
        self._layout = graph_layout(self.edges, self.nodes, self._cache) if layout is None else layout

    def takes_time(self, look: ViewSpec) -> bool:
        """Whether a look needs UMAP that was not computed here before."""
        asked = look.epoch is not None and self.record.snapshots and look.method == "umap"
        return bool(asked) and not self._projections.holds(look.epoch or 0, look.stage, look.method)

    def draw(self, panel: str, look: ViewSpec, live: bool = True) -> Drawing:
        """Return a panel.

        Args:
            panel: One of :data:`PANELS`.
            look: What is looked at, clamped to what the run offers.
            live: Draw many nodes by WebGL, which is quicker; else as a page does that is printed, too.

        Raises:
            RecordError: When a file of the record is missing or not what was written.
        """
        draw: Mapping[str, Callable[[ViewSpec, bool], Drawing]] = {
            "embedding": self._embedding,
            "graph": self._graph,
            "measure": self._measure,
            "rational": self._rational,
            "flow": self._flow,
        }
        try:
            return draw[panel](look, live)
        except UsageError as error:
            return words_panel(PANELS[panel], str(error))

    def _embedding(self, look: ViewSpec, live: bool) -> Drawing:
        if not self.record.snapshots:
            raise no_snapshots(self.record, "its nodes can't be seen", remedy=True)
        key = (look.epoch or 0, look.stage, look.method)
        layers = self._projections.layers(*key)
        if key not in self._reaches:
            self._reaches[key] = reach_of(layers)
        words = f"layer {look.layer}, {STAGE_LABELS[look.stage]}, epoch {look.epoch}"
        shown, groups = layers[look.layer - 1], self._groups(look)
        return embedding_panel(shown, groups, self._reaches[key], words, kind=self._kind(live))

    def _graph(self, look: ViewSpec, live: bool) -> Drawing:
        if not self.has_layout() or self._layout is None:
            raise UsageError(f"the graph of {self.nodes:,} nodes is being laid out, once and for all runs on it")
        return graph_panel(self._layout, self.edges, self._groups(look), kind=self._kind(live))

    def _measure(self, look: ViewSpec, live: bool) -> Drawing:
        if look.measure not in self.record.metrics:
            raise not_measured(self.record)
        return measure_panel([self.record], look.measure, look.layer, epoch=look.epoch, stage=look.stage)

    def _rational(self, look: ViewSpec, live: bool) -> Drawing:
        if not self.record.snapshots:
            raise no_snapshots(self.record, "the functions in its slots can't be seen")
        if (reason := no_rationals(self.record, look.layer)) is not None:
            raise reason
        curves = rational_curves(self.record, look.layer, look.epoch)
        label = self.record.layer_variable("cluster_label", look.layer, look.epoch)
        of_node = np.zeros(self.nodes, dtype=int) if label is None else label.values
        return rational_panel(curves, of_node, f"after layer {look.layer}, epoch {look.epoch}")

    def _flow(self, look: ViewSpec, live: bool) -> Drawing:
        if not has_clusters(self.record):
            raise no_clusters(self.record)
        if not self.record.snapshots:
            raise no_snapshots(self.record, "its clusters can't be followed")
        flow = cluster_flow(self.record, layers=self.columns, epoch=look.epoch)
        return flow_panel(flow, node_groups(self.record), place=None if live else look.layer)

    def _groups(self, look: ViewSpec) -> NodeGroups | None:
        return color_groups(self.record, look.color, look.layer, look.epoch)

    def _kind(self, live: bool) -> str | None:
        return live_scatter(self.nodes) if live else None


def depends_on(panel: str, look: ViewSpec) -> tuple[object, ...]:
    """Return all of a look that a panel shows: while it is the same, the panel is."""
    colors: tuple[object, ...] = (look.color,)
    if look.color in ("cluster", "prediction"):
        colors = (look.color, look.epoch, look.layer if look.color == "cluster" else None)
    return {
        "embedding": (look.layer, look.epoch, look.stage, look.method, look.color),
        "graph": colors,
        "measure": (look.layer, look.epoch, look.stage, look.measure),
        "rational": (look.layer, look.epoch),
        "flow": (look.epoch,),
    }[panel]


def figures(record: Record, look: ViewSpec, cache: Path | None = None) -> dict[str, Drawing]:
    """Return all panels of a run by their names, in the order of :data:`PANELS`, the graph laid out.

    Args:
        record: The run.
        look: What is looked at; what the run does not offer is exchanged by the nearest that it does.
        cache: Folder of kept layouts and UMAP projections; folders in the user's cache when left out.

    Raises:
        RecordError: When a file of the record is missing or not what was written.
    """
    scene, look = Scene(record, cache), clamped(look, record)
    scene.lay_out()
    return {panel: scene.draw(panel, look, live=False) for panel in PANELS}
