"""How do two networks differ on the same nodes?"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.positions.methods import Method
from cna_viz.analysis.positions.projection import Projection
from cna_viz.analysis.sentences.node_findings import pair_names
from cna_viz.analysis.tables.node_groups import COLORS, Color, NodeGroups, color_groups, no_clusters
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import Stage
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.marks import add_slot_line, add_words, layer_axis, measure_axis
from cna_viz.figures.pieces.nodes import (
    MOST_POINTS,
    collapsed_mark,
    fitting_size,
    legend_room,
    legend_title,
    legend_traces,
    node_traces,
    sample,
    sample_note,
    scatter,
)
from cna_viz.figures.pieces.projected import PairedLayers, caption, hide_axes, method_note, paired_layers
from cna_viz.figures.style.labels import STAGE_LABELS, check_choice, layers_words, provenance, snapshot_note
from cna_viz.figures.style.theme import INK, MUTED, finish, slot_style
from cna_viz.records.record import Record

Array = np.ndarray[Any, Any]

TOP, PANEL, BETWEEN, CURVES = 110, 400, 112, 190
"""Heights in pixels: above the nodes, of their panels, between them and the curves, and of these."""


def plot_two_runs(
    first: Record,
    second: Record,
    layer: int,
    *,
    epoch: int | None = None,
    stage: Stage = "conv",
    color: Color = "class",
    method: Method = "pca",
    measure: str = "rayleigh",
    paired: PairedLayers | None = None,
    cache: Path | None = None,
    kind: str | None = None,
) -> go.Figure:
    """Draw the nodes of two runs at one layer side by side, and a measure of both from layer to layer.

    Both have the same axes, and every layer of the second run is rotated to match the same layer of the first, so that
    visible differences are real. The panel of a run that lacks the layer explains it. Of more nodes than
    :data:`~cna_viz.figures.pieces.nodes.MOST_POINTS` in both panels a sample is drawn.

    Args:
        first: A run with snapshots.
        second: Another on the same nodes, of any depth.
        layer: The layer, of both.
        epoch: A snapshot's epoch of both; the selected models' when left out.
        stage: ``conv`` or ``slot``.
        color: ``class`` (fifths of the target where it is a number), ``cluster`` (of the slot after the layer; grey
            where there are none), ``prediction`` (wrong ones are crosses) or ``degree``.
        method: ``pca`` (PCA with Procrustes) or ``umap`` (chained UMAP, slower, kept in the cache).
        measure: Name of the measure that is drawn below.
        paired: The result of :func:`.projected.paired_layers` for the same arguments, if already computed.
        cache: Folder of kept UMAP projections; the user's cache folder when left out.
        kind: Type of the traces of nodes, ``scatter`` or ``scattergl``; by the number of nodes when left out.

    Raises:
        UsageError: When the nodes are not the same, neither run has the layer, one has no such snapshot, a name is
            unknown, or neither has clusters to colour by.
    """
    check_choice("color", color, COLORS)
    check_choice("measure", measure, MEASURES)
    runs = (first, second)
    paired = paired or paired_layers(first, second, epoch=epoch, stage=stage, method=method, cache=cache)
    if layer not in range(1, paired.deepest + 1):
        raise UsageError(f"layer {layer!r} is in neither run: at this stage layers are 1 to {paired.deepest}")
    shown, names = paired.at(layer), pair_names(first, second)
    seen = zip(runs, shown, strict=True)
    groups = [None if at is None else color_groups(run, color, layer, epoch) for run, at in seen]
    if color == "cluster" and all(group is None for group in groups):
        raise no_clusters(first)
    count = first.graph.sizes["node"]
    drawn = sample(count, MOST_POINTS // 2)
    marks = kind or scatter(2 * len(drawn))
    between = BETWEEN + legend_room(groups)
    figure = make_subplots(
        2,
        2,
        specs=[[{}, {}], [{"colspan": 2}, None]],
        row_heights=[PANEL, CURVES],
        vertical_spacing=between / (PANEL + between + CURVES),
        horizontal_spacing=0.03,
    )
    for column, (run, projection, group) in enumerate(zip(runs, shown, groups, strict=True), start=1):
        if projection is None:
            last = f"layer {layer} is the last<br>and has no slot"
            none = f"no layer {layer}:<br>this network has {layers_words(run.layers)}"
            _write(figure, column, last if stage == "slot" and layer == run.layers else none)
        else:
            traces = node_traces(projection.positions, group, drawn, marks, fitting_size(len(drawn)))
            point = [collapsed_mark()] if projection.collapsed else []
            figure.add_traces([*traces, *point], rows=1, cols=column)
        _add_caption(figure, column, names[column - 1], run, projection, epoch)
        # A unit is as long in both directions: only distances of a projection mean something.
        hide_axes(figure, paired.far, row=1, col=column)
        anchor = {"scaleanchor": "x" if column == 1 else "x2", "constrain": "range"}
        figure.update_yaxes(anchor, row=1, col=column)
    if not _add_curves(figure, dict(zip(names, runs, strict=True)), measure, layer, epoch, stage):
        _write(figure, 3, f"{MEASURES[measure].label} was not measured<br>{STAGE_LABELS[stage]} at this epoch")
    notes = [
        f"{STAGE_LABELS[stage]}; the run at the right is rotated to match the one at the left",
        method_note(method),
        *snapshot_note(runs, epoch),
    ]
    return _finished(figure, runs, groups, [*notes, *sample_note("nodes", len(drawn), count)])


def _add_caption(
    figure: go.Figure, column: int, name: str, record: Record, projection: Projection | None, epoch: int | None
) -> None:
    """Write above a panel its run, epoch and spread."""
    selected = "the last one kept" if record.status == "incomplete" else "selected"
    shown = f"epoch {record.shown_epoch}, {selected}" if epoch is None else f"epoch {epoch}"
    title = f"<b>{slot_style(name).label}</b> · {layers_words(record.layers)} · {shown}"
    words = "" if projection is None else caption("", projection).removeprefix("<b></b> · ")
    axis = "x" if column == 1 else f"x{column}"
    text = f'{title}<br><span style="font-size: 12px">{words}</span>'
    where: dict[str, Any] = {"xref": f"{axis} domain", "yref": "y domain", "yshift": 6, "align": "left"}
    add_words(figure, text, 0, 1, "left bottom", **where)


def _add_curves(
    figure: go.Figure, runs: Mapping[str, Record], measure: str, layer: int, epoch: int | None, stage: str
) -> bool:
    """Draw the measure of both runs against the layer, with marks at a layer; return whether anything was measured."""
    curves = {}
    for name, run in runs.items():
        at = run.shown_epoch if epoch is None else epoch
        values = run.metrics[measure].sel(stage=stage).reindex(epoch=[at]).sel(epoch=at)
        columns = {"layer": values.layer.values, "mean": values.values, "low": np.nan, "high": np.nan, "count": 1}
        curves[name] = pd.DataFrame(columns)
    known = pd.concat(curves.values())["mean"].dropna()
    if known.empty:
        return False
    mark = {"color": INK, "symbol": "diamond-open", "size": 15, "line": {"width": 2}}
    look = {"mode": "markers", "marker": mark, "showlegend": False, "hoverinfo": "skip"}
    for name, curve in curves.items():
        add_slot_line(figure, name, "layer", curve, row=2, col=1)
        here = curve[curve["layer"] == layer]
        figure.add_scatter(x=here["layer"], y=here["mean"], name=f"layer {layer}", **look, row=2, col=1)
    figure.add_vline(x=layer, line={"color": INK, "width": 1, "dash": "dot"}, row=2, col=1)
    figure.update_xaxes(layer_axis(max(run.layers for run in runs.values())), row=2, col=1)
    figure.update_yaxes(measure_axis(measure, known), row=2, col=1)
    return True


def _write(figure: go.Figure, panel: int, words: str) -> None:
    """Write in the middle of a panel why it is empty."""
    number = "" if panel == 1 else str(panel)
    where = {"xref": f"x{number} domain", "yref": f"y{number} domain"}
    add_words(figure, words, 0.5, 0.5, "center middle", size=15, color=MUTED, **where)


def _finished(
    figure: go.Figure, runs: Sequence[Record], groups: Sequence[NodeGroups | None], notes: Sequence[str]
) -> go.Figure:
    """Add the legends of groups, below the nodes, and of runs, below the curves; then title and footnote."""
    for trace in figure.data:
        if "lines" in trace.mode:
            trace.legend = "legend2"
    known = [group for group in groups if group is not None]
    figure.add_traces(legend_traces(groups if known else [None]))
    height = PANEL + BETWEEN + legend_room(groups) + CURVES
    look = {"orientation": "h", "x": 0, "xanchor": "left", "yanchor": "top", "itemsizing": "constant"}
    title = {"title": {"text": legend_title(groups)}} if known else {}
    figure.update_layout(
        legend={**look, **title, "y": 1 - (PANEL + 6) / height},
        legend2={**look, "y": (CURVES + 34) / height, "itemsizing": "trace"},
    )
    finish(figure, "How do two networks differ on the same nodes?", provenance(runs, *notes), height=TOP + height)
    return figure.update_layout(margin={"t": TOP}, uirevision="two runs")
