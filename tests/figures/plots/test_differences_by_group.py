"""Differences by group: the numbers of the comparison of groups, in points."""

from collections.abc import Callable

import numpy as np
import pytest

from cna_viz.analysis.tables.comparison import group_runs
from cna_viz.analysis.tables.groups import compare_groups
from cna_viz.errors import UsageError
from cna_viz.figures import plot_differences_by_group
from cna_viz.figures.style.theme import SLOT_STYLES
from cna_viz.records.record import Record
from tests.figures.plots.test_accuracy_by_setting import having

Make = Callable[..., Record]


@pytest.fixture
def records(make: Make) -> list[Record]:
    """Return two backbones by three slots by four seeds."""
    shifts = {"relu": 0.0, "cna": 0.05, "n": 0.001}
    return [
        having(
            make(slot, seed=s), 0.5 + 0.01 * s**2 + shift * (1 if backbone == "gcn" else -(s % 2)), backbone=backbone
        )
        for backbone in ("gcn", "gat")
        for slot, shift in shifts.items()
        for s in range(4)
    ]


def test_rows_are_the_differences_within_each_group(records: list[Record]) -> None:
    figure = plot_differences_by_group(records, ["backbone"])
    found = compare_groups(group_runs(records, ["backbone"]), "relu")
    for arm in ("cna", "n"):
        trace = next(t for t in figure.data if t.name == SLOT_STYLES[arm].label)
        np.testing.assert_allclose(trace.x, 100 * found.xs(arm, level="arm")["difference"])
        assert [row[3] for row in trace.customdata] == list(found.xs(arm, level="arm")["verdict"])
    assert list(figure.layout.yaxis.ticktext) == ["backbone gcn", "backbone gat"]
    assert figure.layout.xaxis.title.text == "test accuracy in points: arm − relu"
    assert figure.layout.title.text == "Does the difference from relu depend on the backbone?"
    assert "in each group 4 pairs of the same split and seed" in figure.layout.annotations[-1].text
    assert (
        "for all 4 together<br>inconclusive also because of too few pairs (4 of 6): backbone g"
        in figure.layout.annotations[-1].text
    )


def test_arms_can_be_chosen(records: list[Record]) -> None:
    figure = plot_differences_by_group(records, ["backbone"], arms=["cna"])
    assert SLOT_STYLES["n"].label not in {trace.name for trace in figure.data}


def test_graphs_of_two_scores_share_the_axis_and_that_is_said(make: Make) -> None:
    records = [
        make(slot, seed=s, dataset=dataset, snapshots="none")
        for dataset in ("karate", "minesweeper")
        for slot in ("relu", "cna")
        for s in range(2)
    ]
    figure = plot_differences_by_group(records)
    assert figure.layout.xaxis.title.text == "test score in points: arm − relu"
    assert "scores: karate accuracy, minesweeper ROC AUC" in figure.layout.annotations[-1].text
    assert figure.layout.title.text == "Does the difference from relu depend on the graph?"


def test_what_diverged_is_left_out_and_said(make: Make) -> None:
    records = [make(slot, seed=s) for slot in ("relu", "n") for s in range(2)]
    gone = [make("cna", seed=s, accuracy={}, status="diverged") for s in range(2)]
    figure = plot_differences_by_group([*records, *gone])
    assert "cna (2 diverged)" in figure.layout.annotations[-1].text


def test_nothing_and_unknown_names_are_refused(make: Make, records: list[Record]) -> None:
    with pytest.raises(UsageError, match="no records"):
        plot_differences_by_group([])
    with pytest.raises(UsageError, match="unknown setting 'backbon'"):
        plot_differences_by_group(records, ["backbon"])
    with pytest.raises(UsageError, match=r"unknown arm of group .*'rleu'"):
        plot_differences_by_group(records, ["backbone"], "rleu")
    with pytest.raises(UsageError, match="unknown split 'tset'"):
        plot_differences_by_group(records, split="tset")
