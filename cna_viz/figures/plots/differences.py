"""Which arm differs from a given one?"""

from collections.abc import Sequence

import pandas as pd
import plotly.graph_objects as go

from cna_viz.analysis.statistics.paired import MARGIN, compare, pairs_needed
from cna_viz.analysis.tables.comparison import paired_table, without_diverged
from cna_viz.config import vocabulary
from cna_viz.config.tuning import Tuning
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.forest import Row, forest, height_of
from cna_viz.figures.style.checks import check_choice, check_records
from cna_viz.figures.style.labels import left_out, points_label, provenance, which_model
from cna_viz.figures.style.theme import escaped, finish, slot_style, space_below
from cna_viz.records.record import Record
from cna_viz.scores import factor


def plot_differences(
    records: Sequence[Record],
    baseline: str = "relu",
    *,
    part: str = "test",
    margin: float = MARGIN,
    tuning: Tuning | None = None,
) -> go.Figure:
    """Draw how far every arm is from one of them: pairs, mean with interval, and what that is worth.

    Arms are those of :func:`~cna_viz.analysis.tables.comparison.paired_table`, verdicts those of
    :func:`.paired.compare`; the best arm stands at the top. Arms of which a run diverged are left
    out, and the footnote says so.

    Args:
        records: Runs on one dataset and one split protocol.
        baseline: The arm that the others are held against.
        part: train, val or test.
        margin: Difference of the score below which arms count as equal.
        tuning: How the arms were tuned (``grid.tuning``); they are then named by what they were before.

    Raises:
        UsageError: When there are no records or fewer than two pairs, runs are missing, arms were on different splits,
            there is no such arm or none beside it, or a run of it diverged.
    """
    check_records(records)
    check_choice("part of the split", part, vocabulary.SPLITS)
    pairs = without_diverged(paired_table(records, part, tuning))
    metric = pairs.attrs["metric"]
    if baseline in pairs.attrs["left_out"]:
        raise UsageError(f"runs of {baseline!r} diverged, so nothing can be held against it; take another baseline")
    found = compare(pairs, baseline, margin=margin)
    if found.empty:
        raise UsageError(f"there is no arm to hold against {baseline!r}: all records are of this one")
    found = found.sort_values("difference", ascending=metric in LOWER_IS_BETTER, kind="stable")
    scale = factor(metric)
    rows = [_row(str(arm), found.loc[arm], pairs[arm] - pairs[baseline], scale) for arm in found.index]
    figure = forest(rows, scale * margin)
    label = f"{part} {points_label(metric)}: arm − {escaped(baseline)}"
    figure.update_xaxes(title=label, row=1, col=1)
    notes = [
        f"{len(pairs)} pairs of the same split and seed, {which_model(records)}; bootstrap intervals; verdicts "
        "at 5 % after Holm's correction",
        *_few(len(pairs), len(rows)),
        *left_out(pairs.attrs["left_out"]),
    ]
    footnote = provenance(records, *notes)
    bottom = space_below(footnote)
    title = f"Which arm differs from {escaped(baseline)}?"
    return finish(figure, title, footnote, height=height_of(rows, 100 + bottom), bottom=bottom)


def _row(arm: str, found: "pd.Series[float]", pairs: "pd.Series[float]", scale: float) -> Row:
    style = slot_style(arm)
    mean, low, high = (scale * float(found[name]) for name in ("difference", "low", "high"))
    return Row(style.label, mean, low, high, str(found["verdict"]), style.color, style.symbol, (scale * pairs).tolist())


def _few(pairs: int, arms: int) -> list[str]:
    needed = pairs_needed(arms, 0.05)
    if pairs >= needed:
        return []
    return [f"with {pairs} pairs none of {arms} differences can be significant at 5 %: that takes {needed} pairs"]
