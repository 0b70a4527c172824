"""What do C, N and A contribute?"""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cna_viz.analysis.statistics.factorial import COMPONENTS, effects
from cna_viz.analysis.statistics.paired import MARGIN, pairs_needed
from cna_viz.analysis.tables.comparison import group_runs, paired_table, short_names
from cna_viz.config import vocabulary
from cna_viz.config.tuning import Tuning
from cna_viz.figures.pieces.forest import Row, forest, height_of
from cna_viz.figures.style.checks import check_choice, one_metric
from cna_viz.figures.style.labels import points_label, provenance, which_model
from cna_viz.figures.style.theme import OTHER_COLORS, OTHER_SYMBOLS, escaped, finish, space_below
from cna_viz.records.record import Record
from cna_viz.scores import factor

NAMES: Final = {"C": "clusters", "N": "normalization", "A": "rationals"}
"""What the steps are."""


def plot_effects(
    records: Sequence[Record],
    apart: Sequence[str] = (),
    *,
    part: str = "test",
    margin: float = MARGIN,
    tuning: Tuning | None = None,
) -> go.Figure:
    """Draw main effects and interactions of C, N and A, groups of runs side by side.

    Effects are those of :func:`.factorial.effects`. Groups have one dataset and one split protocol
    each; pairs are made within a group and never across.

    Args:
        records: Runs of the eight slots of the factorial; others are passed over.
        apart: Further settings that make groups, such as ``layers``.
        part: train, val or test.
        margin: Difference of the score below which an effect counts as none.
        tuning: How the arms were tuned (``grid.tuning``); they are then named by what they were before.

    Raises:
        UsageError: When there are no records, they differ in their metric, a group lacks a slot, runs or a second pair,
            or a run diverged.
    """
    metric = one_metric(records)
    check_choice("part of the split", part, vocabulary.SPLITS)
    factorial = [record for record in records if record.config.slot in COMPONENTS] or list(records)
    groups = group_runs(factorial, apart)
    names = {group: escaped(name) for group, name in short_names(groups).items()}
    tables = {
        names[group]: effects(paired_table(members, part, tuning), margin=margin) for group, members in groups.items()
    }
    scale = factor(metric)
    rows = [
        _row(effect, table.loc[effect], group if len(tables) > 1 else "", number, scale)
        for effect in next(iter(tables.values())).index
        for number, (group, table) in enumerate(tables.items())
    ]
    figure = forest(rows, scale * margin)
    figure.update_xaxes(title=f"effect on {part} {points_label(metric)}", row=1, col=1)
    pairs = sorted({int(table["pairs"].iloc[0]) for table in tables.values()})
    notes = [
        "effect of a step: mean of the four slots with it minus that of the four without; ×: half of how much more one "
        "does where the other is there",
        f"{' and '.join(map(str, pairs))} pairs of the same split and seed, {which_model(records)}; bootstrap "
        "intervals; verdicts at 5 % after Holm's correction",
        *_few(pairs[0], len(next(iter(tables.values())))),
    ]
    footnote = provenance(factorial, *notes)
    bottom = space_below(footnote)
    height = height_of(rows, 100 + bottom)
    return finish(figure, "What do C, N and A contribute?", footnote, height=height, bottom=bottom)


def effect_label(effect: str) -> str:
    """Return the words for an effect: ``C (clusters)``, ``C × N``."""
    return f"{effect} ({NAMES[effect]})" if effect in NAMES else " × ".join(effect)


def _row(effect: str, found: "pd.Series[float]", group: str, number: int, scale: float) -> Row:
    mean, low, high = (scale * float(found[name]) for name in ("difference", "low", "high"))
    color, symbol = (looks[number % len(looks)] for looks in (OTHER_COLORS, OTHER_SYMBOLS))
    return Row(effect_label(effect), mean, low, high, str(found["verdict"]), color, symbol, group=group)


def _few(pairs: int, effects: int) -> list[str]:
    needed = pairs_needed(effects, 0.05)
    if pairs >= needed:
        return []
    return [f"with {pairs} pairs none of {effects} effects can be significant at 5 %: that takes {needed} pairs"]
