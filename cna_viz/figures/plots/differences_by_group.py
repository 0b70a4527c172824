"""Does the difference from a given arm depend on the graph, or on another setting?"""

from collections.abc import Collection, Sequence

import plotly.graph_objects as go

from cna_viz.analysis.statistics.paired import MARGIN
from cna_viz.analysis.tables.comparison import group_runs, short_names
from cna_viz.analysis.tables.groups import compare_groups
from cna_viz.analysis.words import interval_words
from cna_viz.config.vocabulary import SplitName
from cna_viz.figures.pieces.forest import difference_row, forest, height_of, reasons
from cna_viz.figures.style.labels import check_records, left_out, points_label, provenance, which_model
from cna_viz.figures.style.theme import escaped, finish, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, factor


def plot_differences_by_group(
    records: Sequence[Record],
    group_by: Sequence[str] = (),
    baseline: str = "relu",
    *,
    arms: Collection[str] | None = None,
    split: SplitName = "test",
    margin: float = MARGIN,
) -> go.Figure:
    """Draw the differences of arms from one of them, for groups of runs below each other.

    Groups have one dataset, one split protocol and one value of further settings each, such as the backbone. Pairs
    never cross groups. Differences and verdicts are those of
    :func:`~cna_viz.analysis.tables.groups.compare_groups`.

    Args:
        records: Runs of several groups.
        group_by: Further settings that make groups, such as ``backbone``.
        baseline: The arm that the others are compared with.
        arms: The arms to compare; all when left out.
        split: train, val or test.
        margin: Difference of the score below which arms count as equal.

    Raises:
        UsageError: When there are no records or no such setting, or ``compare_groups`` raises it.
    """
    check_records(records, split)
    groups = group_runs(records, group_by)
    names = {group: escaped(name) for group, name in short_names(groups).items()}
    found = compare_groups(groups, baseline, arms=arms, split=split, margin=margin)
    metrics = found.attrs["metrics"]
    scale = factor(next(iter(metrics.values())))
    rows = []
    for (_, row), values in zip(found.reset_index().iterrows(), found.attrs["samples"], strict=True):
        style, group = slot_style(row["arm"]), names[row["group"]]
        rows.append(difference_row(row, scale, group, (style.color, style.symbol), values, group=style.label))
    figure = forest(rows, scale * margin)
    distinct = set(metrics.values())
    unit = points_label(*distinct) if len(distinct) == 1 else "score in points"
    figure.update_xaxes(title=f"{split} {unit}: arm − {escaped(baseline)}", row=1, col=1)
    scores = ", ".join(f"{names[group]} {WORDS[metric]}" for group, metric in metrics.items())
    notes = [
        f"in each group {found.attrs['pairs']}, {which_model(records)}; {interval_words(len(rows))}",
        *([f"scores: {scores}"] if len(distinct) > 1 else []),
        *reasons(rows),
        *left_out(found.attrs["left_out"]),
    ]
    footnote = provenance(records, *notes)
    if len({record.config.facts["dataset"] for record in records}) > 2:
        footnote = footnote.replace(" · runs ", "<br>runs ", 1)  # their names make the first line long
    what = escaped(" and ".join(name.replace("_", " ") for name in group_by)) or "graph"
    title = f"Does the difference from {escaped(baseline)} depend on the {what}?"
    return finish(figure, title, footnote, height=height_of(rows, 130) + 18 * len(groups))
