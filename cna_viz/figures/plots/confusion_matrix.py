"""Where does the network err?"""

from collections.abc import Sequence
from math import ceil

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from cna_viz.analysis.tables.predictions import Confusion, confusions
from cna_viz.analysis.words import counted
from cna_viz.config.vocabulary import SplitName
from cna_viz.figures.pieces.marks import color_scale, share_heatmap
from cna_viz.figures.style.labels import check_records, provenance, snapshot_note, which_model
from cna_viz.figures.style.theme import escaped, finish, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import written

COLUMNS = 3
"""Panels in a row."""
PANEL, MOST_WRITTEN = 330, 24
"""Least height of a panel in pixels; and classes beyond which cells have no text."""
CELL, TALL = 26, 42
"""Height of a class in pixels, with counts alone and with shares below them."""
BETWEEN = 124
"""Pixels between two rows of panels: ticks and title of the axes above, title of the panel below."""
BOTH, BOTH_ALONE = 6, 10
"""Classes up to which shares are written beside the counts, in panels side by side and in one alone."""


def plot_confusion_matrix(records: Sequence[Record], *, split: SplitName = "test") -> go.Figure:
    """Draw the confusion matrix of the selected models, a panel per arm.

    Colours are shares of the true class, numbers are labelled nodes; in datasets of graphs, graphs. The runs of an arm
    are summed, so each node counts once per run.

    Args:
        records: Runs on classes, of one dataset and one split protocol, each with the snapshot of its selected epoch.
        split: train, val or test.

    Raises:
        UsageError: When there are no records, the split is unknown, targets are numbers, datasets or split protocols
            differ, or a record lacks the predictions of its selected model.
    """
    check_records(records)
    found = confusions(records, split)
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
    figure.update_xaxes(**ticks, range=[-0.5, classes - 0.5], title="predicted class")
    figure.update_yaxes(**ticks, range=[classes - 0.5, -0.5])
    figure.update_yaxes(title="true class", ticktext=_names(found[0])[::step], col=1)
    figure.update_annotations(font={"size": 14})
    figure.update_layout(color_scale("share of the true class (%)", cmin=0, cmax=100))
    several = max(arm.runs for arm in found) > 1
    added = f"runs of an arm summed, each of its {split} {what} once per run" if several else "one run per arm"
    written = f"numbers: {split} {what}, blank where there are none"
    numbers = written if classes <= MOST_WRITTEN else "colours only: too many classes for numbers"
    lost = sum(arm.missing for arm in found)
    notes = [f"left out: {counted(lost, 'prediction')} without a finite output, not counted as right"] if lost else []
    model = "; ".join(snapshot_note(records)) or which_model(records)
    footnote = provenance(records, f"{numbers}; {added}; {model}", *notes)
    height = top + rows * panel + BETWEEN * (rows - 1)
    return finish(figure, f"Where does it err? ({split} {what})", footnote, height=height)


def _title(arm: Confusion) -> str:
    known = [value for value in arm.accuracies if not np.isnan(value)]
    accuracy = written("accuracy", float(np.mean(known)) if known else None)
    of = f" of {arm.runs}" if len(known) < arm.runs else ""
    runs = f" (mean of {len(known)}{of} runs)" if arm.runs > 1 and known else ""
    return f"<b>{slot_style(arm.arm).label}</b><br>accuracy {accuracy}{runs}"


def _names(found: Confusion) -> list[str]:
    """Return number and name of every class; the number alone where it has no name."""
    named = enumerate(found.names)
    return [name if name == str(number) else f"{escaped(name)} · <b>{number}</b>" for number, name in named]


def _heatmap(arm: Confusion, what: str, *, both: bool) -> go.Heatmap:
    counts = arm.counts.tolist()
    hover = f"class %{{y}}, predicted %{{x}}<br>%{{customdata}} {what}, %{{z:.1f}} % of the class"
    shares = [[f"{count}<br>{100 * count / sum(row):.0f} %" if count else "" for count in row] for row in counts]
    more = {"text": shares} if both else {}
    return share_heatmap(counts, written=len(counts) <= MOST_WRITTEN, hover=hover, customdata=counts, **more)
