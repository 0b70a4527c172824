"""Drawings side by side: none on another, the larger the more room, all within the box."""

import numpy as np
import pytest

from cna_viz.analysis.positions.packing import pack


def boxes(sizes: list[int]) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(0)
    ends = np.cumsum(sizes)
    members = [np.arange(end - size, end) for size, end in zip(sizes, ends, strict=True)]
    return pack([rng.random((size, 2)) * 1000 for size in sizes], members), members


@pytest.mark.parametrize("sizes", [[1], [5], [1, 1, 1], [3, 50, 1, 7, 7], [9] * 40])
def test_drawings_are_apart_within_the_box(sizes: list[int]) -> None:
    positions, members = boxes(sizes)
    assert np.abs(positions).max() <= 1 + 1e-12
    spans = [(positions[part].min(axis=0), positions[part].max(axis=0)) for part in members]
    for number, (low, high) in enumerate(spans):
        for other_low, other_high in spans[:number]:
            assert (low > other_high).any() or (high < other_low).any()


def test_the_largest_comes_first_and_takes_the_most_room() -> None:
    positions, members = boxes([4, 100, 4])
    extents = [np.ptp(positions[part], axis=0).max() for part in members]
    assert extents[1] > 4 * extents[0]
    assert extents[0] == pytest.approx(extents[2])
    assert positions[members[1]][:, 1].max() == positions[:, 1].max()
    assert positions[members[1]][:, 0].min() == positions[:, 0].min()


def test_nodes_keep_their_numbers() -> None:
    square = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    positions = pack([square, np.zeros((1, 2))], [np.array([4, 0, 2, 3]), np.array([1])])
    assert positions[4, 0] == positions[0, 0] < positions[2, 0] == positions[3, 0]
    assert positions[4, 1] == positions[2, 1] < positions[0, 1] == positions[3, 1]
