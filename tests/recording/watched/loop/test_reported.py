"""What a loop tells is a number by split, or refused."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch

from cna_viz.errors import UsageError
from cna_viz.recording.watched.loop.reported import by_split


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, {}),
        (0.5, {"train": 0.5}),
        (1, {"train": 1.0}),
        (np.float32(0.5), {"train": 0.5}),
        (torch.tensor(0.5), {"train": 0.5}),
        (torch.tensor([[0.5]]), {"train": 0.5}),
        (torch.tensor(0.5, requires_grad=True), {"train": 0.5}),
        ({"val": 0.25, "test": torch.tensor(1)}, {"val": 0.25, "test": 1.0}),
        ({}, {}),
    ],
)
def test_numbers_tensors_and_parts(value: Any, wanted: dict[str, float]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert by_split("loss", value) == wanted


@pytest.mark.parametrize("what", ["loss", "accuracy"])
def test_what_is_not_finite_is_a_number_too(what: str) -> None:
    assert math.isnan(by_split(what, {"train": math.nan})["train"])
    assert by_split("loss", math.inf) == {"train": math.inf}


@pytest.mark.parametrize("part", ["valid", "Train", 3])
def test_an_unknown_part_lists_the_parts_there_are(part: object) -> None:
    with pytest.raises(UsageError, match=f"unknown part of loss '{part}'; choices, nearest first: .*train"):
        by_split("loss", {part: 0.5})


@pytest.mark.parametrize("value", ["much", "0.5", b"1", [0.5], torch.zeros(2), object(), {"val": None}, {"val": "0.5"}])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="it must be a number, or a number for each part"):
        by_split("accuracy", value)


@pytest.mark.parametrize("value", [71.4, -0.1, math.inf])
def test_a_share_in_percent_is_refused(value: float) -> None:
    with pytest.raises(UsageError, match=r"accuracy of test = .* is out of range: it must be a share, from 0 to 1"):
        by_split("accuracy", {"test": value})
    assert by_split("nmse", {"test": value}) == {"test": value}


@pytest.mark.parametrize("value", [0.7, 1, np.float32(0.7), torch.tensor(0.7)])
@pytest.mark.parametrize("what", ["accuracy", "r2"])
def test_a_score_of_unknown_nodes_is_refused(what: str, value: Any) -> None:
    with pytest.raises(UsageError, match=rf"{what} = .* is of unknown nodes: say of which, as in {what}=\{{'val': "):
        by_split(what, value)


def test_an_unknown_score_lists_the_scores_there_are() -> None:
    with pytest.raises(UsageError, match="unknown score 'acc'; choices, nearest first: accuracy"):
        by_split("acc", 0.5)
