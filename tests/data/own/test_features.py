"""Features of any type, or of the graph alone, or a refusal."""

from typing import Any

import networkx as nx
import numpy as np
import pandas as pd
import pytest
import torch
from torch_geometric.data import Data

from cna_viz import graphs
from cna_viz.data.own.features import feature_matrix
from cna_viz.data.own.structural import MOST_ONEHOT, structural
from cna_viz.errors import CnaVizError, DataError, UsageError
from tests.data.own.sample import BOTH, NODES, X, plain

NAN = float("nan")


@pytest.mark.parametrize("dtype", [torch.float64, torch.int16, torch.uint8, torch.bool, torch.float16])
def test_other_types_become_float32(dtype: torch.dtype) -> None:
    found, said = feature_matrix(torch.eye(3).to(dtype), None)
    assert found.dtype == torch.float32
    assert torch.equal(found, torch.eye(3))
    assert said == [f"features were {str(dtype).removeprefix('torch.')} and are float32"]


@pytest.mark.parametrize("sparse", [torch.Tensor.to_sparse, torch.Tensor.to_sparse_csr])
@pytest.mark.filterwarnings("ignore:Sparse")
def test_sparse_features_have_the_digest_of_dense_ones(sparse: Any) -> None:
    dense = graphs.add(plain(), name="dense")
    assert graphs.add(plain(x=sparse(torch.from_numpy(X))), name="sparse").digest == dense.digest


def test_text_becomes_one_hot_in_alphabetical_order() -> None:
    frame = pd.DataFrame({"a": [1, 2, 3], "kind": ["z", "b", "z"], "flag": [True, False, True]})
    found, said = feature_matrix(frame, None)
    assert found.tolist() == [[1, 0, 1, 1], [2, 1, 0, 0], [3, 0, 1, 1]]
    assert said == ["column 'kind' is text: 2 one-hot features"]


@pytest.mark.parametrize(("fill", "value"), [("mean", 2.0), ("-7", -7.0)])
def test_missing_values_are_filled_on_request(fill: str, value: float) -> None:
    expected = [[1.0], [value], [3.0]]
    assert feature_matrix(pd.DataFrame({"a": [1, None, 3]}), fill)[0].tolist() == expected
    found, said = feature_matrix(torch.tensor([[1.0], [NAN], [3.0]]), fill)
    assert found.tolist() == expected
    assert said == [f"1 missing value of feature 0 filled with {fill}"]


def test_missing_words_are_filled_with_a_word() -> None:
    found, said = feature_matrix(pd.DataFrame({"a": ["x", None, "y"]}), "none")
    assert found.tolist() == [[0, 1, 0], [1, 0, 0], [0, 0, 1]]
    assert said[0] == "1 missing value of column 'a' filled"


@pytest.mark.parametrize(
    ("x", "fill", "kind", "message"),
    [
        (
            pd.DataFrame({"a": [1.0, NAN]}),
            None,
            DataError,
            "column 'a' has 1 missing value: --fill VALUE or",
        ),
        (pd.DataFrame({"a": ["x", None]}), "mean", DataError, "column 'a' has 1 missing value: --fill WORD"),
        (pd.DataFrame({"a": [NAN, NAN]}), "mean", DataError, "no value at all"),
        (pd.DataFrame({"a": [1.0, NAN]}), "x", UsageError, "--fill 'x' is not accepted"),
        (pd.DataFrame({"a": [1.0, NAN]}), "nan", UsageError, "--fill 'nan' is not accepted"),
        (pd.DataFrame({"a": [1.0, np.inf]}), None, DataError, "infinite"),
        (pd.DataFrame({"a": [1.0, 1e39]}), None, DataError, r"1e\+39, which float32 can't hold"),
        (pd.DataFrame({"a": [f"w{i}" for i in range(51)]}), None, DataError, "text with 51 values.*--drop a"),
        (pd.DataFrame({"a": [1, "x"]}, dtype=object), None, DataError, "neither all numbers nor all text"),
        (pd.DataFrame({"a": pd.to_datetime(["2026-01-01"])}), None, DataError, "neither all numbers nor all text"),
        (torch.tensor([[0.0, NAN]]), None, DataError, "feature 1 has 1 missing value"),
        (torch.tensor([[1e39]], dtype=torch.float64), None, DataError, "float32 can't hold"),
        (torch.zeros(3), None, DataError, r"shape \[3\]"),
    ],
)
def test_other_features_are_refused(x: Any, fill: str | None, kind: type[CnaVizError], message: str) -> None:
    with pytest.raises(kind, match=message):
        feature_matrix(x, fill)


