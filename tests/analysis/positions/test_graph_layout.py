"""Drawings side by side: none on another, the larger the more room, all within the box."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from cna_viz.analysis.positions import graph_layout as module
from cna_viz.analysis.positions.graph_layout import graph_layout, kept_layout, pack, undirected


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


Array = np.ndarray


def grid(side: int) -> Array:
    """Return the edges of a square grid, one direction of each."""
    node = np.arange(side * side).reshape(side, side)
    right, down = [node[:, :-1].ravel(), node[:, 1:].ravel()], [node[:-1].ravel(), node[1:].ravel()]
    return np.concatenate([right, down], axis=1)


def lengths(positions: Array, edges: Array) -> Array:
    return np.linalg.norm(positions[edges[0]] - positions[edges[1]], axis=1)


def test_undirected_edges_are_there_once() -> None:
    edges = np.array([[1, 0, 2, 2, 0], [0, 1, 2, 1, 1]])
    assert undirected(edges).tolist() == [[0, 1], [1, 2]]
    assert undirected(np.zeros((2, 0), np.int64)).shape == (2, 0)


@pytest.mark.parametrize("springs", [300, 0])
def test_neighbours_are_close_and_the_box_is_filled(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, springs: int
) -> None:
    monkeypatch.setattr(module, "SPRINGS", springs)
    edges = grid(10)
    positions = graph_layout(edges, 100, tmp_path)
    assert positions.dtype == np.float32
    low, high = positions.min(axis=0), positions.max(axis=0)
    np.testing.assert_allclose(low + high, 0, atol=1e-5)
    assert (high - low).max() == pytest.approx(2, abs=1e-5)
    rng = np.random.default_rng(0)
    assert lengths(positions, edges).mean() < lengths(positions, rng.integers(0, 100, (2, 500))).mean() / 3
    assert len(np.unique(positions, axis=0)) == 100


def test_components_do_not_overlap(tmp_path: Path) -> None:
    blocks = [grid(5), grid(3) + 25, np.array([[34], [35]])]
    positions = graph_layout(np.concatenate(blocks, axis=1), 38, tmp_path)
    parts = [positions[:25], positions[25:34], positions[34:36], positions[36:37], positions[37:]]
    boxes = [(part.min(axis=0), part.max(axis=0)) for part in parts]
    for number, (low, high) in enumerate(boxes):
        for other_low, other_high in boxes[:number]:
            assert (low > other_high).any() or (high < other_low).any()


@pytest.mark.parametrize("nodes", [1, 2, 7])
def test_nodes_without_edges_have_places_of_their_own(tmp_path: Path, nodes: int) -> None:
    positions = graph_layout(np.zeros((2, 0), np.int64), nodes, tmp_path)
    assert np.isfinite(positions).all()
    assert len(np.unique(positions, axis=0)) == nodes


@pytest.mark.parametrize(
    "edges", [np.stack([np.zeros(20, int), np.arange(1, 21)]), np.stack(np.nonzero(1 - np.eye(21))), [[0] * 3, [0] * 3]]
)
def test_stars_complete_graphs_and_self_loops_have_a_layout(tmp_path: Path, edges: Array) -> None:
    positions = graph_layout(np.asarray(edges), 21, tmp_path)
    assert len(np.unique(positions, axis=0)) == 21


def test_a_second_call_reads_what_was_kept_and_another_graph_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = graph_layout(grid(4), 16, tmp_path)
    assert len(list(tmp_path.iterdir())) == 1

    def fail(*arguments: object) -> None:
        raise AssertionError("laid out anew")

    monkeypatch.setattr(module, "_all_components", fail)
    np.testing.assert_array_equal(graph_layout(grid(4), 16, tmp_path), first)
    for edges, nodes in ((grid(4), 17), (grid(4)[:, 1:], 16)):
        with pytest.raises(AssertionError, match="laid out anew"):
            graph_layout(edges, nodes, tmp_path)


@pytest.mark.slow
@pytest.mark.subprocess
def test_another_process_gives_the_same_bits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    script = (
        "import sys, numpy as np; from pathlib import Path\n"
        "from cna_viz.analysis.positions import graph_layout as module\n"
        "module.SPRINGS = 20\n"
        "sys.stdout.buffer.write(module.graph_layout(np.array(eval(sys.argv[1])), 30, Path(sys.argv[2])).tobytes())"
    )
    edges = np.concatenate([grid(5), [[25, 26, 27], [26, 27, 25]]], axis=1)
    call = [sys.executable, "-c", script, str(edges.tolist()), str(tmp_path / "other")]
    other = subprocess.run(call, check=True, capture_output=True).stdout
    monkeypatch.setattr(module, "SPRINGS", 20)
    assert graph_layout(edges, 30, tmp_path / "own").tobytes() == other


def test_a_kept_layout_is_found_and_no_other(tmp_path: Path) -> None:
    edges = np.array([[0, 1], [1, 2]])
    assert kept_layout(edges, 3, tmp_path) is None
    made = graph_layout(edges, 3, tmp_path)
    np.testing.assert_array_equal(kept_layout(edges, 3, tmp_path), made)
    assert kept_layout(edges, 4, tmp_path) is None
