"""Whether a measure of the features and the score go together: a pair of numbers per run, and their rank correlation.

Energies are often read as if more were better, which Zhang et al. (arXiv 2502.04591) and Park et al. (arXiv 2506.04653)
doubt; the runs themselves can tell.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from cna_viz.analysis.tables.collapse import last_hidden
from cna_viz.analysis.tables.comparison import arms_of, drop_duplicates
from cna_viz.analysis.tables.tables import accuracy_table, layer_value
from cna_viz.analysis.words import counted, signed
from cna_viz.config.vocabulary import SplitName, Stage
from cna_viz.records.record import Record

FEWEST: Final = 5
"""Runs below which no rank correlation is given: its interval would hold nearly everything."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RankCorrelation:
    """Spearman's rank correlation of ``count`` runs with the ends of its interval; NaN where it is undefined."""

    rho: float
    low: float
    high: float
    count: int


def measured_scores(
    records: Sequence[Record], measure: str = "rayleigh", *, stage: Stage = "conv", split: SplitName = "test"
) -> pd.DataFrame:
    """Return a row per run: its identity, its ``arm``, a measure of its last hidden layer, and its score.

    To the columns of :func:`~cna_viz.analysis.tables.tables.accuracy_table` it adds ``arm``, its name without the
    depth; ``value``, the measure at the last hidden layer of the selected model (a single layer counts as hidden), NaN
    where it was not measured; and ``score``, that of the split, NaN where the run diverged. A run given twice, or
    recorded in two ways, counts once, with the measure where one of its recordings has it.
    """
    records = drop_duplicates(records, lambda record: not np.isnan(_selected(record, measure, stage)))
    return accuracy_table(records).assign(
        arm=arms_of(records, ignore={"layers"}),
        value=[_selected(record, measure, stage) for record in records],
        score=[record.score(split) for record in records],
    )


def rank_correlation(x: ArrayLike, y: ArrayLike, *, level: float = 0.95) -> RankCorrelation:
    r"""Return Spearman's rank correlation of two columns and its interval by Fisher's transformation.

    With ranks R, ties sharing their mean rank, and the standard error of Bonett and Wright (*Psychometrika*, 2000),

    .. math:: \rho = \operatorname{cov}(R(x), R(y)) / (\sigma_{R(x)} \, \sigma_{R(y)}), \qquad
        \tanh\left(\operatorname{artanh} \rho \pm z \sqrt{(1 + \rho^2 / 2) / (n - 3)}\right)

    A perfect order is taken for one with a single swap of neighbours, or its interval would be a point. Pairs count as
    independent; runs of one arm are alike, so the interval is rather too narrow. Pairs with a NaN are left out. All is
    NaN with fewer than :data:`FEWEST` pairs, or where a column is constant.
    """
    pairs = np.stack([np.asarray(x, dtype=float), np.asarray(y, dtype=float)])
    first, second = pairs[:, ~np.isnan(pairs).any(axis=0)]
    count = len(first)
    if count < FEWEST or np.ptp(first) == 0 or np.ptp(second) == 0:
        return RankCorrelation(np.nan, np.nan, np.nan, count)
    rho, most = float(stats.spearmanr(first, second).statistic), 1 - 12 / (count * (count**2 - 1))
    near = float(np.clip(rho, -most, most))
    half = float(stats.norm.ppf((1 + level) / 2)) * np.sqrt((1 + near**2 / 2) / (count - 3))
    low, high = np.tanh(np.arctanh(near) + np.array([-half, half])).tolist()
    return RankCorrelation(rho, min(rho, low), max(rho, high), count)


def correlation_words(found: RankCorrelation) -> str:
    """Return a rank correlation for a sentence: ``ρ = +0.31 [−0.02, +0.58], 30 runs``."""
    if np.isnan(found.rho):
        few, same = f"{counted(found.count, 'run')}, too few", "one of the two has the same value in all runs"
        return f"none ({few if found.count < FEWEST else same})"
    ends = f"[{signed(found.low, 2)}, {signed(found.high, 2)}]"
    return f"ρ = {signed(found.rho, 2)} {ends}, {found.count} runs"


def _selected(record: Record, measure: str, stage: str) -> float:
    value = layer_value(record, measure, stage, last_hidden(record), record.best_epoch)
    return value if np.isfinite(value) else float("nan")
