"""The same comparison in several groups: pairs within, one correction for all, and sentences that follow."""

import numpy as np
import pytest

from cna_viz.analysis.sentences.group_findings import count_findings, group_findings
from cna_viz.analysis.statistics.paired import compare
from cna_viz.analysis.tables.comparison import group_runs, paired_table, short_names
from cna_viz.analysis.tables.groups import compare_groups, standing_table
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from tests.analysis.conftest import Make
from tests.figures.plots.test_accuracy_by_setting import having

SEEDS = 9


@pytest.fixture
def records(make: Make) -> list[Record]:
    """Return two backbones; with gcn CNA gains five points and n nothing, with gat CNA loses five."""
    rng = np.random.default_rng(0)
    shifts = {("gcn", "cna"): 0.05, ("gat", "cna"): -0.05}
    return [
        having(
            make(slot, seed=s),
            0.5 + 0.02 * s + shifts.get((backbone, slot), 0) + 0.001 * float(rng.standard_normal()),
            backbone=backbone,
        )
        for backbone in ("gcn", "gat")
        for slot in ("relu", "cna", "n")
        for s in range(SEEDS)
    ]


def test_differences_are_those_within_each_group_and_the_correction_is_for_all(records: list[Record]) -> None:
    groups = group_runs(records, ["backbone"])
    found = compare_groups(groups, "relu")
    for group, members in groups.items():
        alone = compare(paired_table(members), "relu")
        rows = found.loc[group]
        np.testing.assert_allclose(rows["difference"], alone.loc[rows.index, "difference"])
        assert (rows["p"] >= alone.loc[rows.index, "p"]).all()
    assert len(found.attrs["samples"]) == len(found) == 4
    assert found["verdict"].tolist() == ["better", "equal (±1)", "worse", "equal (±1)"]


def test_sentences_and_counts(records: list[Record]) -> None:
    found = compare_groups(group_runs(records, ["backbone"]), "relu")
    first, second = group_findings(found)
    assert first.startswith("**backbone gcn**, compared with relu — better: cna (+4.9 points [")
    assert "equal within 1 point: n (" in first
    assert second.startswith("**backbone gat**, compared with relu — worse: cna (−")
    assert count_findings(found) == [
        "**cna** compared with relu, in 2 groups: better in 1 (backbone gcn) and worse in 1 (backbone gat)",
        "**n** compared with relu, in 2 groups: equal in 2 (backbone gcn and backbone gat)",
    ]


def test_identical_and_diverged_arms_are_said(make: Make) -> None:
    records = [make(slot, seed=s) for slot in ("relu", "n") for s in (0, 1)]
    gone = [make("cna", seed=s, accuracy={}, status="diverged") for s in (0, 1)]
    same, left = group_findings(compare_groups(group_runs([*records, *gone]), "relu"))
    assert same.endswith("compared with relu — identical in every pair: n (+0.0 points [+0.0, +0.0])")
    assert left == "left out: digits, random-60-20-20: cna (2 runs diverged)"


def test_arms_can_be_chosen(records: list[Record]) -> None:
    found = compare_groups(group_runs(records, ["backbone"]), "relu", arms=["cna"])
    assert list(found.index.get_level_values("arm")) == ["cna", "cna"]


def test_an_arm_of_no_group_is_refused_and_one_of_some_groups_or_that_diverged_is_not(
    make: Make, records: list[Record]
) -> None:
    groups = group_runs(records, ["backbone"])
    with pytest.raises(UsageError, match="unknown arm 'typo'; choices, nearest first: "):
        compare_groups(groups, "relu", arms=["cna", "typo"])
    first, *others = groups
    groups = {first: groups[first], **{other: [r for r in groups[other] if r.config.slot != "n"] for other in others}}
    gone = [make("na", seed=s, accuracy={}, status="diverged") for s in range(SEEDS)]
    groups[first] += [having(record, backbone="gcn") for record in gone]
    found = compare_groups(groups, "relu", arms=["cna", "n", "na"])
    assert list(found.index.get_level_values("arm")) == ["cna", "n", "cna"]


def test_what_can_not_be_compared_is_refused(make: Make, records: list[Record]) -> None:
    groups = group_runs(records, ["backbone"])
    with pytest.raises(UsageError, match="unknown arm of group digits, random-60-20-20, backbone gcn 'rleu'"):
        compare_groups(groups, "rleu")
    with pytest.raises(UsageError, match="no arm to compare with 'relu'"):
        compare_groups(groups, "relu", arms=["relu"])
    with pytest.raises(UsageError, match="runs of 'relu' diverged in group g"):
        compare_groups({"g": [make("relu", accuracy={}, status="diverged"), make("cna")]}, "relu")


def test_errors_beside_shares_are_refused(make: Make) -> None:
    accuracy = [make(slot, seed=s) for slot in ("relu", "cna") for s in (0, 1)]
    errors = [having(record, dataset="chameleon-traffic") for record in accuracy]
    for record in errors:
        record.summary["nmse"] = {"test": 0.3}
    with pytest.raises(UsageError, match="scores accuracy and nmse can't be put on one scale"):
        compare_groups(group_runs([*accuracy, *errors]), "relu")


def test_short_names_leave_out_what_is_shared() -> None:
    names = ["csbm, random, csbm_homophily 0.1", "csbm, random, csbm_homophily 0.9"]
    assert list(short_names(names).values()) == ["csbm homophily 0.1", "csbm homophily 0.9"]
    assert short_names(["digits, random"]) == {"digits, random": "digits, random"}
    assert list(short_names(["texas, geom-gcn", "minesweeper, public"]).values()) == ["texas", "minesweeper"]
    several = ["cora, public, layers 2", "cora, public, layers 8", "cora, random, layers 2"]
    assert list(short_names(several).values()) == ["public, layers 2", "public, layers 8", "random, layers 2"]


def test_the_table_has_the_mean_and_the_distance_from_each_baseline(records: list[Record]) -> None:
    table = standing_table([r for r in records if r.config.model.backbone == "gcn"], ["relu", "n", "nobody"])
    assert list(table.columns) == ["test accuracy (%)", "− relu (points)", "− n (points)"]
    assert table.loc["relu", "− relu (points)"] == ""
    assert table.loc["cna", "− relu (points)"].startswith("+4.9 [")
    assert table.loc["cna", "− relu (points)"].endswith("], better")
    assert table.loc["relu", "test accuracy (%)"].startswith("58.0 [")
