"""Files of claims: what stands there is read, and what makes no sense is refused in one line that says where."""

from pathlib import Path

import pytest

from cna_viz.analysis.claims import Plan, choose, read_claims
from cna_viz.analysis.claims.kinds import KINDS, Slope
from cna_viz.analysis.claims.model import Trained
from cna_viz.analysis.claims.reading import parse_claims
from cna_viz.errors import UsageError

FACTS = "text: It works., source: Figure 1, standing: first hand, protocol: unknown"
RUNS = "runs: {dataset: karate}, fair: {split: random-80-10-10}"
LEVEL = f"{{id: one, kind: level, {FACTS}, {RUNS}, arm: {{published: 90}}}}"


def level(text: str) -> str:
    """Return a file of one claim with one of its fields changed or added."""
    name = text.partition(":")[0]
    fields = {
        "id": "id: one",
        "kind": "kind: level",
        "standing": "standing: first hand",
        "runs": "runs: {dataset: karate}",
        "fair": "fair: {split: random-80-10-10}",
        "arm": "arm: {published: 90}",
    }
    fields[name] = text
    return f"claims:\n  - {{text: It works., source: Figure 1, protocol: unknown, {', '.join(fields.values())}}}"


def two_arms(kind: str, arm: str, baseline: str) -> str:
    arms = f"arm: {{published: 90, runs: {{{arm}}}}}, baseline: {{published: 80, runs: {{{baseline}}}}}"
    return f"claims:\n  - {{id: one, kind: {kind}, {FACTS}, {RUNS}, {arms}}}"


def test_a_claim_is_what_stands_there() -> None:
    (claim,) = parse_claims(f"claims:\n  - {LEVEL}", "mine.yaml")
    assert isinstance(claim, Trained)
    assert (claim.id, claim.kind, claim.text, claim.quantity) == ("one", "level", "It works.", 90)
    assert (claim.bound, claim.tolerance, claim.slow, claim.own) == ("at least", 1, False, None)


def test_settings_of_a_config_are_below_those_of_a_claim() -> None:
    text = level("runs: {hidden: 6}, here: {hidden: it is small}").replace("90}", "90, config: cora_2_gcnconv}")
    (claim,) = parse_claims(text, "mine.yaml")
    assert isinstance(claim, Trained)
    found = claim.config_of("arm", "fair")
    assert (found.model.hidden, found.layers, found.training.weight_decay) == (6, 2, 0.005)
    assert (found.data.dataset, found.data.split, found.training.patience) == ("cora", "random-80-10-10", None)
    assert claim.here == {"hidden": "it is small"}


