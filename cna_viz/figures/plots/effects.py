"""What do C, N and A contribute?"""

from collections.abc import Sequence
from typing import Final

import plotly.graph_objects as go

from cna_viz.analysis.statistics.factorial import COMPONENTS, EFFECTS, effects
from cna_viz.analysis.statistics.paired import MARGIN
from cna_viz.analysis.tables.comparison import group_runs, paired_table, short_names
from cna_viz.analysis.words import interval_words
from cna_viz.config.tuning import Tuning
from cna_viz.config.vocabulary import SplitName
from cna_viz.figures.pieces.forest import difference_row, forest, height_of, reasons
from cna_viz.figures.style.labels import one_metric, points_label, provenance, which_model
from cna_viz.figures.style.theme import escaped, finish, numbered_look
from cna_viz.records.record import Record
from cna_viz.scores import factor

NAMES: Final = {"C": "clusters", "N": "normalization", "A": "rationals"}


def plot_effects(
    records: Sequence[Record],
    group_by: Sequence[str] = (),
    *,
    split: SplitName = "test",
    margin: float = MARGIN,
    tuning: Tuning | None = None,
) -> go.Figure:
    """Draw main effects and interactions of C, N and A, groups of runs side by side.

    Effects are those of :func:`.factorial.effects`. Groups have one dataset and one split protocol each; pairs never
    cross groups.

    Args:
        records: Runs of the eight slots of the factorial; others are ignored.
        group_by: Further settings that make groups, such as ``layers``.
        split: train, val or test.
        margin: Difference of the score below which an effect counts as none.
        tuning: How the arms were tuned (``grid.tuning``); arms keep their names from before the tuning.

    Raises:
        UsageError: When there are no records, they differ in their metric, a group lacks a slot, runs or a second pair,
            or a run diverged.
    """
    metric = one_metric(records, split)
    factorial = [record for record in records if record.config.slot in COMPONENTS] or list(records)
    groups = group_runs(factorial, group_by)
    names = {group: escaped(name) for group, name in short_names(groups).items()}
    tables = {
        names[group]: effects(paired_table(members, split, tuning), margin=margin) for group, members in groups.items()
    }
    scale = factor(metric)
    rows = [
        difference_row(
            table.loc[effect],
            scale,
            f"{effect} ({NAMES[effect]})" if effect in NAMES else " × ".join(effect),
            numbered_look(number),
            group=group if len(tables) > 1 else "",
        )
        for effect in EFFECTS
        for number, (group, table) in enumerate(tables.items())
    ]
    figure = forest(rows, scale * margin)
    figure.update_xaxes(title=f"change of {split} {points_label(metric)} when switched on", row=1, col=1)
    pairs = " or ".join(dict.fromkeys(table.attrs["pairs"] for table in tables.values()))
    notes = [
        "effect of a step: mean of the four slots with it minus that of the four without; ×: how much more the one "
        "changes where the other is on, too",
        f"{pairs}, {which_model(records)}; {interval_words(len(EFFECTS))}{' of a group' if len(tables) > 1 else ''}",
        *reasons(rows),
    ]
    footnote = provenance(factorial, *notes)
    return finish(figure, "What do C, N and A contribute?", footnote, height=height_of(rows))