def test_missing_features_are_refused_with_the_ways_out() -> None:
    with pytest.raises(UsageError, match="--features degree, onehot, random:32 or laplacian:16"):
        graphs.add(plain(x=None), name="x")


def test_structural_features_replace_those_of_the_file_and_it_is_said() -> None:
    entry = graphs.add(plain(), name="x", features="degree")
    assert "4 columns of features left out" in entry.changes
    degree = np.bincount(BOTH[0], minlength=NODES)
    assert graphs.load("x").x.flatten().tolist() == degree.tolist()


def test_onehot_and_random_features() -> None:
    edges = torch.from_numpy(BOTH)
    assert torch.equal(structural("onehot", edges, NODES, many=False), torch.eye(NODES))
    first, second = (structural("random:3", edges, NODES, many=False) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == (NODES, 3)


@pytest.mark.parametrize("nodes", [30, 1500])
def test_laplacian_features_are_eigenvectors_whose_largest_entry_is_positive(nodes: int) -> None:
    """A path has the eigenvalues 1 - cos(pi k / (n - 1)) (Chung 1997, example 1.4)."""
    network = nx.path_graph(nodes)
    edges = torch.tensor(list(network.edges)).T
    both = torch.cat([edges, edges.flip(0)], dim=1)
    vectors = structural("laplacian:3", both, nodes, many=False).double().numpy()
    laplacian = nx.normalized_laplacian_matrix(network)
    for k in range(3):
        value = 1 - np.cos(np.pi * (k + 1) / (nodes - 1))
        assert np.abs(laplacian @ vectors[:, k] - value * vectors[:, k]).max() < 1e-6
        near = np.abs(vectors[:, k]) > 0.9995 * np.abs(vectors[:, k]).max()
        assert vectors[near.argmax(), k] > 0
        assert np.linalg.norm(vectors[:, k]) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(
    ("features", "nodes", "many"),
    [
        ("onehot", MOST_ONEHOT + 1, False),
        ("onehot", 4, True),
        ("laplacian:2", 4, True),
        ("laplacian:4", 4, False),
        ("random:0", 4, False),
    ],
)
def test_structural_features_that_cant_be_made_are_refused(features: str, nodes: int, many: bool) -> None:
    with pytest.raises(UsageError, match=r"--features"):
        structural(features, torch.tensor([[0, 1], [1, 0]]), nodes, many=many)


@pytest.mark.parametrize("features", ["degree", "laplacian:1"])
def test_edges_of_weight_0_do_not_count_in_features_of_the_structure(features: str) -> None:
    pairs, weights = torch.tensor([[0, 1, 2, 3, 0], [1, 2, 3, 4, 4]]), torch.tensor([1.0, 2.0, 3.0, 4.0, 0.0])
    found = []
    for number, count in enumerate((5, 4)):
        data = Data(y=torch.tensor([0, 1, 0, 1, 0]), edge_index=pairs[:, :count], edge_weight=weights[:count])
        graphs.add(data, name=f"path{number}", features=features)
        found.append(graphs.load(f"path{number}").x)
    assert torch.equal(found[0], found[1])
    if features == "degree":
        assert found[0].flatten().tolist() == [1, 2, 2, 2, 1]
