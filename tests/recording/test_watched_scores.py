"""Loss and accuracy of other people's loops: as told, or computed."""

import math
import warnings
from typing import Any

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812

from cna_viz.errors import UsageError
from cna_viz.recording.watched_graph import read_graph
from cna_viz.recording.watched_scores import by_part, score
from tests.recording.helpers import NODES, karate_data


@pytest.mark.parametrize(
    ("value", "wanted"),
    [
        (None, None),
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
def test_numbers_tensors_and_parts(value: Any, wanted: dict[str, float] | None) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert by_part("loss", value) == wanted


def test_what_is_not_finite_is_a_number_too() -> None:
    told = by_part("loss", {"train": math.nan, "val": math.inf})
    assert told is not None
    assert math.isnan(told["train"])


@pytest.mark.parametrize("part", ["valid", "Train", 3])
def test_an_unknown_part_lists_the_parts_there_are(part: object) -> None:
    with pytest.raises(UsageError, match=f"unknown part of loss '{part}'; choices, nearest first: .*train"):
        by_part("loss", {part: 0.5})


@pytest.mark.parametrize("value", ["much", "0.5", b"1", [0.5], torch.zeros(2), object(), {"val": None}, {"val": "0.5"}])
def test_what_is_no_number_is_refused(value: object) -> None:
    with pytest.raises(UsageError, match="it must be a number, or a number for each part"):
        by_part("accuracy", value)


def test_computed_scores_are_those_of_every_part() -> None:
    data = karate_data()
    output = torch.randn(NODES, 5, generator=torch.Generator().manual_seed(0))
    scores = score(output, read_graph(data))
    for name in ("train", "val", "test"):
        mask = data[f"{name}_mask"]
        assert scores["loss"][name] == pytest.approx(float(F.cross_entropy(output[mask], data.y[mask])))
        assert scores["accuracy"][name] == pytest.approx(float((output.argmax(1) == data.y)[mask].float().mean()))
    assert score(output.log_softmax(1), read_graph(data))["loss"] == pytest.approx(scores["loss"])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_outputs_of_other_types_have_scores(dtype: torch.dtype) -> None:
    output = torch.eye(5)[karate_data().y].to(dtype)
    assert score(output, read_graph(karate_data()))["accuracy"] == {"train": 1.0, "val": 1.0, "test": 1.0}


def test_there_are_no_scores_without_classes_without_masks_or_of_too_few_channels() -> None:
    output = torch.zeros(NODES, 4)
    masks: dict[str, None] = dict.fromkeys(("train_mask", "val_mask", "test_mask"))
    assert score(output, read_graph(karate_data(y=None))) == {}
    assert score(output, read_graph(karate_data(**masks))) == {}
    assert score(output[:, :3], read_graph(karate_data())) == {}


def test_an_empty_part_has_no_score() -> None:
    graph = read_graph(karate_data(val_mask=torch.zeros(NODES, dtype=torch.bool), test_mask=None))
    assert set(score(torch.zeros(NODES, 4), graph)["accuracy"]) == {"train"}
