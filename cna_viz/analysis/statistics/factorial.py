"""The effects of C, N and A: a 2³ factorial design, pair by pair."""

from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.paired import MARGIN, verdict_table
from cna_viz.errors import UsageError

COMPONENTS: Final = {
    "relu": "",
    "c": "C",
    "n": "N",
    "a": "A",
    "cn": "CN",
    "ca": "CA",
    "na": "NA",
    "cna": "CNA",
}
"""The steps of each slot."""


def effects(table: pd.DataFrame, *, level: float = 0.95, margin: float = MARGIN, seed: int = 0) -> pd.DataFrame:
    r"""Return main effects and interactions of C, N and A on the accuracy.

    The effect of a step is the mean accuracy of the four slots that have it minus that of the four that do not. The
    interaction of two is half of the difference that one makes to the effect of the other, and likewise for three;
    all effects together with the mean give back the eight accuracies (Box, Hunter and Hunter, *Statistics for
    Experimenters*):

    .. math:: e_S = \frac{1}{4} \sum_{T \subseteq \{C, N, A\}} (-1)^{|S \setminus T|} \, y_T

    Args:
        table: Row per pair, a column for each slot of :data:`COMPONENTS`.
        level: Level of the intervals.
        margin: Difference below which an effect counts as none.
        seed: Seed of the resampling.

    Returns:
        A row per effect (``C``, ``N``, ``A``, ``CN``, ``CA``, ``NA``, ``CNA``) with the columns of
        :func:`~cna_viz.analysis.statistics.paired.compare`; Holm's correction is for the seven effects.

    Raises:
        UsageError: When a slot is missing, or there are fewer than two pairs.
    """
    table = check_factorial(table)
    names = ["".join(steps) for size in (1, 2, 3) for steps in combinations("CNA", size)]
    samples, metric = {name: _contrast(table, name) for name in names}, table.attrs.get("metric", "accuracy")
    found = verdict_table(samples, level=level, margin=margin, metric=metric, seed=seed).rename_axis("effect")
    found.attrs |= table.attrs
    return found


def check_factorial(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the eight slots; raises :class:`~cna_viz.errors.UsageError` where one is missing."""
    missing = [slot for slot in COMPONENTS if slot not in table.columns]
    if missing:
        raise UsageError(f"a factorial needs all of {', '.join(COMPONENTS)}; missing: {', '.join(missing)}")
    return table[list(COMPONENTS)]


def _contrast(table: pd.DataFrame, effect: str) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    signs = {slot: (-1) ** len(set(effect) - set(steps)) for slot, steps in COMPONENTS.items()}
    total = sum(sign * table[slot].to_numpy(dtype=float) for slot, sign in signs.items())
    return np.asarray(total, dtype=float) / 4
