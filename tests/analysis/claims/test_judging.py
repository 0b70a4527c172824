"""Verdicts on synthetic records: every kind, every verdict, and whatever may be missing."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cna_viz.analysis.claims import Evidence, Plan, gather, judge, judge_all, ledger, with_numbers
from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.analysis.statistics.welch import welch_interval
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Make = Callable[..., Any]
OWN = {"split": "random-60-20-20"}


@pytest.mark.parametrize(
    ("fair", "own", "wanted"),
    [
        ([90.0, 90.5, 91.0, 90.0, 90.5], [80.0, 80.5, 81.0, 80.0, 80.5], "reproduced"),
        ([80.0, 80.5, 81.0, 80.0, 80.5], [90.0, 90.5, 91.0, 90.0, 90.5], "only under its own split"),
        ([80.0, 80.5, 81.0, 80.0, 80.5], [80.1, 80.6, 81.1, 80.1, 80.6], "not reproduced"),
        ([50.0, 80.0, 99.0, 50.0, 80.0], [90.0, 90.5, 91.0, 90.0, 90.5], "undecided"),
    ],
)
def test_levels(make_claim: Make, plan: Plan, recorded: Make, fair: list[float], own: list[float], wanted: str) -> None:
    claim = make_claim("level", own=OWN)
    judged = judge(claim, plan, recorded(claim, plan, fair={"arm": fair}, own={"arm": own}))
    assert judged.verdict == wanted
    assert judged.fair is not None
    assert judged.own is not None
    for found, values in ((judged.fair, fair), (judged.own, own)):
        wanted_interval = confidence_interval(values, bounds=(0, 100))
        assert found.interval is not None
        assert vars(found.interval) == pytest.approx(vars(wanted_interval))
        assert len(found.records) == 5
    assert (judged.fair.made, judged.own.made) == ("relu on random-80-10-10", "relu on random-60-20-20")
    assert judged.why.startswith("fair split: ")
    assert "; its own split: " in judged.why


def test_differences_are_paired_by_seed(make_claim: Make, plan: Plan, recorded: Make) -> None:
    claim = make_claim("difference")
    values = {
        "arm": [95.0, 70.0, 82.0, 60.0, 90.0],
        "baseline": [84.5, 60.0, 72.0, 50.0, 80.0],
    }  # unpaired they would say nothing
    judged = judge(claim, plan, recorded(claim, plan, fair=values))
    assert judged.verdict == "reproduced"
    assert judged.own is None
    assert judged.fair is not None
    assert judged.fair.interval is not None
    assert vars(judged.fair.interval) == pytest.approx(vars(confidence_interval([10.5, 10.0, 10.0, 10.0, 10.0])))
    assert judged.fair.means == pytest.approx({"arm": 397 / 5, "baseline": 346.5 / 5})
    assert judged.fair.made == "cna on random-80-10-10 vs. relu on random-80-10-10"


def test_a_gain_of_two_splits_holds_only_there(make_claim: Make, plan: Plan, recorded: Make) -> None:
    arm = {"published": 90.0, "runs": {"slot": "cna"}, "own": OWN}
    baseline = {"published": 80.0, "runs": {"slot": "relu"}}
    claim = make_claim("difference", arm=arm, baseline=baseline, own={"split": "random-48-32-20"})
    fair = {"arm": [84.0, 85.0, 86.0, 84.0, 85.0], "baseline": [84.1, 84.9, 86.0, 84.1, 84.9]}
    own = {"arm": [90.0, 90.1, 90.2, 90.0, 90.1], "baseline": [80.0, 80.0, 80.2, 80.1, 79.9]}
    judged = judge(claim, plan, recorded(claim, plan, fair=fair, own=own))
    assert judged.verdict == "only under its own split"
    assert judged.own is not None
    assert judged.own.made == "cna on random-60-20-20 vs. relu on random-48-32-20, not paired"
    assert judged.own.interval == welch_interval(own["arm"], own["baseline"])
    assert judged.fair is not None
    assert judged.fair.made == "cna on random-80-10-10 vs. relu on random-80-10-10"


def test_slopes(make_claim: Make, plan: Plan, recorded: Make) -> None:
    claim = make_claim("slope", bound="at most")
    falls = {"arm": [20.0, 40.0, 30.0, 20.0, 40.0], "baseline": [80.0, 81.0, 82.0, 80.0, 81.0]}
    assert judge(claim, plan, recorded(claim, plan, fair=falls)).verdict == "reproduced"
    stays = {"arm": [79.0, 80.0, 81.0, 79.0, 80.0], "baseline": [80.0, 81.0, 82.0, 80.0, 81.0]}
    others = Plan(seeds=(5, 6, 7, 8, 9))
    assert judge(claim, others, recorded(claim, others, fair=stays)).verdict == "not reproduced"


@pytest.mark.parametrize(("stage", "arms"), [("conv", (8, 2)), ("slot", (8, 3))])
def test_trends_are_of_the_last_hidden_layer_of_the_selected_model(
    make_claim: Make, plan: Plan, recorded: Make, stage: str, arms: tuple[int, int]
) -> None:
    deep, shallow = ({"published": 1.0, "stage": stage, "runs": {"layers": layers}} for layers in arms)
    claim = make_claim("trend", arm=deep, baseline=shallow, measure="rayleigh")
    evidence = recorded(claim, plan, fair={"arm": [50.0] * 5, "baseline": [60.0] * 5})
    judged = judge(claim, plan, evidence)
    ratios = []
    for one, other in zip(*plan.configs(claim, "fair").values(), strict=True):
        ends = []
        for config in (one, other):
            record = evidence.records[config.run_id]
            ends.append(
                float(
                    record.metrics["rayleigh"].sel(epoch=record.best_epoch, layer=record.layers - 1, stage=stage).item()
                )
            )
        ratios.append(ends[0] / ends[1])
    assert judged.fair is not None
    assert judged.fair.interval is not None
    assert judged.fair.interval.mean == pytest.approx(float(np.exp(np.mean(np.log(ratios)))))
    assert judged.verdict == "not reproduced"  # published as the same, measured as a fall by far more than 3
    assert ratios[0] < 1 / 3


def test_a_trend_without_a_ratio_says_so(make_claim: Make, plan: Plan, recorded: Make) -> None:
    claim = make_claim("trend")
    evidence = recorded(claim, plan, fair={"arm": [50.0] * 5, "baseline": [60.0] * 5})
    flat = plan.configs(claim, "fair")["arm"][1].run_id
    evidence.records[flat].metrics["dirichlet_sym"][:] = 0.0
    judged = judge(claim, plan, evidence)
    assert judged.verdict == "cannot be tested here"
    assert "dirichlet_sym of the arm is 0 with seed 1: it has no ratio to another" in judged.why


def test_numbers_of_weights_are_exact(make_claim: Make, plan: Plan) -> None:
    claim = make_claim("parameters")
    for convolutions, wanted in ((388440, "reproduced"), (388439, "not reproduced"), (389240, "not reproduced")):
        counts = {"convolutions": convolutions, "slots": 100, "total": convolutions + 100}
        judged = judge(claim, plan, Evidence(counts={claim.id: counts}))
        assert judged.verdict == wanted
        assert f"{convolutions:,} weights of convolutions and 800 that are never used" in judged.why
        assert "100 more" in judged.why
    assert judge(claim, plan, Evidence()).verdict == "cannot be tested here"


def test_what_nothing_can_test_says_why(make_claim: Make, plan: Plan) -> None:
    judged = judge(make_claim("none"), plan, Evidence())
    assert (judged.verdict, judged.why) == ("cannot be tested here", "nobody knows")


@pytest.mark.parametrize("seeds", [0, 1, 2, 4])
def test_fewer_than_five_seeds_give_no_verdict(make_claim: Make, recorded: Make, seeds: int) -> None:
    claim, plan = make_claim("level"), Plan(seeds=tuple(range(seeds)))
    judged = judge(claim, plan, recorded(claim, plan, fair={"arm": [99.0, 98.0, 97.0, 96.0][:seeds]}))
    assert judged.verdict == "undecided"
    assert judged.why == f"fair split: undecided: {seeds} of 5 seeds"
    assert len(judged.measured) == (seeds > 1), "two seeds give an interval, and it is shown"


def test_capped_runs_are_shown_and_not_judged(make_claim: Make, recorded: Make) -> None:
    claim, plan = make_claim("level", runs={"dataset": "karate", "epochs": 400}), Plan(epochs=60)
    judged = judge(claim, plan, recorded(claim, plan, fair={"arm": [99.0, 98.0, 97.0, 98.0, 99.0]}))
    assert judged.verdict == "cannot be tested here"
    assert judged.why == "fair split: not judged: capped at 60 of 400 epochs"
    assert len(judged.measured) == 1


def test_arms_of_the_same_runs_say_so(make_claim: Make, plan: Plan, tmp_path: Path) -> None:
    arm = {"published": 81.6, "runs": {"slot": "n"}, "own": {"slot": "relu"}}
    claim = make_claim(
        "difference", bound="about", arm=arm, baseline={"published": 81.59, "runs": {"slot": "relu"}}, own=OWN
    )
    configs = plan.configs(claim, "own")["arm"]
    records = {config.run_id: synthetic_record(tmp_path, config, accuracy={"test": 0.8}) for config in configs}
    judged = judge(claim, plan, Evidence(records))
    assert judged.own is not None
    assert judged.own.why.endswith("both arms are the same runs, so that their difference says nothing")


def test_the_maximum_test_accuracy_stands_beside_its_own_protocol_only(
    make_claim: Make, plan: Plan, recorded: Make
) -> None:
    claim = make_claim("level", own=OWN, selection="maximum test")
    percent = {"arm": [90.0, 90.5, 91.0, 90.0, 90.5]}
    evidence = recorded(claim, plan, fair=percent, own=percent)
    judged = judge(claim, plan, evidence)
    own = [evidence.records[config.run_id] for config in plan.configs(claim, "own")["arm"]]
    tops = [100 * float(record.metrics["accuracy"].sel(split="test").max()) for record in own]
    assert judged.own is not None
    assert judged.fair is not None
    assert judged.own.highest == confidence_interval(tops, bounds=(0, 100))
    assert judged.fair.highest is None
    assert own[0].best_over_epochs() == (
        tops[0] / 100,
        int(own[0].metrics["accuracy"].sel(split="test").argmax("epoch")),
    )
    assert "maximum test: " in str(ledger([judged])["own split"].iloc[0])


def test_runs_that_are_missing_failed_or_diverged_are_named(
    make_claim: Make, plan: Plan, recorded: Make, tmp_path: Path
) -> None:
    claim = make_claim("level")
    whole = recorded(claim, plan, fair={"arm": [90.0, 91.0, 92.0, 90.0, 91.0]})
    lost = plan.configs(claim, "fair")["arm"][2]
    records = {name: record for name, record in whole.records.items() if name != lost.run_id}
    cases = {
        "1 of 5 runs are missing": replace(whole, records=records),
        "1 of 5 runs failed: no such dataset": replace(whole, records=records, failed={lost.run_id: "no such dataset"}),
        f"1 of 5 runs diverged, the first with seed 2 ({lost.run_id[:8]})": replace(
            whole, records={**records, lost.run_id: synthetic_record(tmp_path / "x", lost, status="diverged")}
        ),
        "the arm has no test accuracy with seed 2": replace(
            whole, records={**records, lost.run_id: synthetic_record(tmp_path / "y", lost, accuracy={})}
        ),
    }
    for why, evidence in cases.items():
        judged = judge(claim, plan, evidence)
        assert judged.verdict == "cannot be tested here"
        assert why in judged.why
        assert judged.measured == []


def test_slow_claims_say_what_they_need_and_are_judged_where_the_runs_exist(
    make_claim: Make, plan: Plan, recorded: Make
) -> None:
    claim = make_claim("slope", slow=True, bound="at most")
    judged = judge(claim, plan, Evidence())
    assert judged.verdict == "cannot be tested here"
    assert "not run: 10 runs per split of up to 8 layers; -p slow true makes them" in judged.why
    assert "are missing" in judge(claim, replace(plan, slow=True), Evidence()).why
    values = {"arm": [20.0, 40.0, 30.0, 20.0, 40.0], "baseline": [80.0, 81.0, 82.0, 80.0, 81.0]}
    assert judge(claim, plan, recorded(claim, plan, fair=values)).verdict == "reproduced"


def test_records_are_gathered_and_a_broken_one_is_a_reason(make_claim: Make, plan: Plan, tmp_path: Path) -> None:
    claim = make_claim("level")
    configs = plan.all_configs([claim])
    good, broken, *_ = (
        synthetic_record(tmp_path, config, accuracy={"test": 0.9}) if config.seed < 2 else config for config in configs
    )
    assert isinstance(broken, Record)
    (broken.folder / "summary.json").write_text("{}")
    evidence = gather(configs, tmp_path, {"other": "why"}, {"two": {"total": 1}})
    assert list(evidence.records) == [good.id if isinstance(good, Record) else ""]
    assert broken.id in evidence.failed
    assert "summary.json" in evidence.failed[broken.id]
    assert evidence.failed["other"] == "why"
    assert evidence.counts["two"] == {"total": 1}
    assert "runs failed:" in judge(claim, plan, evidence).why


def test_claims_with_numbers(make_claim: Make, plan: Plan, recorded: Make) -> None:
    claim = make_claim("level")
    judged = judge_all(
        [claim, make_claim("none")], plan, recorded(claim, plan, fair={"arm": [90.0, 91.0, 92.0, 90.0, 91.0]})
    )
    assert [one.claim for one in with_numbers(judged)] == [claim]
