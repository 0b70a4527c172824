"""Which collapse is which: quadrants by the thresholds, sentences by the counts."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cna_viz.analysis.sentences.collapse_findings import (
    collapse_findings,
    collapse_summary,
    remedy_findings,
    which_collapse,
)
from cna_viz.analysis.tables.collapse import SELECTED, START, collapse_table, quadrant
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Make = Callable[..., Record]
FINE, VANISHED, COLLAPSED, BOTH = (1.0, 5.0), (1e-5, 5.0), (1.0, 1.2), (1e-5, 1.2)


@pytest.fixture
def run(make: Make) -> Callable[..., Record]:
    """Return ``run(slot, seed, start, later, train, test)``: gradient and rank before training and as selected."""

    def run(
        slot: str = "relu",
        seed: int = 0,
        start: tuple[float, float] = FINE,
        later: tuple[float, float] | None = None,
        train: float = 0.99,
        test: float = 0.95,
        **model: object,
    ) -> Record:
        record = make(slot, seed=seed, accuracy={"train": train, "val": test, "test": test}, classes=4)
        for epoch, (gradient, rank) in ((0, start), (record.best_epoch, later or start)):
            record.metrics["gradient_norm"].loc[{"epoch": epoch, "layer": [1, 3], "stage": "conv"}] = [2 * gradient, 2]
            record.metrics["effective_rank"].loc[{"epoch": epoch, "layer": 3, "stage": "conv"}] = rank
        changed = record.config.replace(model=record.config.model.replace(**model))
        found = dataclasses.replace(record, config=changed)
        vars(found)["metrics"] = record.metrics
        return found

    return run


Run = Callable[..., Record]


@pytest.mark.parametrize(
    ("gradient", "rank", "name"),
    [
        (0.01, 2.0, "neither"),
        (0.0099, 2.0, "gradient vanishes"),
        (0.01, 1.99, "features collapse"),
        (0.0, 0.0, "both"),
        (1e9, 50.0, "neither"),
        (np.nan, 2.0, None),
        (1.0, np.nan, None),
    ],
)
def test_quadrants(gradient: float, rank: float, name: str | None) -> None:
    assert quadrant(gradient, rank) == name


def test_a_row_per_run_and_model(run: Run) -> None:
    records = [run(start=BOTH, later=FINE, train=0.3), run("cna", start=VANISHED)]
    table = collapse_table([*records, records[0]]).set_index(["slot", "model"])
    assert len(table) == 4
    assert table.loc[("relu", START), "gradient"] == pytest.approx(1e-5)
    assert table.loc[("relu", START), "quadrant"] == "both"
    assert table.loc[("relu", SELECTED), "quadrant"] == "neither"
    assert table.loc[("cna", START), "quadrant"] == "gradient vanishes"
    assert table["fitted"].tolist() == [False, False, True, True]
    assert table["arm"].tolist() == ["relu", "relu", "cna", "cna"]


@pytest.mark.parametrize(("train", "fits"), [(0.84, False), (0.86, True), (float("nan"), False)])
def test_fitting_is_four_fifths_of_the_way_from_guessing(run: Run, train: float, fits: bool) -> None:
    # four classes: guessing is right in a quarter, so that 0.85 is the bound
    assert collapse_table([run(train=train)])["fitted"].tolist() == [fits, fits]


def test_a_gradient_that_arrives_nowhere_and_a_network_of_one_layer(make: Make) -> None:
    dead, single = make("relu"), make("relu", 1)
    dead.metrics["gradient_norm"][:] = 0
    table = collapse_table([dead, single])
    assert table["gradient"].isna().tolist() == [True, True, False, False]
    assert table["gradient"].tolist()[2:] == [1, 1]


def test_running_statistics_are_looked_at_once_they_are_there(make: Make) -> None:
    record = make("batchnorm")
    record.metrics["effective_rank"].loc[{"layer": 3, "stage": "conv"}] = [1.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert collapse_table([record])["rank"].tolist() == [4.0, 8.0]
    plain = make("relu")
    plain.metrics["effective_rank"].loc[{"layer": 3, "stage": "conv"}] = [1.0, 4.0, 5.0, 6.0, 7.0, 8.0]
    assert collapse_table([plain])["rank"].tolist() == [1.0, 8.0]


def test_counts_by_what_the_untrained_network_had(run: Run) -> None:
    records = [
        run(seed=0),
        run(seed=1, start=VANISHED, train=0.2),
        run(seed=2, start=COLLAPSED, train=0.2),
        run(seed=3, start=COLLAPSED, later=FINE),
        run(seed=4, start=BOTH, train=0.1),
    ]
    sentences = collapse_findings(records)
    assert sentences[0].startswith("features and gradient intact before training: 1 of 1 run fit")
    assert sentences[1].startswith(
        "only the gradient vanished before training: 0 of 1 run fit their training nodes (mean training accuracy 20"
    )
    assert sentences[2].startswith("only the features collapsed before training: 1 of 2 runs fit")
    assert sentences[3].startswith("both before training: 0 of 1 run fit")
    assert sentences[4] == "with only a vanished gradient, none fit; with only collapsed features, 50 % fit"
    assert sentences[5] == (
        "features collapse in 3 runs before training; training recovers 1 of them, and 0 others collapse during "
        "training"
    )
    assert sentences[6].endswith("every run that fits also generalizes")


def test_what_did_not_occur_is_said(run: Run) -> None:
    assert collapse_findings([run()])[1] == (
        "no run has one of the two without the other: these runs can't tell them apart"
    )
    alone = collapse_findings([run(start=COLLAPSED)])
    assert alone[1] == "with only collapsed features, all fit; no run has only a vanished gradient"
    assert "features collapse in no run, before or after training" in collapse_findings([run()])
    assert "no run fits its training nodes" in collapse_findings([run(train=0.1)])[-1]


def test_who_fits_and_fails_in_the_test_is_no_matter_of_optimisation(run: Run) -> None:
    sentence = collapse_findings([run(test=0.5), run(seed=1)])[-1]
    assert sentence.startswith("of the 2 runs that fit, 1 lost more than 10 points from training to test (median 26.5")
    assert sentence.endswith("that is not a failure of optimization")


def test_diverged_runs_are_counted_apart(run: Run, make: Make) -> None:
    gone = make("cna", epochs=1, status="diverged", accuracy={}, best_epoch=1)
    gone.metrics["gradient_norm"][:] = np.nan
    assert collapse_findings([run(), gone])[-1] == "not counted: 1 run, diverged or without these measures"


def test_a_remedy_is_what_pairs_show_that_differ_in_nothing_else(run: Run) -> None:
    records = [
        run(seed=0, start=BOTH, train=0.1),
        run(seed=1, start=BOTH, train=0.1),
        run(seed=0, start=COLLAPSED, train=0.9, residual=True),
        run(seed=1, start=COLLAPSED, train=0.2, residual=True),
        run("cna", seed=7),  # without a partner
    ]
    assert remedy_findings(records, "residual") == [
        "**residual True** instead of False: 1 instead of 0 of 2 runs fit; before training, the gradient vanishes in "
        "0 instead of 2 and features collapse in 2 instead of 2"
    ]
    assert remedy_findings(records[:4], "init") == ["all runs have the same init: nothing to compare"]
    assert remedy_findings([records[0], records[4]], "slot") == [
        "**slot cna** instead of relu: no pairs of runs that differ in nothing else"
    ]
    with pytest.raises(UsageError, match="unknown setting 'residuals'"):
        remedy_findings(records, "residuals")


def test_slots_make_pairs_although_one_of_them_has_clusters(run: Run) -> None:
    (sentence,) = remedy_findings([run(start=BOTH, train=0.1), run("cna")], "slot")
    assert sentence.startswith("**slot cna** instead of relu: 1 instead of 0 of 1 run fit")


def test_the_answer_follows_from_the_runs_that_fail(run: Run) -> None:
    (text,) = which_collapse([run(), run(seed=1)])
    assert text.startswith("all 2 runs fit their training nodes")
    text = "; ".join(which_collapse([run(seed=1, start=COLLAPSED, train=0.1), run(seed=2, start=BOTH)]))
    assert "1 of 2 runs don't fit" in text
    assert "the gradient is not the cause" in text
    assert "smoothing is not the cause" not in text
    assert "1 run fit despite collapsed features" in text
    assert "1 run fit despite a vanished gradient" in text
    text = "; ".join(which_collapse([run(seed=1, start=VANISHED, train=0.1), run(seed=2, train=0.1)]))
    assert "smoothing is not the cause" in text
    assert "something else fails" in text
    assert "despite" not in text


def test_the_summary_has_a_row_per_arm_ready_to_be_read(run: Run, make: Make) -> None:
    records = [run(seed=0, start=(1e-4, 2.0), train=0.1), run(seed=1, start=(1e-6, 3.0), train=0.9), run("cna")]
    table = collapse_summary(records)
    assert list(table.index) == ["relu", "cna"]
    assert table.loc["relu"].to_dict() == {
        "gradient": "1e-05",
        "rank": 2.5,
        "rank later": 2.5,
        "training %": 50,
        "test %": 95,
        "fit": "1/2",
    }
    with pytest.raises(UsageError, match="a summary is of one depth, not of depths 2, 4"):
        collapse_summary([make("relu", 2), make("relu", 4)])
