"""Layers of two networks in one picture: turned copies coincide, and layers without a counterpart follow on."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group

from cna_viz.analysis.positions.aligned import aligned
from cna_viz.analysis.positions.projection import project_layers

Array = np.ndarray


@pytest.fixture
def layers() -> list[Array]:
    """Three layers of forty points in six dimensions, none like the one before."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal((40, 6)) * rng.permutation(np.arange(1.0, 7.0)) for _ in range(3)]


def test_a_network_with_turned_features_gives_the_same_picture(layers: list[Array]) -> None:
    turned = [layer @ ortho_group.rvs(6, random_state=number) for number, layer in enumerate(layers)]
    first = project_layers(layers)
    for one, other in zip(first, aligned(project_layers(turned), first), strict=True):
        np.testing.assert_allclose(other.positions, one.positions, atol=1e-9)
        assert other.spread == pytest.approx(one.spread)


def test_a_network_is_not_moved_by_itself(layers: list[Array]) -> None:
    first = project_layers(layers)
    for one, other in zip(first, aligned(first, first), strict=True):
        np.testing.assert_allclose(other.positions, one.positions, atol=1e-12)


def test_turning_keeps_distances(layers: list[Array]) -> None:
    other = project_layers([np.tanh(layer) for layer in layers])
    for before, after in zip(other, aligned(other, project_layers(layers)), strict=True):
        np.testing.assert_allclose(pdist(after.positions), pdist(before.positions), atol=1e-12)


def test_a_layer_that_the_other_network_lacks_is_turned_onto_the_one_before(layers: list[Array]) -> None:
    first = project_layers(layers[:1])
    turn = ortho_group.rvs(6, random_state=5)
    deeper = aligned(project_layers([layers[0], layers[0] @ turn]), first)
    np.testing.assert_allclose(deeper[1].positions, first[0].positions, atol=1e-9)
    assert len(aligned(first, project_layers(layers))) == 1


def test_a_collapsed_layer_of_the_other_network_turns_nothing(layers: list[Array]) -> None:
    flat = np.ones((40, 6))
    first = project_layers([layers[0], flat])
    turn = ortho_group.rvs(6, random_state=6)
    found = aligned(project_layers([layers[0], layers[0] @ turn]), first)
    np.testing.assert_allclose(found[1].positions, found[0].positions, atol=1e-9)


def test_layers_without_places_stay_as_they_are(layers: list[Array]) -> None:
    lost = np.full((40, 6), np.nan)
    found = aligned(project_layers([lost, np.ones((40, 6)), layers[0]]), project_layers(layers))
    assert np.isnan(found[0].positions).all()
    assert found[1].collapsed
    assert not found[1].positions.any()
    assert np.isfinite(found[2].positions).all()


def test_a_network_beside_one_without_layers_keeps_its_picture(layers: list[Array]) -> None:
    first = project_layers(layers)
    found = aligned(first, [])
    np.testing.assert_allclose(found[2].positions, first[2].positions, atol=1e-12)
    assert aligned([], first) == []