def test_a_file_is_read_and_the_claims_of_this_library_without_one(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"claims:\n  - {LEVEL}\n")
    assert [claim.id for claim in read_claims(path)] == ["one"]
    assert len(read_claims()) > 40


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("claims: [", "bad.yaml, line 1: not YAML"),
        ("- 1", "bad.yaml: a list of claims needs some of the keys claims"),
        ("claim: []", "bad.yaml: unknown key 'claim'; choices, nearest first: claims"),
        ("claims: []", "bad.yaml: claims is empty"),
        ("claims: {one: 1}", "bad.yaml: claims is empty"),
        ("claims: [1]", "bad.yaml, line 1: a claim needs the keys kind, id, text"),
        ("recipes: {}\nclaims: [1]", "bad.yaml: unknown key 'recipes'; choices, nearest first: claims"),
        (f"claims:\n  - {LEVEL}\n  - {LEVEL}", "bad.yaml, line 3: claim 'one' appears twice"),
        (level("kind: levle"), "line 2: claim 'one': unknown kind 'levle'; choices, nearest first: level"),
        (level("arms: 1"), "line 2: claim 'one': unknown field of Level 'arms'; choices, nearest first: arm"),
        (level("here: {lyers: why}"), "unknown setting 'lyers'; choices, nearest first: layers"),
        (level("arm: {published: 90, config: cora_4}"), "unknown released config 'cora_4'; choices, nearest first: "),
        (level("selection: best"), "unknown selection 'best'"),
        (level("arm: {published: many}"), "line 2: claim 'one': published = 'many' is not accepted"),
        (level("arm: {spread: 1}"), "line 2: claim 'one': published is missing"),
        (level("arm: {published: .nan}"), "published = nan is out of range"),
        (level("runs: {dataset: karat}"), "unknown dataset 'karat'; choices, nearest first: karate"),
        (level("runs: {dataset: minesweeper}"), "the claim is about an accuracy; 'minesweeper' is scored by roc_auc"),
        (level("runs: 3"), "runs = 3 is not accepted"),
        (level("runs: {dataset: karate, lyers: 3}"), "unknown setting 'lyers'; choices, nearest first: layers"),
        (level("runs: {dataset: karate, layers: 0}"), "layers = 0 is out of range"),
        (level("runs: {dataset: karate, seed: 3}"), "seed can't be set by a claim"),
        (level("runs: {dataset: karate, measures: mad}"), "measures can't be set by a claim"),
        (level("fair: {split: public}"), "unknown split protocol 'public'"),
        (level("own: {split: geom-gcn}"), "unknown split protocol 'geom-gcn'"),
        (level("arm: {published: 90, own: {split: random-60-20-20}}"), "the claim has no own protocol: add own"),
        (level("standing: third hand"), "unknown standing 'third hand'"),
        (level("bound: above"), "unknown bound 'above'"),
        (level("tolerance: -1"), "tolerance = -1 is out of range: it must be at least 0"),
        (level("measure: mad"), "unknown field of Level 'measure'"),
        (two_arms("slope", "layers: 2", "layers: 2"), "more layers than its baseline, not 2 and 2"),
        (
            two_arms("difference", "slot: cna, dataset: digits", "slot: relu"),
            "datasets under the fair protocol: digits",
        ),
        (two_arms("trend", "layers: 4", "layers: 1"), "a network of 1 layer has none"),
        (
            two_arms("trend", "layers: 4", "layers: 2").replace("arm:", "measure: rayleig, arm:"),
            "unknown measure 'rayleig'; choices, nearest first: rayleigh",
        ),
        (
            two_arms("trend", "layers: 4", "layers: 2").replace("published: 80", "published: 0"),
            "published = 0 is out of range: it must be greater than 0",
        ),
        (
            f"claims:\n  - {{id: one, kind: parameters, {FACTS}, published: 3, network: {{dataset: cora}}, "
            "in_channels: 1, out_channels: 1}",
            "unknown setting of a network 'dataset'",
        ),
        (
            f"claims:\n  - {{id: one, kind: parameters, {FACTS}, published: 3, network: {{layers: 0}}, "
            "in_channels: 1, out_channels: 1}",
            "layers = 0 is out of range",
        ),
        (f"claims:\n  - {{id: one, kind: none, {FACTS}, published: lots}}", "claim 'one': why is missing"),
        (f"claims:\n  - {{kind: none, {FACTS}, published: lots, why: no}}", "line 2: id is missing"),
    ],
)
def test_what_makes_no_sense_is_refused(text: str, message: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_claims(text, "bad.yaml")
    assert message in str(refused.value)
    assert "\n" not in str(refused.value)


def test_arms_on_different_splits_are_fine_where_the_number_was_made_and_refused_on_the_fair_one() -> None:
    text = two_arms("difference", "slot: cna", "slot: relu")
    own = text.replace("runs: {slot: cna}", "runs: {slot: cna}, own: {split: random-48-32-20}")
    (claim,) = parse_claims(own.replace("arm:", "own: {split: random-60-20-20}, arm:"), "mine.yaml")
    assert isinstance(claim, Trained)
    assert [claim.config_of(name, "own").data.split for name in claim.arms] == ["random-48-32-20", "random-60-20-20"]
    with pytest.raises(
        UsageError, match="different splits under the fair protocol: random-48-32-20 and random-60-20-20"
    ):
        parse_claims(
            text.replace("fair: {split: random-80-10-10}", "fair: {}")
            .replace("slot: cna", "slot: cna, split: random-48-32-20")
            .replace("slot: relu", "slot: relu, split: random-60-20-20"),
            "bad.yaml",
        )


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="can't be read: No such file"):
        read_claims(tmp_path / "nowhere.yaml")
    with pytest.raises(UsageError, match="not a regular file; save a list of claims to one first"):
        read_claims(tmp_path)


def test_claims_are_chosen_by_id() -> None:
    claims = read_claims()
    assert choose(claims, []) == claims
    assert [claim.id for claim in choose(claims, ["arxiv-gcn-parameters", "cora-gcn-cna"])] == [
        "cora-gcn-cna",
        "arxiv-gcn-parameters",
    ]
    with pytest.raises(
        UsageError, match="unknown claim 'cora-gcn-can'; choices, nearest first: cora-gcn-cn, cora-gcn-cna"
    ):
        choose(claims, ["cora-gcn-can"])


def test_the_claims_of_this_library_have_all_kinds_and_can_be_run() -> None:
    claims = read_claims()
    assert {claim.kind for claim in claims} == set(KINDS)
    assert all(claim.text.endswith(".") and claim.source and claim.protocol for claim in claims)
    plan = Plan(slow=True)
    for config in plan.to_make(claims):
        assert config.training.patience is None
        assert config.recording.snapshots == "none"


def test_the_quick_claims_need_nothing_deeper_than_4_layers() -> None:
    claims = read_claims()
    assert max(config.layers for config in Plan().to_make(claims)) == 4
    assert {claim.config_of("arm", "fair").layers for claim in claims if isinstance(claim, Slope)} == {32, 64, 96}


@pytest.mark.parametrize(
    "text",
    [
        f"{'x' * 1000}: {{}}\nclaims: []",
        f"claims:\n  - {LEVEL.replace('90}', '90, config: ' + 'x' * 20_000 + '}')}",
        f"claims: [{{kind: nine, id: {'x' * 20_000}}}]",
    ],
)
def test_long_names_are_cut_in_messages(text: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_claims(text, "claims.yaml")
    assert len(str(refused.value)) < 600
