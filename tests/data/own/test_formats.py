"""The same graph in every format is the same graph."""

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
import torch

from cna_viz import graphs
from cna_viz.data.splits import make_split
from tests.data.own.sample import BOTH, MASKS, NODES, PAIRS, WEIGHTS, WRITERS, X, Y, data


def expected_digest() -> str:
    """Return the digest of the sample, computed from its arrays without the library."""
    order = np.lexsort(BOTH[::-1])
    arrays = {
        "edge_index": ("int64", BOTH[:, order]),
        "edge_weight": ("float32", np.concatenate([WEIGHTS, WEIGHTS])[order]),
        **{f"own/{name.removesuffix('_mask')}": ("bool", mask[:, None]) for name, mask in MASKS.items()},
        "x": ("float32", X),
        "y": ("int64", Y),
    }
    found = hashlib.sha256(json.dumps([3, []]).encode())
    for name, (kind, array) in sorted(arrays.items()):
        found.update(f"\n{name} torch.{kind} {list(array.shape)}\n".encode())
        found.update(np.ascontiguousarray(array).tobytes())
    return found.hexdigest()


@pytest.mark.parametrize("form", WRITERS)
def test_equal_content_has_equal_digests_in_every_format(form: str, tmp_path: Path) -> None:
    entry = graphs.add(name="sample", **WRITERS[form](tmp_path))
    assert entry.digest == expected_digest()
    assert (entry.nodes, entry.edges, entry.features, entry.classes) == (NODES, len(PAIRS), 4, 3)
    assert (entry.task, entry.metric, entry.weighted, entry.directed) == (
        "node-classification",
        "accuracy",
        True,
        False,
    )
    assert (entry.unlabelled, entry.masks, entry.repetitions, entry.class_names) == (1, True, 1, ())


def test_the_split_is_the_masks(tmp_path: Path) -> None:
    entry = graphs.add(name="sample", **WRITERS["csv"](tmp_path))
    assert entry.config().split == "own"
    split = make_split(graphs.load("sample"), "own", 0)
    assert [part.tolist() for _, part in split.items()] == [np.flatnonzero(mask).tolist() for mask in MASKS.values()]


def test_weights_belong_to_both_directions(tmp_path: Path) -> None:
    graphs.add(name="sample", **WRITERS["npz"](tmp_path))
    graph = graphs.load("sample")
    assert graph.edge_weight is not None
    weight = dict(zip(map(tuple, graph.edge_index.T.tolist()), graph.edge_weight, strict=True))
    for (source, target), value in zip(PAIRS.tolist(), WEIGHTS, strict=True):
        assert weight[source, target] == weight[target, source] == torch.tensor(value)


def test_data_that_is_part_of_a_computation_is_read(tmp_path: Path) -> None:
    expected = graphs.add(name="sample", **WRITERS["Data"](tmp_path))
    x = torch.from_numpy(X).requires_grad_()
    assert graphs.add(data(x=x), name="sample").digest == expected.digest
