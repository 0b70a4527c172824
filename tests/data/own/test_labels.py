"""Labels of any type: classes, numbers, or a refusal."""

from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

from cna_viz import graphs
from cna_viz.data.own.labels import read_labels
from cna_viz.errors import CnaVizError, DataError, UsageError
from cna_viz.training.objective import Parts, make_objective
from tests.data.own.sample import NODES, plain

NAN = float("nan")


def labels(values: Any, task: str | None = None) -> tuple[list[float], tuple[str, ...], str]:
    found = read_labels(np.asarray(values), task)
    return found.y.tolist(), found.names, "\n".join(found.changes)


@pytest.mark.parametrize(
    ("values", "y", "names"),
    [
        ([0, 1, 2, 1], [0, 1, 2, 1], ()),
        ([[0], [1], [2], [1]], [0, 1, 2, 1], ()),
        ([True, False, True], [1, 0, 1], ()),
        ([7, 3, 7, -1], [1, 0, 1, -1], ("3", "7")),
        ([1, 2, 10], [0, 1, 2], ("1", "2", "10")),
        (np.array([2, 1], dtype=np.uint8), [1, 0], ("1", "2")),
        ([1.0, 0.0, NAN, -1.0], [1, 0, -1, -1], ()),
        (np.array(["b", "a", "", None, NAN, "nan"], dtype=object), [1, 0, -1, -1, -1, -1], ("a", "b")),
        (np.array(["10", "9", None], dtype=object), [1, 0, -1], ("9", "10")),
        (np.array(["0", "1", "-1"]), [0, 1, -1], ()),
        (np.array([True, False, None], dtype=object), [1, 0, -1], ()),
        (np.array([1, pd.NA, 0], dtype=object), [1, -1, 0], ()),
        ([[0, 1, 0], [1, 0, 0], [0, 0, 1]], [1, 0, 2], ()),
        ([[0.0, 1.0], [1.0, 0.0]], [1, 0], ()),
    ],
)
def test_classes_are_numbered_in_their_order(values: Any, y: list[int], names: tuple[str, ...]) -> None:
    assert labels(values)[:2] == (y, names)


@pytest.mark.parametrize("values", [[0.5, 1.5, -1.0], np.array(["0.5", "1.5", "-1"])])
def test_fractions_are_numbers_and_minus_one_is_one_of_them(values: Any) -> None:
    y, names, said = labels(values)
    assert (y, names) == ([0.5, 1.5, -1.0], ())
    assert "numbers to predict, since they are not whole" in said


def test_whole_floats_are_classes_unless_there_are_many_or_the_task_says_otherwise() -> None:
    assert "labels were floats, all whole" in labels([0.0, 1.0])[2]
    assert labels([4.0, 1.0], "node-regression")[:2] == ([4.0, 1.0], ())
    many = np.arange(101.0)
    assert read_labels(many, None).y.is_floating_point()
    assert not read_labels(many[:-1], None).y.is_floating_point()
    assert not read_labels(many, "node-classification").y.is_floating_point()


def test_integers_are_numbers_where_the_task_says_so() -> None:
    y, _, said = labels([3, -1, 2], "node-regression")
    assert y == [3.0, -1.0, 2.0]
    assert "as the task says" in said


def test_missing_numbers_are_counted() -> None:
    assert "2 labels missing" in labels([0.5, NAN, NAN])[2]
    assert "1 label missing" in labels([0, 1, -1])[2]


@pytest.mark.parametrize(
    ("values", "task", "kind", "message"),
    [
        ([[1, 1, 0], [0, 1, 0]], None, DataError, "several per node"),
        ([[0.2, 0.8], [1, 0]], None, DataError, "several per node"),
        ([0.5, 1.0], "node-classification", UsageError, "label 0.5 is no class"),
        (np.array(["a", "b"]), "node-regression", UsageError, "label 'a' is no number"),
        ([np.inf, 0.5], None, DataError, "infinite"),
        ([1e39, 0.5], None, DataError, "larger than float32"),
        (np.array([2**63, 1], dtype=np.uint64), None, DataError, "too large"),
        (np.zeros((2, 2, 2)), None, DataError, "shape"),
        (np.array([{}, 1], dtype=object), None, DataError, "neither a number nor text"),
    ],
)
def test_other_labels_are_refused(values: Any, task: str | None, kind: type[CnaVizError], message: str) -> None:
    with pytest.raises(kind, match=message):
        labels(values, task)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (torch.zeros(NODES, dtype=torch.int64), "all of one class"),
        (torch.tensor([0, -1] * (NODES // 2)), "all of one class.*-1, NaN and empty"),
        (torch.full((NODES,), -1), "0 of 24 nodes have a label, and a split needs 3"),
        (torch.tensor([0, 1] + [-1] * (NODES - 2)), "2 of 24 nodes"),
        (torch.full((NODES,), 0.5), "numbers are all the same"),
        (torch.arange(NODES - 1), "23 labels for 24 nodes"),
    ],
)
def test_labels_that_nothing_can_be_learned_from_are_refused(y: torch.Tensor, message: str) -> None:
    with pytest.raises(DataError, match=message):
        graphs.add(plain(y=y), name="x")


def test_missing_labels_are_refused() -> None:
    with pytest.raises(DataError, match="no labels"):
        graphs.add(plain(y=None), name="x")


@pytest.mark.parametrize(
    ("y", "metric", "expected"),
    [
        (torch.arange(NODES) % 2, None, "accuracy"),
        (torch.arange(NODES) % 2, "roc_auc", "roc_auc"),
        (torch.arange(NODES) % 3, "macro_f1", "macro_f1"),
        (torch.arange(NODES) / 7, None, "r2"),
        (torch.arange(NODES) / 7, "nmse", "nmse"),
        (torch.arange(NODES) / 7, "r2", "r2"),
    ],
)
def test_the_metric_follows_the_labels(y: torch.Tensor, metric: str | None, expected: str) -> None:
    assert graphs.add(plain(y=y), name="x", metric=metric).metric == expected


@pytest.mark.parametrize(("divisor", "metric"), [(1, "roc_auc"), (1, "nmse"), (7.0, "accuracy"), (1, "f1")])
def test_a_metric_of_other_labels_is_refused(divisor: float, metric: str) -> None:
    y = torch.arange(NODES) % 3 if divisor == 1 else torch.arange(NODES) / divisor
    with pytest.raises(UsageError, match="unknown metric"):
        graphs.add(plain(y=y), name="x", metric=metric)


def test_numbers_whose_mean_is_not_above_zero_have_no_nmse() -> None:
    y = torch.linspace(-1, 0.9, NODES)
    assert graphs.add(plain(y=y), name="x").metric == "r2"
    with pytest.raises(UsageError, match="unknown metric 'nmse'; choices, nearest first: r2"):
        graphs.add(plain(y=y), name="y", metric="nmse")
    scores = make_objective(y, "r2").scores(y[:, None], y, Parts.of([torch.arange(NODES)]))
    assert bool(scores["nmse"].isnan().all())
    assert scores["r2"].tolist() == [1]


def test_minus_1_among_words_is_unlabelled() -> None:
    y, names, said = labels(["x", "y", "-1", "x"])
    assert (y, names) == ([0, 1, -1, 0], ("x", "y"))
    assert "1 label missing" in said
