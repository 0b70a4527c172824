"""What happens to the nodes on their way through the layers?"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.node_groups import NodeGroups, node_groups
from cna_viz.analysis.projection import Projection, project_layers
from cna_viz.figures.checks import check_choice, nothing_measured, one_depth
from cna_viz.figures.labels import STAGE_LABELS, provenance
from cna_viz.figures.theme import GRID, finish, group_style, slot_style
from cna_viz.records.record import Record

Method = Literal["pca", "umap"]
NOTES = {
    "pca": "PCA, each layer turned onto the one before; rows scaled to root mean square length 1; same axes everywhere",
    "umap": "UMAP, each layer started from the one before; distances between groups mean nothing<br>{parameters}",
}


def plot_embedding_by_layer(
    records: Sequence[Record],
    layers: Sequence[int] | None = None,
    *,
    stage: str = "conv",
    epoch: int | None = None,
    method: Method = "pca",
    cache: Path | None = None,
) -> go.Figure:
    """Draw the nodes at several layers, coloured by class (or fifth of the target), a row per run, on one axis range.

    A layer in which all nodes are alike is said to be collapsed and drawn as the point it is.

    Args:
        records: One run per row, of the same dataset and depth.
        layers: Layers to draw; five from first to last when left out.
        stage: ``conv`` or ``slot``.
        epoch: A snapshot's epoch; the selected model's when left out.
        method: ``pca`` (PCA with Procrustes) or ``umap`` (chained UMAP, slower, kept in the cache).
        cache: Folder of kept UMAP projections.

    Raises:
        UsageError: When there are no records, or a record lacks the snapshot, layer or stage.
    """
    check_choice("stage", stage, STAGE_LABELS)
    check_choice("method", method, NOTES)
    deepest = one_depth(records) - (stage == "slot")
    if deepest == 0 or (layers is not None and not layers):
        raise nothing_measured("embedding", stage)
    chosen = list(layers) if layers is not None else _spread(deepest, 5)
    rows = [
        _project([record.embedding(layer, stage, epoch).values for layer in chosen], method, cache)
        for record in records
    ]
    figure = make_subplots(
        len(records),
        len(chosen),
        subplot_titles=[_panel_title(panel, layer) for row in rows for layer, panel in zip(chosen, row, strict=True)],
        row_titles=[slot_style(record.config.slot).label for record in records],
        horizontal_spacing=0.012,
        vertical_spacing=0.22 / len(records),
    )
    groups = [node_groups(record) for record in records]
    for number, (shown, row) in enumerate(zip(groups, rows, strict=True), start=1):
        for column, projection in enumerate(row, start=1):
            _add_nodes(figure, projection, shown, number, column)
    reach = 1.05 * max((np.nanmax(np.abs(p.positions), initial=0) for row in rows for p in row), default=1) or 1
    figure.update_xaxes(range=[-reach, reach], showticklabels=False, ticks="", mirror=True, linecolor=GRID)
    figure.update_yaxes(range=[-reach, reach], showticklabels=False, ticks="", mirror=True, linecolor=GRID)
    figure.update_layout(
        legend={"title": {"text": f"{groups[0].kind} "}, "itemsizing": "constant", "y": -0.02, "yanchor": "top"}
    )
    figure.update_annotations(font={"size": 13})
    note = f"{STAGE_LABELS[stage]}; {_note(method)}"
    title = "What happens to the nodes on their way through the layers?"
    return finish(figure, title, provenance(records, note), height=190 + 235 * len(records), bottom=136)


def _spread(last: int, most: int) -> list[int]:
    """Return up to ``most`` layers from 1 to ``last``, evenly spread on a logarithmic scale."""
    return sorted({round(layer) for layer in np.geomspace(1, max(last, 1), most)})


def _project(layers: list[np.ndarray[Any, Any]], method: Method, cache: Path | None) -> list[Projection]:
    if method == "pca":
        return project_layers(layers)
    from cna_viz.analysis.umap import umap_layers

    return umap_layers(layers, cache)


def _note(method: Method) -> str:
    if method == "pca":
        return NOTES["pca"]
    from cna_viz.analysis.umap import PARAMETERS

    return NOTES["umap"].format(parameters=", ".join(f"{name} {value}" for name, value in PARAMETERS.items()))


def _panel_title(projection: Projection, layer: int) -> str:
    if np.isnan(projection.spread):
        return f"layer {layer} · <b>not finite</b>"
    state = "<b>collapsed</b>" if projection.collapsed else f"spread {projection.spread:.2g}"
    return f"layer {layer} · {state}"


def _add_nodes(figure: go.Figure, projection: Projection, groups: NodeGroups, row: int, column: int) -> None:
    for number in np.unique(groups.label):
        color, symbol = group_style(groups.kind, int(number))
        nodes, name = np.flatnonzero(groups.label == number), groups.names[number]
        figure.add_scattergl(
            x=projection.positions[nodes, 0],
            y=projection.positions[nodes, 1],
            mode="markers",
            marker={"color": color, "symbol": symbol, "size": 4, "opacity": 0.7},
            name=name,
            legendgroup=name,
            showlegend=(row, column) == (1, 1),
            customdata=nodes,
            hovertemplate=f"node %{{customdata}}<br>{groups.kind} {name}<extra></extra>",
            row=row,
            col=column,
        )
