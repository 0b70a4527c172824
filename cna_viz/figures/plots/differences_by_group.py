"""Does the difference from a given arm depend on the graph, or on what else is held apart?"""

from collections.abc import Collection, Sequence
from typing import Any

import plotly.graph_objects as go

from cna_viz.analysis.statistics.paired import MARGIN, pairs_needed
from cna_viz.analysis.tables.comparison import group_runs, short_names
from cna_viz.analysis.tables.groups import compare_groups
from cna_viz.config import vocabulary
from cna_viz.figures.pieces.forest import Row, forest, height_of
from cna_viz.figures.style.checks import check_choice, check_records
from cna_viz.figures.style.labels import left_out, points_label, provenance, which_model
from cna_viz.figures.style.theme import escaped, finish, slot_style, space_below
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, factor


def plot_differences_by_group(
    records: Sequence[Record],
    apart: Sequence[str] = (),
    baseline: str = "relu",
    *,
    arms: Collection[str] | None = None,
    part: str = "test",
    margin: float = MARGIN,
) -> go.Figure:
    """Draw how far arms are from one of them, for groups of runs below each other.

    Groups have one dataset, one split protocol and one value of further settings each, such as the backbone. Pairs are
    made within a group and never across. Differences and verdicts are those of
    :func:`~cna_viz.analysis.tables.groups.compare_groups`.

    Args:
        records: Runs of several groups.
        apart: Further settings that make groups, such as ``backbone``.
        baseline: The arm that the others are held against.
        arms: Those that are asked about; all when left out.
        part: train, val or test.
        margin: Difference of the score below which arms count as equal.

    Raises:
        UsageError: When there are no records or no such setting, or as ``compare_groups`` says.
    """
    check_records(records)
    check_choice("part of the split", part, vocabulary.SPLITS)
    groups = group_runs(records, apart)
    names = {group: escaped(name) for group, name in short_names(groups).items()}
    found = compare_groups(groups, baseline, arms=arms, part=part, margin=margin)
    metrics = found.attrs["metrics"]
    scale = factor(next(iter(metrics.values())))
    rows = [
        _row(row, names[row["group"]], values, scale)
        for (_, row), values in zip(found.reset_index().iterrows(), found.attrs["samples"], strict=True)
    ]
    figure = forest(rows, scale * margin)
    distinct = set(metrics.values())
    unit = points_label(distinct.pop()) if len(distinct) == 1 else "score in points"
    figure.update_xaxes(title=f"{part} {unit}: arm − {escaped(baseline)}", row=1, col=1)
    pairs = sorted({int(count) for count in found["pairs"]})
    notes = [
        f"{' and '.join(map(str, pairs))} pairs of the same split and seed per group, {which_model(records)}; "
        "bootstrap intervals; verdicts at 5 % after Holm's correction for all rows",
        *_scores(metrics, names),
        *_few(pairs[0], len(rows)),
        *left_out(found.attrs["left_out"]),
    ]
    footnote = _provenance(records, notes)
    bottom = space_below(footnote)
    what = escaped(" and ".join(name.replace("_", " ") for name in apart)) or "graph"
    title = f"Does the difference from {escaped(baseline)} depend on the {what}?"
    return finish(figure, title, footnote, height=height_of(rows, 130 + bottom) + 18 * len(groups), bottom=bottom)


def _row(found: Any, group: str, values: Sequence[float], scale: float) -> Row:
    style = slot_style(found["arm"])
    mean, low, high = (scale * float(found[name]) for name in ("difference", "low", "high"))
    points = [scale * value for value in values]
    return Row(group, mean, low, high, str(found["verdict"]), style.color, style.symbol, points, group=style.label)


def _provenance(records: Sequence[Record], notes: Sequence[str]) -> str:
    """Return the footnote, its first line broken where the names of several datasets make it long."""
    footnote = provenance(records, *notes)
    datasets = {record.config.facts["dataset"] for record in records}
    return footnote.replace(" · runs ", "<br>runs ", 1) if len(datasets) > 2 else footnote


def _scores(metrics: dict[str, str], names: dict[str, str]) -> list[str]:
    """Return which score is whose, where groups have different ones."""
    if len(set(metrics.values())) == 1:
        return []
    return ["scores: " + ", ".join(f"{names[group]} {WORDS[metric]}" for group, metric in metrics.items())]


def _few(pairs: int, rows: int) -> list[str]:
    needed = pairs_needed(rows, 0.05)
    if pairs >= needed:
        return []
    return [f"with {pairs} pairs none of {rows} differences can be significant at 5 %: that takes {needed} pairs"]
