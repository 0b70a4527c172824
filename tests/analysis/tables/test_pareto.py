"""The front of size and score, and the table that it is made from."""

import dataclasses

import pandas as pd
import pytest

from cna_viz.analysis.tables.pareto import cost_table, pareto_front
from cna_viz.errors import UsageError
from tests.analysis.conftest import Make
from tests.figures.plots.test_accuracy_by_setting import having


def front(sizes: list[float], scores: list[float], metric: str = "accuracy") -> list[bool]:
    return pareto_front(pd.Series(sizes), pd.Series(scores), metric)


@pytest.mark.parametrize(
    ("sizes", "scores", "wanted"),
    [
        ([1, 2, 3], [0.1, 0.2, 0.3], [True, True, True]),
        ([1, 2, 3], [0.3, 0.2, 0.1], [True, False, False]),
        ([1, 2, 3], [0.2, 0.2, 0.3], [True, False, True]),  # as good, but larger
        ([2, 2], [0.2, 0.3], [False, True]),  # as small, but worse
        ([2, 2], [0.3, 0.3], [True, True]),  # equal in both
        ([5], [0.0], [True]),
    ],
)
def test_no_other_is_as_small_and_as_good(sizes: list[float], scores: list[float], wanted: list[bool]) -> None:
    assert front(sizes, scores) == wanted


def test_of_an_error_less_is_better() -> None:
    assert front([1, 2, 3], [0.3, 0.2, 0.25], "nmse") == [True, True, False]


def test_the_front_is_that_of_validation(make: Make) -> None:
    lucky = make("relu", accuracy={"train": 0.5, "val": 0.5, "test": 0.9})
    chosen = make("cna", accuracy={"train": 0.5, "val": 0.6, "test": 0.6})
    table = cost_table([lucky, chosen]).set_index("arm")
    assert table["front"].to_dict() == {"relu": False, "cna": True}
    assert table["mean"].to_dict() == {"relu": 0.9, "cna": 0.6}


def test_seeds_are_averaged_and_a_run_that_stands_twice_counts_once(make: Make) -> None:
    records = [make("cna", seed=s, accuracy=0.5 + 0.1 * s) for s in range(3)]
    table = cost_table([*records, records[2]])
    assert table["mean"].tolist() == [pytest.approx(0.6)]
    assert table["count"].tolist() == [3]
    assert table["parameters"].tolist() == [100]


def test_a_run_that_was_recorded_in_two_ways_counts_once(make: Make) -> None:
    records = [make("cna", seed=s, accuracy=0.5 + 0.1 * s) for s in range(3)]
    others = [having(record, every=5) for record in records]
    assert len({record.config.run_id for record in [*records, *others]}) == 6
    assert cost_table([*records, *others])["count"].tolist() == [3]


@pytest.mark.parametrize(
    ("along", "message"),
    [
        (("slot",), "slot = 'cna' is not a number"),
        (("hidden", "compile"), "compile = .* is not a number"),
        (("widht",), "unknown setting 'widht'; choices, nearest first: "),
    ],
)
def test_what_is_no_setting_of_numbers_is_refused(make: Make, along: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        cost_table([make("cna"), make("relu")], along)


def test_no_runs_are_refused() -> None:
    with pytest.raises(UsageError, match="no records with scores and numbers of parameters"):
        cost_table([])


def test_a_network_with_a_run_without_a_number_is_left_out_whole(make: Make) -> None:
    records = [make("cna", seed=0, accuracy=0.5), make("cna", seed=1, accuracy={}, status="diverged")]
    unknown = make("n")
    unknown = dataclasses.replace(unknown, summary={**unknown.summary, "parameters": None})
    table = cost_table([*records, unknown, make("relu")])
    assert table["arm"].tolist() == ["relu"]
    assert table.attrs["left_out"] == 3


def test_an_old_record_without_the_number_is_no_error(make: Make) -> None:
    old = make("cna")
    summary = {name: value for name, value in old.summary.items() if name != "parameters"}
    assert cost_table([dataclasses.replace(old, summary=summary), make("relu")])["arm"].tolist() == ["relu"]
    with pytest.raises(UsageError, match="none of these 1 runs has both"):
        cost_table([dataclasses.replace(old, summary=summary)])
