"""Many measures at once: the same numbers as one by one."""

import math
from typing import Any

import pytest
import torch

from cna_viz.config.vocabulary import FEATURE_MEASURES
from cna_viz.errors import UsageError
from cna_viz.measures import EdgeList, FeatureMeasurer
from tests.measures.single import SINGLE


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.float16])
def test_all_at_once_as_one_by_one(samples: list[Any], dtype: torch.dtype) -> None:
    for sample in samples[:50]:
        x = sample.x.to(dtype)
        together = FeatureMeasurer(FEATURE_MEASURES, sample.edges, sample.y, sample.inputs)(x)
        assert tuple(together) == FEATURE_MEASURES
        for name, value in together.items():
            assert value.shape == ()
            assert value.dtype == torch.float64
            right = float(SINGLE[name](x, sample.edges, sample.y, sample.inputs))
            assert float(value) == pytest.approx(right, rel=1e-12, nan_ok=True)


def test_each_alone(samples: list[Any]) -> None:
    sample = samples[3]
    for name in FEATURE_MEASURES:
        found = FeatureMeasurer((name,), sample.edges, sample.y, sample.inputs)(sample.x)
        right = float(SINGLE[name](sample.x, sample.edges, sample.y, sample.inputs))
        assert {key: float(value) for key, value in found.items()} == {name: pytest.approx(right, rel=1e-12)}


def test_other_layouts_and_gradients_do_not_matter(samples: list[Any]) -> None:
    sample = samples[1]
    measurer = FeatureMeasurer(FEATURE_MEASURES, sample.edges, sample.y, sample.inputs)
    wanted = measurer(sample.x)
    for x in (sample.x.T.contiguous().T, torch.cat([sample.x, sample.x], dim=1)[:, : sample.x.shape[1]]):
        for name, value in measurer(x.clone().requires_grad_() if x.is_contiguous() else x).items():
            assert float(value) == pytest.approx(float(wanted[name]), rel=1e-12)
    for name, value in measurer(sample.x.clone().requires_grad_()).items():
        assert not value.requires_grad
        assert float(value) == pytest.approx(float(wanted[name]), rel=1e-12)


def test_without_classes_and_inputs_their_measures_are_nan(samples: list[Any]) -> None:
    found = FeatureMeasurer(("group_distance_ratio", "information_gain", "mad"), samples[1].edges)(samples[1].x)
    assert [math.isnan(value) for value in found.values()] == [True, True, False]


def test_nothing_is_measured_where_nothing_is_asked(samples: list[Any]) -> None:
    assert FeatureMeasurer((), samples[0].edges)(samples[0].x) == {}


@pytest.mark.parametrize("name", ["raleigh", "gradient_norm", "cluster_churn"])
def test_other_names_are_refused(samples: list[Any], name: str) -> None:
    with pytest.raises(UsageError, match=f"unknown measure of features '{name}'; choices, nearest first: "):
        FeatureMeasurer(("mad", name), samples[0].edges)


@pytest.mark.parametrize("shape", [(2, 4), (4, 4), (3,), (3, 2, 2)])
def test_features_of_other_nodes_are_refused(shape: tuple[int, ...]) -> None:
    edges = EdgeList.from_edge_index(torch.tensor([[0, 1], [1, 0]]), 3)
    with pytest.raises(UsageError, match="the graph has 3 nodes"):
        FeatureMeasurer(("mad",), edges)(torch.ones(shape))


def test_the_same_call_gives_the_same_bits(samples: list[Any]) -> None:
    sample = samples[4]
    measurer = FeatureMeasurer(FEATURE_MEASURES, sample.edges, sample.y, sample.inputs)
    one, other = measurer(sample.x.float()), measurer(sample.x.float())
    assert all(torch.equal(one[name].nan_to_num(), other[name].nan_to_num()) for name in FEATURE_MEASURES)
