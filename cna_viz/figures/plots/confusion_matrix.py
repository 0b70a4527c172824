"""Where does the network err?"""

from collections.abc import Sequence
from math import ceil

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.predictions import Confusion, confusions
from cna_viz.analysis.words import counted
from cna_viz.figures.style.checks import check_records
from cna_viz.figures.style.labels import provenance, which_model
from cna_viz.figures.style.theme import SEQUENTIAL, finish, slot_style, space_below
from cna_viz.records.record import Record
from cna_viz.scores import written

COLUMNS = 3
"""Panels in a row."""
PANEL, MOST_WRITTEN = 330, 24
"""Least height of a panel in pixels; and classes beyond which no counts are written in."""
CELL, TALL = 26, 42
"""Height of a class in pixels, where counts are written in and where shares are, too."""
BETWEEN = 124
"""Pixels between two rows of panels: ticks and title of the axes above, title of the panel below."""
BOTH, BOTH_ALONE = 6, 10
"""Classes up to which shares are written beside the counts, in panels side by side and in one alone."""


def plot_confusion_matrix(records: Sequence[Record], *, part: str = "test") -> go.Figure:
    """Draw which class is taken for which by the selected models, a panel per arm.

    Colours are shares of the true class, numbers are nodes; in datasets of graphs, graphs. The runs of an arm are added
    up, each of its nodes once per run.

    Args:
        records: Runs on classes, of one dataset and one split protocol, each with the snapshot of its selected epoch.
        part: train, val or test.

    Raises:
        UsageError: When there are no records, the part is unknown, targets are numbers, datasets or split protocols
            differ, or a record lacks the predictions of its selected model.
    """
    check_records(records)
    found = confusions(records, part)
    columns = min(COLUMNS, len(found))
    rows, classes = ceil(len(found) / columns), len(found[0].counts)
    both = classes <= (BOTH_ALONE if columns == 1 else BOTH)
    panel, top = max(PANEL, (TALL if both else CELL) * classes), 96
    figure = make_subplots(
        rows,
        columns,
        subplot_titles=[_title(arm) for arm in found],
        horizontal_spacing=0.2 / columns,
        vertical_spacing=BETWEEN / (rows * panel + BETWEEN * (rows - 1)) if rows > 1 else 0,
    )
    what = "graphs" if "graph_of_node" in records[0].graph else "nodes"
    for number, arm in enumerate(found):
        trace = _heatmap(arm, what, both=both)
        figure.add_trace(trace, row=number // columns + 1, col=number % columns + 1)
    step = ceil(classes / 20)
    ticks = {"tickvals": list(range(0, classes, step)), "showgrid": False}
    figure.update_xaxes(**ticks, range=[-0.5, classes - 0.5], title="class that is answered")
    figure.update_yaxes(**ticks, range=[classes - 0.5, -0.5])
    figure.update_yaxes(title="true class", col=1)
    figure.update_annotations(font={"size": 14})
    bar = {"title": {"text": "share of the true class (%)", "side": "right"}}
    figure.update_layout(coloraxis={"colorscale": SEQUENTIAL, "cmin": 0, "cmax": 100, "colorbar": bar})
    several = max(arm.runs for arm in found) > 1
    added = f"runs of an arm added up, each of its {part} {what} once per run" if several else "one run per arm"
    numbers = (
        f"numbers: {part} {what}, nothing where there are none"
        if classes <= MOST_WRITTEN
        else "colours only: too many classes to write in"
    )
    footnote = provenance(records, f"{numbers}; {added}; {which_model(records)}")
    bottom = space_below(footnote)
    height = top + rows * panel + BETWEEN * (rows - 1) + bottom
    return finish(figure, f"Where does it err? ({part} {what})", footnote, height=height, bottom=bottom)


def _title(arm: Confusion) -> str:
    known = [value for value in arm.accuracies if not np.isnan(value)]
    accuracy = written("accuracy", float(np.mean(known)) if known else None)
    runs = f" (mean of {counted(arm.runs, 'run')})" if arm.runs > 1 else ""
    return f"<b>{slot_style(arm.arm).label}</b><br>accuracy {accuracy}{runs}"


def _heatmap(arm: Confusion, what: str, *, both: bool) -> go.Heatmap:
    counts = arm.counts.tolist()
    sizes = [sum(row) for row in counts]
    # A class without nodes has no shares: its row stays blank.
    share = [[100 * count / size if size else None for count in row] for row, size in zip(counts, sizes, strict=True)]
    text = [[_text(count, size, both) for count in row] for row, size in zip(counts, sizes, strict=True)]
    return go.Heatmap(
        z=share,
        text=text,
        texttemplate="%{text}" if len(counts) <= MOST_WRITTEN else None,
        customdata=counts,
        coloraxis="coloraxis",
        xgap=1,
        ygap=1,
        hoverongaps=False,
        hovertemplate=f"class %{{y}}, answered %{{x}}<br>%{{customdata}} {what}, %{{z:.1f}} % of the class"
        "<extra></extra>",
    )


def _text(count: int, size: int, both: bool) -> str:
    if not count:
        return ""
    return f"{count}<br>{100 * count / size:.0f} %" if both else str(count)
