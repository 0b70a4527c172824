"""What does not matter, for generated features."""

from typing import Any

import hypothesis.extra.numpy as arrays
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cna_viz.config.vocabulary import FEATURE_MEASURES
from cna_viz.measures import EdgeList, FeatureMeasurer

SCALE_FREE = [
    name for name in FEATURE_MEASURES if not name.startswith(("dirichlet", "feature")) and name != "eigenspace_distance"
]
NODES = 7
ENDS = torch.tensor([[0, 1, 2, 3, 4, 0], [1, 2, 3, 4, 5, 3]])  # node 6 is alone
EDGES = EdgeList.from_edge_index(torch.cat([ENDS, ENDS.flip(0)], dim=1), NODES)
Y = torch.tensor([0, 0, 1, 1, 2, 2, 0])
INPUTS = torch.eye(NODES)
MEASURER = FeatureMeasurer(FEATURE_MEASURES, EDGES, Y, INPUTS)

numbers = st.integers(-8, 8).map(lambda value: value / 4)
features = arrays.arrays("float64", st.tuples(st.just(NODES), st.integers(1, 4)), elements=numbers)
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def taken(x: Any) -> dict[str, float]:
    return {name: float(value) for name, value in MEASURER(torch.as_tensor(x)).items()}


@quick
@given(x=features, power=st.integers(-20, 20))
def test_scale(x: Any, power: int) -> None:
    one, other = taken(x), taken(x * 2.0**power)
    for name in SCALE_FREE:
        # Powers of two change no digit, but which of two equal numbers counts as the larger may still depend on them.
        assert other[name] == pytest.approx(one[name], rel=1e-7, abs=1e-7, nan_ok=True)


@quick
@given(x=features, factor=st.floats(0.01, 100))
def test_energies_go_with_the_square(x: Any, factor: float) -> None:
    one, other = taken(x), taken(x * factor)
    for name in FEATURE_MEASURES:
        if name.startswith("dirichlet"):
            assert other[name] == pytest.approx(one[name] * factor**2, rel=1e-9)


@quick
@given(row=arrays.arrays("float64", st.integers(1, 4), elements=numbers))
def test_constant_features_are_flat(row: Any) -> None:
    found = taken(torch.as_tensor(row).repeat(NODES, 1))
    assert found["dirichlet_survey"] == found["dirichlet_trace"] == 0
    assert found["mad"] == pytest.approx(0, abs=1e-12)
    if row.any():
        assert found["mean_cosine"] == pytest.approx(1)
        assert found["numerical_rank"] == pytest.approx(1)
        assert found["effective_rank"] == pytest.approx(1, abs=1e-6)


@quick
@given(x=features)
def test_two_orders_of_ranks_and_energies(x: Any) -> None:
    found = taken(x)
    assert found["numerical_rank"] <= found["effective_rank"] + 1e-6  # Σσ²/σ₁² ≤ Σσ/σ₁ ≤ exp(entropy)
    assert found["dirichlet_survey"] == pytest.approx(2 * found["dirichlet_trace"] / NODES)
    assert found["eigenspace_distance"] <= found["feature_norm"] + 1e-9
    if found["feature_norm"]:
        assert found["rayleigh"] == pytest.approx(found["dirichlet_sym_loops"] / found["feature_norm"] ** 2)
