"""Masks of a watched graph."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch_geometric.data import Data

from cna_viz.errors import CnaVizError, DataError, UsageError
from cna_viz.recording.watched.data.split import SplitChoice, read_parts

NODES, REPETITIONS = 6, 3
ALL = torch.ones(NODES, dtype=torch.bool)
FLAGS = torch.tensor([1, 0, 0, 1, 0, 0])
COLUMNS = torch.zeros(NODES, REPETITIONS, dtype=torch.bool)
COLUMNS[[0, 1, 2], [0, 1, 2]] = True


def parts(split: SplitChoice = None, known: Any = ALL, **masks: Any) -> dict[str, list[int]]:
    found, _ = read_parts(SimpleNamespace(**masks), split, known, "node")
    return {name: rows.tolist() for name, rows in found.items()}


@pytest.mark.parametrize(
    "mask",
    [
        FLAGS.bool(),
        FLAGS.to(torch.uint8),
        FLAGS,
        FLAGS.float(),
        FLAGS.bool()[:, None],
        FLAGS.bool()[None],
        FLAGS.numpy(),
        FLAGS.tolist(),
        FLAGS.bool().numpy(),
        [3, 0],
        np.array([0, 3]),
        torch.tensor([3, 0], dtype=torch.int32),
    ],
)
def test_masks_of_any_form(mask: Any) -> None:
    assert parts(train_mask=mask) == parts({"train": mask}) == {"train": [0, 3]}


def test_masks_go_by_the_names_of_own_graphs() -> None:
    assert parts(train_idx=[0], val_masks=FLAGS == 0, test_mask=[]) == {"train": [0], "val": [1, 2, 4, 5], "test": []}


def test_a_part_may_be_missing_or_empty() -> None:
    assert parts() == {}
    assert parts(train_mask=FLAGS, test_mask=torch.zeros(NODES, dtype=torch.bool)) == {"train": [0, 3], "test": []}


@pytest.mark.parametrize("empty", [[], np.array([]), torch.tensor([]), torch.tensor([], dtype=torch.long)])
def test_an_empty_list_is_an_empty_part(empty: Any) -> None:
    assert parts({"val": empty}) == {"val": []}


@pytest.mark.parametrize("mask", [COLUMNS, COLUMNS.T, COLUMNS.to(torch.uint8).numpy()])
def test_of_several_columns_the_stated_one_is_taken(mask: Any) -> None:
    for number in np.arange(REPETITIONS):
        assert parts(number, train_mask=mask) == {"train": [number]}


def test_a_mask_of_one_column_goes_with_any_column_of_the_others() -> None:
    assert parts(1, train_mask=COLUMNS, test_mask=[4, 5]) == {"train": [1], "test": [4, 5]}


def test_masks_by_part_replace_those_of_the_data() -> None:
    assert parts({"train": [0], "valid": FLAGS == 0, "test": None}, train_mask=ALL, test_mask=ALL) == {
        "train": [0],
        "val": [1, 2, 4, 5],
    }
    assert parts({}, train_mask=ALL) == {}


def test_nodes_without_a_label_are_in_no_part_and_that_is_said() -> None:
    known = torch.tensor([False, True, True, True, True, False])
    found, said = read_parts(SimpleNamespace(train_mask=FLAGS, val_mask=[1, 5]), None, known, "node")
    assert {name: rows.tolist() for name, rows in found.items()} == {"train": [3], "val": [1]}
    assert said == ["2 unlabelled nodes taken out of the masks"]


@pytest.mark.parametrize(
    ("split", "masks", "message"),
    [
        (
            None,
            {"train_mask": COLUMNS},
            r"data\.train_mask has 3 columns: say which one you train on, split=0 to split=2",
        ),
        (3, {"train_mask": COLUMNS}, "split = 3 is out of range: the masks of the data have 3 columns"),
        (-1, {"train_mask": COLUMNS}, "split = -1 is out of range"),
        (1, {"train_mask": FLAGS}, "split = 1 is out of range: the masks of the data have 1 column"),
        (True, {"train_mask": COLUMNS}, "split = True is not accepted: it must be a column of the masks"),
        ("public", {"train_mask": COLUMNS}, "split = 'public' is not accepted"),
        ({"tain": FLAGS}, {}, "unknown part of split 'tain'; choices, nearest first: train"),
        ({"train": COLUMNS}, {}, r"the train mask of split has 3 columns: give one, such as data\.train_mask\[:, 0\]"),
        (None, {"train_mask": FLAGS, "val_mask": [0, 1], "test_mask": [2]}, "the masks of train and val share 1 node"),
        (None, {"train_mask": torch.ones(5, dtype=torch.bool)}, r"the train mask is torch\.bool of shape \[5\]"),
        (None, {"train_mask": [0, 6]}, "the train mask is neither 0 and 1 for 6 nodes nor different numbers"),
        (None, {"train_mask": "all"}, "the train mask is an array of <U3, not of numbers"),
        (None, {"train_mask": torch.ones(NODES, NODES)}, "its nodes may be rows or columns"),
    ],
)
def test_what_can_not_be_known_is_refused(split: Any, masks: dict[str, Any], message: str) -> None:
    with pytest.raises(CnaVizError, match=message) as caught:
        parts(split, **masks)
    assert type(caught.value) in (DataError, UsageError)


@pytest.mark.parametrize("given", [list, tuple])
def test_graphs_in_place_of_their_numbers_are_refused(given: Any) -> None:
    graphs = given([Data(), Data()])
    with pytest.raises(UsageError, match=r"the train part of split is graphs: .* in data, such as range\(2\)"):
        parts({"train": graphs})


@pytest.mark.parametrize(
    ("mask", "message"),
    [
        ([0, 6], "neither 0 and 1 for 6 graphs nor different numbers of graphs below 6"),
        (torch.ones(NODES, NODES), "its graphs may be rows or columns"),
    ],
)
def test_masks_of_graphs_are_told_in_graphs(mask: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_parts(SimpleNamespace(train_mask=mask), None, ALL, "graph")
