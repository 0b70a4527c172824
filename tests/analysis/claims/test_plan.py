"""The runs of a claim: those its protocols name, one per seed, with what all of a ledger share."""

from collections.abc import Callable
from typing import Any

import pytest

from cna_viz.analysis.claims import Plan, about, networks, read_claims
from cna_viz.errors import UsageError

Make = Callable[..., Any]


def test_a_run_per_arm_and_seed(make_claim: Make) -> None:
    claim = make_claim("slope")
    runs = Plan(seeds=(3, 5), epochs=7).configs(claim, "fair")
    assert {name: [(c.seed, c.layers) for c in configs] for name, configs in runs.items()} == {
        "arm": [(3, 8), (5, 8)],
        "baseline": [(3, 2), (5, 2)],
    }
    config = runs["arm"][0]
    assert (config.data.dataset, config.data.split, config.training.epochs) == ("karate", "random-80-10-10", 7)
    assert set(config.recording.measures) == {"feature_norm", "dirichlet_sym"}


def test_the_own_protocol_outweighs_the_arm_and_the_arm_the_claim(make_claim: Make) -> None:
    arm = {"published": 90.0, "runs": {"slot": "n", "layers": 4}, "own": {"slot": "relu"}}
    claim = make_claim("level", runs={"dataset": "karate", "layers": 8}, arm=arm, own={"split": "random-60-20-20"})
    fair, own = (Plan().configs(claim, protocol)["arm"][0] for protocol in ("fair", "own"))
    assert (fair.slot, fair.layers, fair.data.split) == ("n", 4, "random-80-10-10")
    assert (own.slot, own.layers, own.data.split) == ("relu", 4, "random-60-20-20")


@pytest.mark.parametrize(
    ("cap", "wanted", "capped"),
    [
        (None, 50, ""),
        (50, 50, ""),
        (60, 50, ""),
        (9, 9, "capped at 9 of 50 epochs"),
        (0, 0, "capped at 0 of 50 epochs"),
    ],
)
def test_epochs_are_those_of_the_claim_and_a_cap_is_named(
    make_claim: Make, cap: int | None, wanted: int, capped: str
) -> None:
    claim, plan = make_claim("level", runs={"dataset": "karate", "epochs": 50}), Plan(epochs=cap)
    assert plan.configs(claim, "fair")["arm"][0].training.epochs == wanted
    assert plan.capped(claim, "fair") == capped


def test_a_trend_records_its_measure(make_claim: Make) -> None:
    claim = make_claim("trend", measure="rayleigh")
    assert "rayleigh" in Plan().configs(claim, "fair")["arm"][0].recording.measures


def test_claims_share_runs_and_a_seed_given_twice_is_one(make_claim: Make) -> None:
    claims = [make_claim("slope"), make_claim("trend", id="two")]
    assert len(Plan(seeds=(0, 1, 1)).all_configs(claims)) == 4


def test_slow_runs_are_made_when_asked_for(make_claim: Make) -> None:
    claims = [make_claim("level"), make_claim("slope", id="two", slow=True), make_claim("none", id="three")]
    assert len(Plan(seeds=(0, 1)).to_make(claims)) == 2
    assert len(Plan(seeds=(0, 1), slow=True).to_make(claims)) == len(Plan(seeds=(0, 1)).all_configs(claims)) == 4


def test_an_impossible_seed_is_refused(make_claim: Make) -> None:
    with pytest.raises(UsageError, match="seed = -1 is out of range"):
        Plan(seeds=(-1, 0)).all_configs([make_claim("level")])


def test_networks_are_those_of_claims_about_weights(make_claim: Make) -> None:
    claim = make_claim("parameters")
    ((model, before, after),) = networks([claim, make_claim("level")]).values()
    assert (model.layers, model.hidden, before, after) == (4, 400, 128, 40)


def test_claims_about_a_dataset_are_the_quick_ones_and_those_about_weights() -> None:
    every = read_claims()
    weights = [claim.id for claim in every if claim.kind == "parameters"]
    assert weights
    assert [claim.id for claim in about(every, "digits")] == weights
    cora = {claim.id for claim in about(every, "cora")}
    assert {"cora-gcn-cna", "cora-gcn-vanilla", *weights} <= cora
    slow = {claim.id for claim in every if getattr(claim, "slow", False)}
    assert slow
    assert not slow & cora
