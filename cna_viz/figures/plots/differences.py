"""Which arm differs from a given one?"""

from collections.abc import Sequence

import plotly.graph_objects as go

from cna_viz.analysis.statistics.paired import MARGIN, compare
from cna_viz.analysis.tables.comparison import paired_table, without_diverged
from cna_viz.analysis.words import interval_words
from cna_viz.config.tuning import Tuning
from cna_viz.config.vocabulary import LOWER_IS_BETTER, SplitName
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.forest import difference_row, forest, height_of, reasons
from cna_viz.figures.style.labels import check_records, left_out, points_label, provenance, which_model
from cna_viz.figures.style.theme import escaped, finish, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import factor


def plot_differences(
    records: Sequence[Record],
    baseline: str = "relu",
    *,
    split: SplitName = "test",
    margin: float = MARGIN,
    tuning: Tuning | None = None,
) -> go.Figure:
    """Draw the difference of every arm from one of them: pairs, mean with interval, and verdict.

    Arms are those of :func:`~cna_viz.analysis.tables.comparison.paired_table`, verdicts those of
    :func:`.paired.compare`; the best arm stands at the top. Arms with a diverged run are left out, and the footnote
    lists them.

    Args:
        records: Runs on one dataset and one split protocol.
        baseline: The arm that the others are compared with.
        split: train, val or test.
        margin: Difference of the score below which arms count as equal.
        tuning: How the arms were tuned (``grid.tuning``); arms keep their names from before the tuning.

    Raises:
        UsageError: When there are no records or fewer than two pairs, runs are missing, arms were on different splits,
            there is no such arm or none beside it, or a run of it diverged.
    """
    check_records(records, split)
    pairs = without_diverged(paired_table(records, split, tuning))
    metric = pairs.attrs["metric"]
    if baseline in pairs.attrs["left_out"]:
        raise UsageError(f"runs of {baseline!r} diverged, so nothing can be compared with it; take another baseline")
    found = compare(pairs, baseline, margin=margin)
    if found.empty:
        raise UsageError(f"there is no arm to compare with {baseline!r}: all records are of this one")
    found = found.sort_values("difference", ascending=metric in LOWER_IS_BETTER, kind="stable")
    scale = factor(metric)
    styles = {arm: slot_style(str(arm)) for arm in found.index}
    rows = [
        difference_row(found.loc[arm], scale, style.label, (style.color, style.symbol), pairs[arm] - pairs[baseline])
        for arm, style in styles.items()
    ]
    figure = forest(rows, scale * margin)
    figure.update_xaxes(title=f"{split} {points_label(metric)}: arm − {escaped(baseline)}", row=1, col=1)
    notes = [
        f"{pairs.attrs['pairs']}, {which_model(records)}; {interval_words(len(rows))}",
        *reasons(rows),
        *left_out(pairs.attrs["left_out"]),
    ]
    title = f"Which arm differs from {escaped(baseline)}?"
    return finish(figure, title, provenance(records, *notes), height=height_of(rows))
