"""The settings of claims against the released ones: all agree, or the claim says why not."""

from collections.abc import Callable
from typing import Any

import pytest

from cna_viz.analysis.claims import Plan, compare_settings, read_claims, unexplained, unexplained_sentence
from cna_viz.analysis.claims.model import Trained
from cna_viz.analysis.claims.released import released_settings
from cna_viz.config.fields import field_value

Make = Callable[..., Any]


def test_the_claims_of_this_library_have_the_released_settings_or_say_why_not() -> None:
    compared = compare_settings(read_claims())
    assert unexplained(compared) == []
    assert len({one.claim for one in compared}) > 40
    assert all(one.config != "–" for one in compared), "every arm names its config"


def test_nothing_is_explained_that_does_not_differ() -> None:
    claims = [claim for claim in read_claims() if isinstance(claim, Trained)]
    differing = {(one.claim, one.setting) for one in compare_settings(claims) if one.differs}
    explained = {(claim.id, name) for claim in claims for name in claim.here if name != "config"}
    assert explained == differing


def test_the_runs_under_its_own_protocol_train_as_released() -> None:
    for claim in read_claims():
        if isinstance(claim, Trained) and claim.own is not None:
            for name, configs in Plan(seeds=(0,)).configs(claim, "own").items():
                file = released_settings(str(claim.arms[name].config))
                for setting in ("epochs", "patience", "lr", "weight_decay", "layers", "hidden", "features", "split"):
                    assert field_value(configs[0], setting) == file[setting], (claim.id, setting)


@pytest.mark.parametrize(
    ("changes", "setting", "here", "differs", "explained"),
    [
        ({}, "lr", "0.001", False, ""),
        ({"runs": {"lr": 0.01}}, "lr", "0.01", True, ""),
        ({"runs": {"lr": 0.01}, "here": {"lr": "faster"}}, "lr", "0.01", True, "faster"),
        ({"runs": {"residual": True}}, "residual", "True", True, ""),  # the file has no such setting
        ({"fair": {"split": "random-80-10-10", "lr": 0.01}}, "lr", "0.001 (fair split: 0.01)", True, ""),
        (
            {},
            "split",
            "official-code (fair split: random-80-10-10)",
            False,
            "the fair split is the same for all arms",
        ),
        ({"own": {"split": "public"}}, "split", "public (fair split: random-80-10-10)", True, ""),
        ({"own": None}, "split", "random-80-10-10", True, ""),
    ],
)
def test_what_differs_needs_an_explanation(
    make_claim: Make, changes: dict[str, Any], setting: str, here: str, differs: bool, explained: str
) -> None:
    arm = {"published": 90.0, "config": "cora_4_gcnconv"}
    claim = make_claim("level", **{"runs": {}, "arm": arm, "own": {}, **changes})
    (found,) = (one for one in compare_settings([claim]) if one.setting == setting)
    assert (found.here, found.differs, found.explained) == (here, differs, explained)
    assert (found in unexplained([found])) == (differs and not explained)


def test_an_arm_without_a_config_agrees_with_nothing(make_claim: Make) -> None:
    (found,) = compare_settings([make_claim("level")])
    assert (found.setting, found.differs, found.explained) == ("config", True, "")
    (found,) = compare_settings([make_claim("level", here={"config": "it is ours"})])
    assert unexplained([found]) == []


@pytest.mark.parametrize(
    ("count", "words"),
    [(0, "0 settings differ"), (1, "1 setting differs"), (2, "2 settings differ")],
)
def test_the_sentence_counts(make_claim: Make, count: int, words: str) -> None:
    compared = compare_settings([make_claim("level")] * count + [make_claim("none")])
    assert unexplained_sentence(compared) == f"{words} without an explanation"
