"""A few combinations in place of all: any two values of two factors still meet in one of them."""

from collections.abc import Hashable, Sequence
from itertools import combinations
from random import Random


def covering_rows(rows: Sequence[Sequence[Hashable]], strength: int = 2) -> list[int]:
    """Return the numbers of a few rows in which every ``strength`` values that meet in any row meet as well.

    Greedy: next comes the row with most that is new, ties in a shuffled order. The same rows give the same answer.

    Args:
        rows: The value of each factor, one row per combination.
        strength: How many values must meet: 2 for every pair, 1 for every value.
    """
    missing = [set(combinations(enumerate(row), min(strength, len(row)))) for row in rows]
    order = Random(0).sample(range(len(rows)), len(rows))
    chosen = []
    while any(missing):
        best = max(order, key=lambda number: len(missing[number]))
        chosen.append(best)
        covered = missing[best]
        missing = [values - covered for values in missing]
    return sorted(chosen)
