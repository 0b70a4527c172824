"""The energy of features that are equal for all nodes, by hand and by the measure itself."""

from collections.abc import Callable, Sequence

import numpy as np
import pytest
import torch
import xarray as xr

from cna_viz.analysis.statistics.reference import constant_energy
from cna_viz.measures import EdgeList, rayleigh
from cna_viz.records.record import Record

Make = Callable[..., Record]
STAR = [(0, 1), (0, 2), (0, 3)]
PATH = [(0, 1), (1, 2), (2, 3), (3, 4)]


def on(record: Record, nodes: int, edges: Sequence[tuple[int, int]]) -> Record:
    """Give a record another graph, with both directions of every edge."""
    both = np.array([*edges, *((b, a) for a, b in edges)], dtype=np.int64).reshape(-1, 2).T
    degree = np.bincount(both[0], minlength=nodes)
    vars(record)["graph"] = xr.Dataset({"degree": ("node", degree), "edge_index": (("end", "edge"), both)})
    return record


def test_a_star_by_hand(make: Make) -> None:
    # three edges between 1 / √(3 + 1) and 1 / √(1 + 1); four nodes of length one
    assert constant_energy(on(make(), 4, STAR)) == pytest.approx(3 * (np.sqrt(0.5) - 0.5) ** 2 / 4)


@pytest.mark.parametrize("edges", [STAR, PATH, [(0, 1), (2, 3)], []])
def test_it_is_what_the_measure_says_of_constant_features(make: Make, edges: list[tuple[int, int]]) -> None:
    record = on(make(), 5, edges)
    graph = EdgeList.from_edge_index(torch.from_numpy(record.graph["edge_index"].values), 5)
    measured = float(rayleigh(torch.full((5, 3), 7.0, dtype=torch.float64), graph))
    assert constant_energy(record) == pytest.approx(measured, rel=1e-6)


def test_it_is_zero_where_all_degrees_are_equal(make: Make) -> None:
    assert constant_energy(make()) == 0  # a ring
