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
    assert sentences[0].startswith("features and gradient intact before training: 1 of 1 run fits")
    assert sentences[1].startswith(
        "only the gradient vanished before training: 0 of 1 run fits its training nodes (mean training accuracy 20 %)"
    )
    assert sentences[2].startswith("only the features collapsed before training: 1 of 2 runs fit")
    assert sentences[3].startswith("both before training: 0 of 1 run fits")
    assert sentences[4] == (
        "with only a vanished gradient, 0 of 1 run fits; with only collapsed features, 1 of 2 runs fit"
    )
    assert sentences[5] == (
        "features collapse in 3 runs before training; training recovers 1 of them, and those of 0 of the other 2 "
        "collapse in it"
    )
    assert sentences[6] == ("of the 2 runs that fit, 0 lost more than 10 points from training to test (median −4.0)")


def test_what_did_not_occur_is_said(run: Run) -> None:
    assert collapse_findings([run()])[1] == (
        "no run has one of the two without the other: these runs can't tell them apart"
    )
    alone = collapse_findings([run(start=COLLAPSED)])
    assert alone[1] == "with only collapsed features, 1 of 1 run fits; no run has only a vanished gradient"
    assert "features collapse in no run, before or after training" in collapse_findings([run()])
    assert "no run fits its training nodes" in collapse_findings([run(train=0.1)])[-1]


def test_who_fits_and_fails_in_the_test_is_no_matter_of_optimisation(run: Run) -> None:
    sentence = collapse_findings([run(test=0.5), run(seed=1)])[-1]
    assert sentence.startswith("of the 2 runs that fit, 1 lost more than 10 points from training to test (median −26.5")
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
    assert sentence.startswith("**slot cna** instead of relu: 1 instead of 0 of 1 run fits")


def test_the_answer_follows_from_the_runs_that_fail(run: Run) -> None:
    text = "; ".join(which_collapse([run(seed=1, start=COLLAPSED, train=0.1), run(seed=2, start=BOTH)]))
    assert "1 of 2 runs don't fit" in text
    assert "a vanished gradient is not the cause" in text
    assert "collapsed features are not the cause" not in text
    assert "1 run fits despite collapsed features" in text
    assert "1 run fits despite a vanished gradient" in text
    text = "; ".join(which_collapse([run(seed=1, start=VANISHED, train=0.1), run(seed=2, train=0.1)]))
    assert "collapsed features are not the cause" in text
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


@pytest.mark.parametrize("find", [collapse_findings, which_collapse, collapse_summary])
def test_no_runs_are_refused(find: Callable[..., object]) -> None:
    with pytest.raises(UsageError, match="no runs to report on"):
        find([])
    with pytest.raises(UsageError, match="no runs to report on"):
        remedy_findings([], "slot")


NAN = float("nan")
UNKNOWN = (NAN, 5.0)
NOT_COUNTED = "not counted: {}, diverged or without these measures"


@pytest.mark.parametrize(
    ("runs", "words"),
    [
        (
            [{}],
            [
                "1 of 1 run fits its training nodes",
                "none of them had collapsed features or a vanished gradient to begin with",
            ],
        ),
        (
            [{"start": BOTH}, {}],
            [
                "2 of 2 runs fit their training nodes",
                "1 run fits despite collapsed features, which need not be final",
                "1 run fits despite a vanished gradient, which need not be final",
            ],
        ),
        ([{"start": UNKNOWN}, {"start": UNKNOWN}], [NOT_COUNTED.format("2 runs")]),
        (
            [{"train": 0.1}],
            [
                "1 of 1 run doesn't fit its training nodes",
                "before training, 1 of these had neither: something else fails, perhaps too few epochs",
            ],
        ),
        (
            [{"start": BOTH, "train": 0.1}, {"start": UNKNOWN}],
            [
                "1 of 1 run doesn't fit its training nodes",
                "before training, 1 of these had both: these can't tell the causes apart",
                NOT_COUNTED.format("1 run"),
            ],
        ),
    ],
)
def test_which_collapse_at_the_ends(run: Run, runs: list[dict[str, object]], words: list[str]) -> None:
    assert which_collapse([run(seed=seed, **given) for seed, given in enumerate(runs)]) == words


FITS = "features and gradient intact before training: {} training nodes (mean training accuracy {} %)"


@pytest.mark.parametrize(
    ("runs", "place", "words"),
    [
        ([{}], 0, FITS.format("1 of 1 run fits its", 99)),
        ([{"train": 0.2}, {"train": 0.3}], 0, FITS.format("0 of 2 runs fit their", 25)),
        ([{"train": NAN}, {}], 0, "features and gradient intact before training: 1 of 2 runs fit their training nodes"),
        ([{"later": COLLAPSED}, {}], 2, "features collapse in no run before training, and in 1 of 2 runs during it"),
        ([{"start": COLLAPSED}], 2, "features collapse in 1 run before training; training recovers 0 of them"),
        ([{"start": UNKNOWN}], 1, "whether training recovers collapsed features is unknown"),
        (
            [{"test": 0.89}],
            3,
            "of the 1 run that fits, 0 lost more than 10 points from training to test (median −10.0)",
        ),
        ([{"test": NAN}], 3, "the 1 run that fits has no test score, so nothing here is about generalization"),
        (
            [{"test": NAN}, {"test": 0.5}],
            3,
            "of the 2 runs that fit, 1 lost more than 10 points from training to test (median −49.0); "
            "1 without a test score; that is not a failure of optimization",
        ),
        (
            [{"train": 0.9, "test": 0.95}],
            3,
            "of the 1 run that fits, 0 lost more than 10 points from training to test (median +5.0)",
        ),
    ],
)
def test_collapse_findings_at_the_ends(run: Run, runs: list[dict[str, object]], place: int, words: str) -> None:
    assert collapse_findings([run(seed=seed, **given) for seed, given in enumerate(runs)])[place] == words


def test_remedies_at_the_ends(run: Run) -> None:
    before, after = run(start=UNKNOWN, train=0.1), run(residual=True)
    said = "**residual True** instead of False: 1 instead of 0 of 1 run fits; "
    assert remedy_findings([before, after], "residual") == [f"{said}the state before training is unknown"]
    more = [before, after, run(seed=1, start=BOTH, train=0.1), run(seed=1, residual=True)]
    assert remedy_findings(more, "residual") == [
        "**residual True** instead of False: 2 instead of 0 of 2 runs fit; before training, the gradient vanishes in "
        "0 instead of 1 and features collapse in 0 instead of 1 (unknown for 1 pair)"
    ]
    assert remedy_findings([run()], "clusters") == ["clusters has no effect in these runs: nothing to compare"]
    assert remedy_findings([run(), run("cna")], "clusters") == ["all runs have the same clusters: nothing to compare"]
