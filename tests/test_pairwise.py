"""A sample of combinations covers every pair with few rows, the same each time; the rest of a marked test is slow."""

from collections import Counter
from itertools import combinations, product

import pytest

from tests.pairwise import covering_rows

Row = tuple[object, ...]


def covered(rows: list[Row], strength: int) -> set[tuple[tuple[int, object], ...]]:
    return {values for row in rows for values in combinations(enumerate(row), strength)}


@pytest.mark.parametrize(
    ("sizes", "strength", "most"),
    [
        ((5, 4, 3), 2, 20),
        ((2, 2, 2), 2, 4),
        ((11, 3, 3, 3), 2, 35),
        ((3, 3, 3, 3), 2, 12),
        ((7, 1), 2, 7),
        ((20, 3), 1, 20),
        ((2, 2, 2), 3, 8),
    ],
)
def test_everything_is_covered_by_a_few(sizes: tuple[int, ...], strength: int, most: int) -> None:
    rows: list[Row] = list(product(*map(range, sizes)))
    numbers = covering_rows(rows, strength)
    assert covered([rows[number] for number in numbers], strength) == covered(rows, strength)
    assert len(numbers) <= most
    assert numbers == sorted(set(numbers)) == covering_rows(rows, strength)


def test_every_value_once_is_not_always_with_the_same() -> None:
    rows: list[Row] = list(product(range(20), range(3)))
    assert min(Counter(rows[number][1] for number in covering_rows(rows, 1)).values()) >= 4


def test_only_what_occurs_must_be_covered() -> None:
    rows = [("a", 1, "x"), ("a", 2, "x"), ("b", 1, "y")]
    assert covering_rows(rows) == [0, 1, 2]
    assert len(covering_rows([*rows, ("a", 1, "x")])) == 3


def test_degenerate_tables() -> None:
    assert len(covering_rows([("a",), ("b",), ("a",)])) == 2
    assert covering_rows([]) == []


# What pytest makes of it


@pytest.mark.sampled("pair")
@pytest.mark.parametrize("pair", [(a, b) for a in "abc" for b in "xy"])
@pytest.mark.parametrize("other", [[], {}])  # which have no hash
def test_marked(pair: tuple[str, str], other: object) -> None:
    assert pair


def test_what_the_sample_leaves_out_is_slow(request: pytest.FixtureRequest) -> None:
    names = [item.name for item in request.session.items if item.name.startswith("test_marked[")]
    if len(names) == 1 or request.config.option.keyword:
        pytest.skip("not all combinations were collected")
    assert len(names) == (6 if request.config.option.markexpr == "not slow" else 12)
