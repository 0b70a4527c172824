"""The contract of the JSON files: every line that breaks it is refused with its place."""

import math
from typing import Any

import pytest

from cna_viz.config import vocabulary
from cna_viz.errors import RecordError
from cna_viz.records.reading.facts import MetricsLine, Selected, check

SCORES = {"train": 1.0, "val": 0.5, "test": None}
LINE: dict[str, Any] = {"epoch": 3, "loss": SCORES, "accuracy": SCORES}


def layers(conv: object, slot: object = (1.0, None), name: str = "mad") -> dict[str, Any]:
    return {"layers": {name: {"conv": conv, "slot": list(slot) if isinstance(slot, tuple) else slot}}}


@pytest.mark.parametrize(
    "change", [{}, {"epoch": 0}, {"layers": {}}, layers([1.0, 2]), layers([None, None], name="gradient_norm")]
)
def test_good_lines(change: dict[str, Any]) -> None:
    check(MetricsLine, {**LINE, **change}, "here", layers=2)


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": None},
        {"epoch": -1},
        {"epoch": 1.0},
        {"epoch": "1"},
        {"loss": None},
        {"loss": 3},
        {"loss": {"train": 1.0, "val": 1.0}},
        {"accuracy": {**SCORES, "extra": 1.0}},
        {"accuracy": {**SCORES, "val": "0.5"}},
        {"accuracy": {**SCORES, "val": True}},
        {"loss": {**SCORES, "val": math.nan}},
        {"loss": {**SCORES, "val": math.inf}},
        layers([1.0, 2.0], name="madness"),
        layers([1.0]),
        layers([1.0, 2.0, 3.0]),
        layers([]),
        layers(["a", "b"]),
        layers([[1.0], [2.0]]),
        layers([True, 1.0]),
        layers([math.inf, 1.0]),
        {"layers": {"mad": {"conv": [1.0, 2.0]}}},
        {"layers": {"mad": {"conv": [1.0, 2.0], "slot": [1.0, None], "norm": [1.0, 2.0]}}},
    ],
)
def test_bad_lines(change: dict[str, Any]) -> None:
    with pytest.raises(RecordError, match=r"^some file, line 3: ") as caught:
        check(MetricsLine, {**LINE, **change}, "some file, line 3", layers=2)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["epoch", "loss"])
def test_missing_entries(name: str) -> None:
    with pytest.raises(RecordError, match=f"here: '{name}' is missing"):
        check(MetricsLine, {key: value for key, value in LINE.items() if key != name}, "here", layers=2)


@pytest.mark.parametrize("name", vocabulary.SCORES)
def test_scores_are_those_of_the_dataset(name: str) -> None:
    line = {"epoch": 3, "loss": SCORES, name: SCORES}
    check(MetricsLine, line, "here", layers=2)
    with pytest.raises(RecordError, match=f"here: '{name}.val' is missing"):
        check(MetricsLine, {**line, name: {"train": 1.0}}, "here", layers=2)


@pytest.mark.parametrize("value", [None, 3, [], {"mad": None}, {"mad": {"conv": 3.0, "slot": None}}])
def test_layers_of_a_wrong_type(value: object) -> None:
    with pytest.raises(RecordError, match=r"^here: "):
        check(MetricsLine, {**LINE, "layers": value}, "here", layers=2)
    with pytest.raises(RecordError, match=r"^here: "):
        check(Selected, {"epoch": 0, "layers": value}, "here", layers=2)


def test_epoch_that_is_a_bool() -> None:
    with pytest.raises(RecordError, match="'epoch'"):
        check(MetricsLine, {**LINE, "epoch": True}, "here", layers=2)
