"""What do two networks make of the same nodes?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.positions.methods import Method
from cna_viz.analysis.positions.projection import Projection
from cna_viz.analysis.sentences.node_findings import pair_names
from cna_viz.analysis.tables.node_groups import COLORS, Color, NodeGroups, color_groups, no_clusters
from cna_viz.config.measures import MEASURES
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.large import MOST_POINTS, sample, sample_note, scatter
from cna_viz.figures.pieces.layer_curves import add_layer_curves
from cna_viz.figures.pieces.nodes import fitting_size, legend_title, legend_traces, node_traces
from cna_viz.figures.pieces.paired_layers import PairedLayers, paired_layers
from cna_viz.figures.pieces.projected import caption, hide_axes, method_note
from cna_viz.figures.style.checks import check_choice
from cna_viz.figures.style.labels import STAGE_LABELS, layers_words, provenance
from cna_viz.figures.style.theme import INK, MUTED, finish, slot_style, space_below
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
    stage: str = "conv",
    color: Color = "class",
    method: Method = "pca",
    measure: str = "rayleigh",
    paired: PairedLayers | None = None,
    cache: Path | None = None,
    kind: str | None = None,
) -> go.Figure:
    """Draw the nodes of two runs at one layer side by side, and a measure of both from layer to layer.

    Both have the same axes, and every layer of the second run is turned onto the same layer of the first, so that what
    looks different is different. A run that has no such layer says so in its panel. Of more nodes than
    :data:`~cna_viz.figures.pieces.large.MOST_POINTS` in both panels a sample is drawn.

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
        paired: What :func:`.paired_layers.paired_layers` returns for the same arguments, if it is there
            already.
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
    figure = _frame()
    for column, (run, projection, group) in enumerate(zip(runs, shown, groups, strict=True), start=1):
        if projection is None:
            _say(figure, column, _no_layer(run, layer, stage))
        else:
            _add_nodes(figure, column, projection, group, drawn, marks)
        _add_caption(figure, column, names[column - 1], run, projection, epoch)
    by_name = dict(zip(names, runs, strict=True))
    if not add_layer_curves(figure, by_name, measure, layer=layer, epoch=epoch, stage=stage, row=2):
        _say(figure, 3, f"{MEASURES[measure].label} was not measured<br>{STAGE_LABELS[stage]} at this epoch")
    for column in (1, 2):
        _square(figure, paired.far, column)
    notes = [f"{STAGE_LABELS[stage]}; the run at the right is turned onto the one at the left", method_note(method)]
    return _finished(figure, runs, groups, [*notes, *sample_note("nodes", len(drawn), count)])


def _frame() -> go.Figure:
    figure = make_subplots(
        2,
        2,
        specs=[[{}, {}], [{"colspan": 2}, None]],
        row_heights=[PANEL, CURVES],
        vertical_spacing=BETWEEN / (PANEL + BETWEEN + CURVES),
        horizontal_spacing=0.03,
    )
    return figure.update_layout(uirevision="two runs")


def _square(figure: go.Figure, far: float, column: int) -> None:
    """Give a panel the axes of both, with a unit as long in both directions: of a projection only distances count."""
    hide_axes(figure, far, row=1, col=column)
    figure.update_yaxes(scaleanchor="x" if column == 1 else f"x{column}", constrain="range", row=1, col=column)


def _add_nodes(
    figure: go.Figure, column: int, projection: Projection, groups: NodeGroups | None, drawn: Array, kind: str
) -> None:
    traces = node_traces(projection.positions, groups, drawn, kind, fitting_size(len(drawn)))
    figure.add_traces(traces, rows=[1] * len(traces), cols=[column] * len(traces))
    if projection.collapsed:
        mark = {"color": INK, "symbol": "circle-open", "size": 16, "line": {"width": 2}}
        look = {"mode": "markers+text", "text": ["all nodes"], "textposition": "middle right", "marker": mark}
        figure.add_scatter(
            x=[0], y=[0], **look, textfont={"color": INK}, showlegend=False, hoverinfo="skip", row=1, col=column
        )


def _add_caption(
    figure: go.Figure, column: int, name: str, record: Record, projection: Projection | None, epoch: int | None
) -> None:
    """Write above a panel which run it is, of which epoch, and what can be said of its nodes."""
    shown = f"epoch {record.best_epoch}, selected" if epoch is None else f"epoch {epoch}"
    title = f"<b>{slot_style(name).label}</b> · {layers_words(record.layers)} · {shown}"
    words = "" if projection is None else caption("", projection).removeprefix("<b></b> · ")
    axis = "x" if column == 1 else f"x{column}"
    figure.add_annotation(
        text=f'{title}<br><span style="font-size: 12px">{words}</span>',
        xref=f"{axis} domain",
        yref="y domain",
        x=0,
        y=1,
        yshift=6,
        xanchor="left",
        yanchor="bottom",
        align="left",
        showarrow=False,
        font={"size": 13, "color": INK},
    )


def _no_layer(record: Record, layer: int, stage: str) -> str:
    if stage == "slot" and layer == record.layers:
        return f"layer {layer} is the last<br>and has no slot"
    return f"no layer {layer}:<br>this network has {layers_words(record.layers)}"


def _say(figure: go.Figure, panel: int, words: str) -> None:
    """Write why a panel is empty in the middle of it."""
    number = "" if panel == 1 else str(panel)
    where = {"xref": f"x{number} domain", "yref": f"y{number} domain", "x": 0.5, "y": 0.5}
    figure.add_annotation(text=words, **where, showarrow=False, font={"size": 15, "color": MUTED})


def _finished(
    figure: go.Figure, runs: Sequence[Record], groups: Sequence[NodeGroups | None], notes: Sequence[str]
) -> go.Figure:
    """Add legends, of the groups below the nodes and of the runs below the curves, title and footnote."""
    for trace in figure.data:
        if "lines" in trace.mode:
            trace.legend = "legend2"
    known = [group for group in groups if group is not None]
    figure.add_traces(legend_traces(groups if known else [None]))
    height = PANEL + BETWEEN + CURVES
    look = {"orientation": "h", "x": 0, "xanchor": "left", "yanchor": "top", "itemsizing": "constant"}
    title = {"title": {"text": legend_title(groups)}} if known else {}
    figure.update_layout(
        legend={**look, **title, "y": 1 - (PANEL + 6) / height},
        legend2={**look, "y": (CURVES + 34) / height, "itemsizing": "trace"},
    )
    footnote = provenance(runs, *notes)
    bottom, question = space_below(footnote), "What do two networks make of the same nodes?"
    finish(figure, question, footnote, height=TOP + height + bottom, bottom=bottom)
    return figure.update_layout(margin={"t": TOP})
