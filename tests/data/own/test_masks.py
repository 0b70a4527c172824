"""Masks of any form, or a refusal."""

from typing import Any

import numpy as np
import pytest
import torch

from cna_viz.data.own.masks import read_masks
from cna_viz.errors import DataError

NODES = 8
PARTS = {"train": [0, 1, 2], "val": [3, 4], "test": [5, 7]}
LABELLED = torch.ones(NODES, dtype=torch.bool)


def flags(nodes: list[int]) -> "np.ndarray[Any, Any]":
    return np.isin(np.arange(NODES), nodes)


FORMS = {
    "bool": flags,
    "torch": lambda nodes: torch.from_numpy(flags(nodes)),
    "uint8": lambda nodes: flags(nodes).astype(np.uint8),
    "float": lambda nodes: flags(nodes).astype(np.float32),
    "indices": lambda nodes: np.array(nodes),
    "column": lambda nodes: flags(nodes)[:, None],
    "row": lambda nodes: flags(nodes)[None],
}


@pytest.mark.parametrize("form", FORMS)
def test_every_form_of_a_mask_is_read(form: str) -> None:
    masks, said = read_masks({part: FORMS[form](nodes) for part, nodes in PARTS.items()}, LABELLED)
    assert masks is not None
    for part, nodes in PARTS.items():
        assert getattr(masks, part).shape == (NODES, 1)
        assert getattr(masks, part).flatten().nonzero().flatten().tolist() == nodes
    assert said == ["masks with 1 repetition are the split 'own' (--split own)"]


@pytest.mark.parametrize("transposed", [True, False])
def test_repetitions_may_be_rows_or_columns(transposed: bool) -> None:
    stacked = {
        part: np.stack([flags(nodes), flags([6 - n if n < 7 else 7 for n in nodes])]) for part, nodes in PARTS.items()
    }
    masks, _ = read_masks({part: mask.T if transposed else mask for part, mask in stacked.items()}, LABELLED)
    assert masks is not None
    assert all(np.array_equal(getattr(masks, part).numpy(), stacked[part].T) for part in PARTS)


def test_unlabelled_nodes_are_taken_out_and_counted() -> None:
    labelled = LABELLED.clone()
    labelled[[1, 7]] = False
    masks, said = read_masks({part: flags(nodes) for part, nodes in PARTS.items()}, labelled)
    assert masks is not None
    assert masks.train.flatten().nonzero().flatten().tolist() == [0, 2]
    assert masks.test.flatten().nonzero().flatten().tolist() == [5]
    assert said[1] == "2 unlabelled nodes taken out of the masks"


def test_no_masks_are_no_split() -> None:
    assert read_masks({}, LABELLED) == (None, [])


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"val": None}, "mask of train and test and none of val"),
        ({"val": flags([2, 3])}, "overlap in 1 node of repetition 0"),
        ({"val": flags([])}, "val mask of repetition 0 has no labelled node"),
        ({"test": flags([6])}, "test mask of repetition 0 has no labelled node"),
        ({"val": np.zeros((NODES, NODES), dtype=bool)}, "8 x 8: its nodes may be rows or columns"),
        ({"val": np.stack([flags([3]), flags([4])])}, "different numbers of repetitions: train 1, val 2, test 1"),
        ({"val": np.array([True, False])}, r"shape \[2\]"),
        ({"val": np.array([3, 3])}, "neither 0 and 1"),
        ({"val": np.array([3, 8])}, "neither 0 and 1"),
        ({"val": np.array([3.5, 4])}, "neither 0 and 1"),
        ({"val": np.full((NODES, 2), 2)}, "not 0 and 1"),
        ({"val": np.array(["a"] * NODES)}, "not of numbers"),
    ],
)
def test_other_masks_are_refused(changed: dict[str, Any], message: str) -> None:
    labelled = LABELLED.clone()
    labelled[6] = False
    given = {part: flags(nodes) for part, nodes in PARTS.items()} | changed
    with pytest.raises(DataError, match=message):
        read_masks({part: mask for part, mask in given.items() if mask is not None}, labelled)


def test_the_refusal_of_a_square_mask_states_its_own_shape() -> None:
    square = np.ones((5, 5), dtype=bool)
    with pytest.raises(DataError, match="is 5 x 5"):
        read_masks(dict.fromkeys(PARTS, square), LABELLED)


def test_a_node_in_several_masks_is_taken_out_once() -> None:
    masks = {
        part: np.stack([flags(nodes), flags(other)], axis=1)
        for (part, nodes), other in zip(PARTS.items(), ([3, 4], [0, 1, 2], [5, 7]), strict=True)
    }
    _, said = read_masks(masks, torch.arange(NODES) != 1)
    assert said[1] == "1 unlabelled node taken out of the masks"
