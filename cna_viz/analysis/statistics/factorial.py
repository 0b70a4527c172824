"""The effects of C, N and A: a 2³ factorial design, pair by pair."""

from itertools import combinations
from typing import Final

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.paired import MARGIN, Array, verdict_table
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


STEPS: Final = ("C", "N", "A")
EFFECTS: Final = tuple("".join(steps) for size in (1, 2, 3) for steps in combinations(STEPS, size))
"""The names of the effects: C, N, A, CN, CA, NA and CNA."""


def effects(table: pd.DataFrame, *, level: float = 0.95, margin: float = MARGIN) -> pd.DataFrame:
    r"""Return main effects and interactions of C, N and A on the accuracy.

    All in one unit, the change of the accuracy when a step is switched on. The effect of a step is that change,
    averaged over the four slots of the other two. The interaction of two is how much that change grows when the other
    is switched on, too, averaged over the third; that of three is how much the interaction of two grows with the third:

    .. math:: e_S = 2^{|S| - 3} \sum_{T \subseteq \{C, N, A\}} (-1)^{|S \setminus T|} \, y_T

    (Box, Hunter and Hunter, *Statistics for Experimenters*, divide interactions by :math:`2^{|S| - 1}` once more.)

    Args:
        table: Row per pair, a column for each slot of :data:`COMPONENTS`.
        level: Level of the intervals, for all seven effects together.
        margin: Difference below which an effect counts as none.

    Returns:
        A row per effect of :data:`EFFECTS` with the columns of :func:`.paired.verdict_table`.

    Raises:
        UsageError: When a slot is missing, or there are fewer than two pairs.
    """
    table = check_factorial(table)
    samples = {name: _contrast(table, name) for name in EFFECTS}
    return verdict_table(samples, table.attrs, level=level, margin=margin).rename_axis("effect")


def simple_effects(table: pd.DataFrame, *, level: float = 0.95, margin: float = MARGIN) -> pd.DataFrame:
    """Return what switching on each step changes beside each choice of the other two.

    Args:
        table: As in :func:`effects`.
        level: Level of the intervals, for all twelve together.
        margin: Difference below which an effect counts as none.

    Returns:
        A row per ``step`` and ``beside``, the other steps that are on (empty, such as ``N``, or ``NA``), with the
        columns of :func:`.paired.verdict_table`.
    """
    table = check_factorial(table)
    slots = {steps: table[slot].to_numpy(dtype=float) for slot, steps in COMPONENTS.items()}
    samples = {
        (step, beside): slots["".join(s for s in STEPS if s in beside + step)] - slots[beside]
        for step in STEPS
        for beside in slots
        if step not in beside
    }
    found = verdict_table(samples, table.attrs, level=level, margin=margin)
    return found.rename_axis(["step", "beside"])


def check_factorial(table: pd.DataFrame) -> pd.DataFrame:
    """Return the columns of the eight slots; raises :class:`~cna_viz.errors.UsageError` where one is missing."""
    missing = [slot for slot in COMPONENTS if slot not in table.columns]
    if missing:
        raise UsageError(f"a factorial needs all of {', '.join(COMPONENTS)}; missing: {', '.join(missing)}")
    return table[list(COMPONENTS)]


def _contrast(table: pd.DataFrame, effect: str) -> Array:
    signs = {slot: (-1) ** len(set(effect) - set(steps)) for slot, steps in COMPONENTS.items()}
    total = sum(sign * table[slot].to_numpy(dtype=float) for slot, sign in signs.items())
    contrast: Array = np.asarray(total, dtype=float) / 2 ** (3 - len(effect))
    return contrast
