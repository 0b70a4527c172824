"""Labels of a watched graph: classes keep their numbers."""

from typing import Any

import numpy as np
import pytest
import torch

from cna_viz.errors import CnaVizError, DataError, UsageError
from cna_viz.recording.watched.data.labels import read_labels

CLASSES = [3, 1, -1, 1]
ONE_HOT = np.eye(4)[[3, 1, 0, 1]]


@pytest.mark.parametrize(
    "y",
    [
        CLASSES,
        tuple(CLASSES),
        [3, 1, None, 1],
        [3, 1, np.nan, 1],
        np.array(CLASSES),
        np.array(CLASSES, dtype=np.int8)[:, None],
        torch.tensor(CLASSES),
        torch.tensor(CLASSES, dtype=torch.int32)[:, None],
        torch.tensor([3, 1, -100, 1]),
        torch.tensor([3.0, 1.0, float("nan"), 1.0]),
        torch.tensor(CLASSES, dtype=torch.float16),
        torch.tensor(CLASSES, dtype=torch.bfloat16),
        torch.tensor(CLASSES, dtype=torch.float64, requires_grad=True),
    ],
)
def test_classes_of_any_form_keep_their_numbers(y: Any) -> None:
    labels = read_labels(y, None)
    assert (labels.y.tolist(), labels.y.dtype, labels.classes) == (CLASSES, torch.int64, 4)
    assert "1 label missing (negative or NaN): unlabelled, in no split and no score" in labels.notes
    assert labels.known.tolist() == [True, True, False, True]


@pytest.mark.parametrize("y", [ONE_HOT, ONE_HOT.astype(bool), torch.tensor(ONE_HOT), torch.tensor(ONE_HOT).to_sparse()])
def test_one_hot_rows_are_classes(y: Any) -> None:
    labels = read_labels(y, None)
    assert (labels.y.tolist(), labels.classes, labels.notes) == (
        [3, 1, 0, 1],
        4,
        ("labels were one-hot rows of 4 classes",),
    )


def test_one_hot_rows_tell_of_classes_that_no_row_has() -> None:
    assert read_labels(torch.eye(5)[:3], None).classes == 5


def test_bools_are_classes_0_and_1() -> None:
    labels = read_labels(torch.tensor([True, False]), None)
    assert (labels.y.tolist(), labels.classes, labels.notes) == ([1, 0], 2, ())


def test_floats_that_are_all_whole_are_classes_and_that_is_said() -> None:
    labels = read_labels(torch.tensor([0.0, 2.0]), None)
    assert (labels.y.tolist(), labels.classes) == ([0, 2], 3)
    assert labels.notes == (
        'labels are floats, all whole: they are classes (task="node-regression" makes them numbers)',
    )


@pytest.mark.parametrize(
    ("y", "task", "numbers", "why"),
    [
        ([0.5, 2.0, -3.0], None, [0.5, 2.0, -3.0], "since they are not whole"),
        ([0, 2, -3], "node-regression", [0.0, 2.0, -3.0], "as the task says"),
        (torch.tensor([[1.0], [2.0]]), "node-regression", [1.0, 2.0], "as the task says"),
    ],
)
def test_numbers_to_predict(y: Any, task: str | None, numbers: list[float], why: str) -> None:
    labels = read_labels(y, task)
    assert (labels.y.tolist(), labels.y.dtype, labels.classes) == (numbers, torch.float32, 0)
    assert labels.notes == (f"labels are numbers to predict, {why}",)


def test_a_number_that_is_missing_is_nan() -> None:
    labels = read_labels(torch.tensor([0.5, float("nan")]), None)
    assert labels.known.tolist() == [True, False]
    assert labels.notes[1] == "1 label missing (NaN): unlabelled, in no split and no score"


@pytest.mark.parametrize("y", [[-1, -1], [np.nan, np.nan], [None, None], torch.tensor([-100, -1])])
def test_without_any_label_there_are_no_classes(y: Any) -> None:
    labels = read_labels(y, None)
    assert (labels.y.tolist(), labels.classes) == ([-1, -1], 0)


@pytest.mark.parametrize(
    ("y", "task", "message"),
    [
        (["a", "b"], None, "labels are text, and which channel of the network is which class can't be known"),
        (["0", "1"], None, "labels are text"),
        ([0, "1", None], None, "labels are text"),
        (np.array([b"0"]), None, "labels are text"),
        (torch.ones(3, 2), None, r"shape \[3, 2\] are several per node"),
        (torch.ones(2, 2, 2), None, r"shape \[2, 2, 2\], not one per node"),
        (3, None, r"shape \[\], not one per node"),
        ([[1], [1, 2]], None, "a list that is no array"),
        ([1j], None, "neither a number nor text"),
        ([0.5, np.inf], None, "infinite"),
        (torch.eye(3), "node-regression", "one-hot rows, which are classes"),
        ([0.5, 1.0], "node-classification", "not whole, and task = 'node-classification' needs classes"),
    ],
)
def test_what_can_not_be_read_is_refused_with_the_way_out(y: Any, task: str | None, message: str) -> None:
    with pytest.raises(CnaVizError, match=rf'{message}.*; task="none" reads no labels') as caught:
        read_labels(y, task)
    assert type(caught.value) in (DataError, UsageError)


@pytest.mark.parametrize("y", [[1, -1, 1], torch.tensor([[-1.0], [1.0]]), np.array([1, -1, np.nan])])
def test_labels_of_minus_one_and_one_are_refused(y: Any) -> None:
    with pytest.raises(DataError) as caught:
        read_labels(y, None)
    assert str(caught.value) == (
        "data.y: labels are -1 and 1, and a negative one is no label: make them classes 0 and 1 by (data.y + 1) // 2; "
        'task="none" reads no labels and scores only what your loop reports'
    )


def test_minus_one_and_one_are_numbers_if_the_task_says_so() -> None:
    assert read_labels([1, -1], "node-regression").y.tolist() == [1.0, -1.0]
    assert read_labels([1, -1, 0], None).y.tolist() == [1, -1, 0]
