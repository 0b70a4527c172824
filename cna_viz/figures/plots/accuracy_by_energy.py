"""Is a network with more energy a better one?"""

from collections.abc import Sequence
from typing import Final

import pandas as pd
import plotly.graph_objects as go

from cna_viz.analysis.tables.measure_and_score import correlation_words, measured_scores, rank_correlation
from cna_viz.analysis.words import counted
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import LOWER_IS_BETTER, SplitName, Stage
from cna_viz.errors import UsageError
from cna_viz.figures.pieces.marks import legend_beside, legend_mark
from cna_viz.figures.style.labels import (
    STAGE_LABELS,
    check_choice,
    layers_words,
    nothing_measured,
    one_metric,
    provenance,
    which_model,
)
from cna_viz.figures.style.theme import MUTED, PAPER, finish, log_axis, slot_style
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, factor, label

SIZES: Final = (7, 20)
"""Of the markers of the shallowest and of the deepest networks."""
ENERGIES: Final = frozenset({"dirichlet_survey", "dirichlet_trace", "dirichlet_sym", "dirichlet_sym_loops", "rayleigh"})
MOST: Final = 5
"""Depths whose own correlation is written out."""


def plot_accuracy_by_energy(
    records: Sequence[Record], measure: str = "rayleigh", *, stage: Stage = "conv", split: SplitName = "test"
) -> go.Figure:
    """Draw the score of every run against an energy, or another measure, of its last hidden layer.

    One marker is one run, larger where it is deeper. If more energy made better networks, the markers would rise to
    the right, also among networks of one depth, as depth moves both numbers. The footnote has Spearman's rank
    correlation. That energies and accuracy need not go together is the point of Zhang et al. (arXiv 2502.04591) and of
    Park et al. (arXiv 2506.04653).

    Args:
        records: Runs of several arms, also of several depths.
        measure: Name of a measure.
        stage: ``conv`` or ``slot``.
        split: train, val or test.

    Raises:
        UsageError: When there are no records, they differ in their metric, a name is unknown, or no run has both
            numbers.
    """
    metric = one_metric(records, split)
    check_choice("measure", measure, MEASURES)
    check_choice("stage", stage, STAGE_LABELS)
    table = measured_scores(records, measure, stage=stage, split=split)
    if table["value"].isna().all():
        raise nothing_measured(measure, stage)
    known = table.dropna(subset=["value", "score"])
    if known.empty:
        raise UsageError(f"no run has both a value of {measure!r} and a {split} score to draw")
    shown, depths = known.assign(drawn=known["value"]), sorted(known["layers"].unique())
    zeros = 0
    if logarithmic := MEASURES[measure].log:
        positive = known["value"] > 0
        least = float(known.loc[positive, "value"].min()) if positive.any() else 1.0
        shown["drawn"], zeros = known["value"].where(positive, least / 3), int((~positive).sum())
    figure = go.Figure()
    for arm, rows in shown.groupby("arm", sort=False):
        _add_arm(figure, rows, str(arm), depths, factor(metric))
    if len(depths) > 1:  # which size is which depth: the least, the most and one between
        for depth in dict.fromkeys((depths[0], depths[len(depths) // 2], depths[-1])):
            look = {"symbol": "circle-open", "size": _size(depth, depths), "color": MUTED}
            figure.add_trace(legend_mark(layers_words(depth), look))
    scale = log_axis(shown["drawn"]) if logarithmic else {}
    figure.update_xaxes(title=f"{MEASURES[measure].label} at the last hidden layer", **scale)
    figure.update_yaxes(title=label(metric, split))
    notes = [
        f"one marker per run, {STAGE_LABELS[stage]}, {which_model(records)}",
        *_correlations(known, metric),
        *_missing(table, known, measure),
        *([f"a value of exactly 0 is drawn at the left edge ({counted(zeros, 'run')})"] if zeros else []),
    ]
    question = (
        "Is a network with more energy a better one?"
        if measure in ENERGIES
        else f"Does {MEASURES[measure].label.split(' (')[0]} go with {WORDS[metric]}?"
    )
    return finish(figure, question, provenance(records, *notes), height=max(400, 100 + legend_beside(figure)))


def _add_arm(figure: go.Figure, rows: pd.DataFrame, arm: str, depths: Sequence[int], scale: float) -> None:
    style = slot_style(arm)
    figure.add_scatter(
        x=rows["drawn"],
        y=scale * rows["score"],
        mode="markers",
        marker={
            "color": style.color,
            "symbol": style.symbol,
            "size": [_size(depth, depths) for depth in rows["layers"]],
            "opacity": 0.8,
            "line": {"color": style.color if "open" in style.symbol else PAPER, "width": 1},
        },
        name=style.label,
        legendgroup=arm,
        showlegend=True,
        customdata=rows[["layers", "seed", "value"]],
        hovertemplate=f"{style.label}, %{{customdata[0]}} layers, seed %{{customdata[1]}}<br>"
        "%{customdata[2]:.3~g}: %{y:.4~g}<extra></extra>",
    )


def _size(depth: int, depths: Sequence[int]) -> float:
    """Return the size of a marker by the rank of its depth; one size where there is one depth."""
    least, most = SIZES
    return 11.0 if len(depths) == 1 else least + (most - least) * list(depths).index(depth) / (len(depths) - 1)


def _correlations(known: pd.DataFrame, metric: str) -> list[str]:
    """Return the rank correlation over all runs, and within each depth where there are several."""
    less = "; less is better, so a negative one is good" if metric in LOWER_IS_BETTER else ""
    alone = known.groupby("layers")
    depths = {int(str(depth)): rank_correlation(rows["value"], rows["score"]) for depth, rows in alone}
    whole = correlation_words(rank_correlation(known["value"], known["score"]))
    where = "" if len(depths) > 1 else f", all of depth {next(iter(depths))}"
    notes = [f"Spearman's rank correlation [95 % interval over runs]: {whole}{where}{less}"]
    if len(depths) > 1:
        some = dict(list(depths.items())[-MOST:])
        words = "; ".join(f"depth {depth}: {correlation_words(found)}" for depth, found in some.items())
        which = f", the deepest {MOST} of {len(depths)}" if len(depths) > MOST else ""
        notes += _folded(f"within one depth{which}: {words}")
    return notes


def _folded(words: str, width: int = 150) -> list[str]:
    """Return a long note as lines, broken between its parts."""
    lines = [""]
    for part in words.split("; "):
        joined = f"{lines[-1]}; {part}" if lines[-1] else part
        lines = [*lines[:-1], joined] if len(joined) <= width else [*lines, part]
    return [line for line in lines if line]


def _missing(table: pd.DataFrame, known: pd.DataFrame, measure: str) -> list[str]:
    """Return how many runs are not drawn, and why."""
    if len(known) == len(table):
        return []
    unscored = int(table["score"].isna().sum())
    unmeasured = len(table) - len(known) - unscored
    reasons = [
        *([f"{unmeasured} without a value of {measure}"] if unmeasured else []),
        *([f"{unscored} without a score, because {'it' if unscored == 1 else 'they'} diverged"] if unscored else []),
    ]
    return [f"not drawn: {' and '.join(reasons)}, of {counted(len(table), 'run')}"]
