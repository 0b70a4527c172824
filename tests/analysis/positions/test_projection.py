"""PCA with Procrustes: what is known of it, and the layers that have no picture."""

import numpy as np
import pytest
from scipy.spatial.distance import pdist
from scipy.stats import ortho_group

from cna_viz.analysis.positions.projection import aligned, project_layers, relative_spread

Array = np.ndarray


@pytest.fixture
def cloud() -> Array:
    """Forty points of three blobs in six dimensions."""
    rng = np.random.default_rng(0)
    return 3 * rng.standard_normal((3, 6))[np.arange(40) % 3] + rng.standard_normal((40, 6)) * np.arange(1, 7)


def rms_length(features: Array) -> float:
    return float(np.sqrt(np.square(features).sum(axis=1).mean()))


def test_pca_of_a_cross() -> None:
    cross = np.concatenate([np.diag([3.0, 2.0, 1.0]), -np.diag([3.0, 2.0, 1.0])])
    (projection,) = project_layers([cross])
    lengths = np.abs(projection.positions) * np.sqrt(28 / 6)
    np.testing.assert_allclose(lengths, np.abs(cross[:, :2]), atol=1e-12)
    assert projection.explained == pytest.approx(13 / 14)
    assert projection.spread == pytest.approx(1)  # the mean is the origin
    assert not projection.collapsed


def test_a_plane_in_many_dimensions_keeps_all_distances() -> None:
    rng = np.random.default_rng(1)
    features = rng.standard_normal((30, 2)) @ np.linalg.qr(rng.standard_normal((10, 2)))[0].T + 5
    (projection,) = project_layers([features])
    np.testing.assert_allclose(pdist(projection.positions), pdist(features) / rms_length(features), rtol=1e-9)
    assert projection.explained == pytest.approx(1)


@pytest.mark.parametrize("mirrored", [False, True])
def test_a_turned_or_mirrored_layer_coincides_with_the_layer_before(cloud: Array, mirrored: bool) -> None:
    turn = ortho_group.rvs(6, random_state=2)
    if (np.linalg.det(turn) < 0) != mirrored:
        turn[:, 0] *= -1
    first, second = project_layers([cloud, cloud @ turn])
    np.testing.assert_allclose(second.positions, first.positions, atol=1e-9)
    assert second.explained == pytest.approx(first.explained)
    assert second.spread == pytest.approx(relative_spread(cloud @ turn))


def test_turning_onto_the_layer_before_keeps_distances(cloud: Array) -> None:
    other = np.tanh(cloud @ np.random.default_rng(3).standard_normal((6, 4)))
    _, turned = project_layers([cloud, other])
    (alone,) = project_layers([other])
    np.testing.assert_allclose(pdist(turned.positions), pdist(alone.positions), atol=1e-12)
    assert not np.allclose(turned.positions, alone.positions)


def test_a_shrinking_cloud_is_drawn_smaller() -> None:
    rng = np.random.default_rng(4)
    noise = rng.standard_normal((50, 3))
    sizes = [np.abs(p.positions).max() for p in project_layers([1 + noise, 1 + 0.1 * noise, 1 + 0.01 * noise])]
    assert sizes[0] > 5 * sizes[1] > 25 * sizes[2] > 0


@pytest.mark.parametrize("scale", [1e-300, 1e-30, 1e30, 1e300])
def test_the_scale_of_a_layer_does_not_matter(cloud: Array, scale: float) -> None:
    first, second = project_layers([cloud, scale * cloud])
    np.testing.assert_allclose(second.positions, first.positions, atol=1e-9)
    assert second.spread == pytest.approx(first.spread)


@pytest.mark.parametrize(
    "collapsed",
    [
        np.zeros((40, 6)),
        np.full((40, 6), 7.0),
        np.tile([1.0, -2.0, 3.0], (40, 1)),
        np.float32(1) + np.float32(1e-7) * np.random.default_rng(5).integers(-1, 2, (40, 6)).astype(np.float32),
        np.ones((40, 1)),
        np.ones((1, 6)),
    ],
    ids=["zero", "constant", "equal rows", "equal up to rounding", "one channel", "one row"],
)
def test_a_collapsed_layer_is_flagged_and_drawn_at_a_point(collapsed: Array) -> None:
    (projection,) = project_layers([collapsed])
    assert projection.collapsed
    assert projection.positions.shape == (len(collapsed), 2)
    assert not projection.positions.any()
    assert np.isnan(projection.explained)
    assert projection.spread < 1e-6


def test_a_layer_that_is_nearly_but_not_collapsed_is_drawn() -> None:
    (projection,) = project_layers([1 + 1e-4 * np.random.default_rng(6).standard_normal((40, 6))])
    assert not projection.collapsed
    assert projection.positions.any()


def test_after_a_collapsed_layer_the_last_one_before_it_is_turned_onto(cloud: Array) -> None:
    first, collapsed, third = project_layers([cloud, np.ones((40, 6)), cloud[:, ::-1]])
    assert collapsed.collapsed
    np.testing.assert_allclose(third.positions, first.positions, atol=1e-9)


def test_a_collapsed_first_layer_does_not_hide_the_next(cloud: Array) -> None:
    _, second = project_layers([np.ones((40, 6)), cloud])
    np.testing.assert_array_equal(second.positions, project_layers([cloud])[0].positions)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_row_that_is_not_finite_has_no_place_and_moves_no_other(cloud: Array, value: float) -> None:
    broken = cloud.copy()
    broken[[3, 17], 2] = value
    rest = np.delete(np.arange(40), [3, 17])
    whole, partial, after = project_layers([cloud, broken, cloud])
    assert np.isnan(partial.positions[[3, 17]]).all()
    alone = project_layers([cloud[rest]])[0]
    np.testing.assert_allclose(pdist(partial.positions[rest]), pdist(alone.positions), atol=1e-12)
    assert partial.spread == pytest.approx(alone.spread)
    assert np.isfinite(whole.positions).all()
    assert np.isfinite(after.positions).all()


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_layer_without_a_finite_row_has_no_place_and_does_not_hide_the_next(cloud: Array, value: float) -> None:
    first, nothing, third = project_layers([cloud, np.full((40, 6), value), cloud])
    assert np.isnan(nothing.positions).all()
    np.testing.assert_allclose(third.positions, first.positions, atol=1e-9)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_layer_without_a_finite_row_is_not_said_to_be_collapsed(value: float) -> None:
    (projection,) = project_layers([np.full((40, 6), value)])
    assert not projection.collapsed


def test_one_channel_is_a_line() -> None:
    column = np.array([[1.0], [2.0], [4.0], [5.0]])
    (projection,) = project_layers([column])
    np.testing.assert_allclose(np.abs(projection.positions[:, 0]), np.abs(column[:, 0] - 3) / np.sqrt(46 / 4))
    assert not projection.positions[:, 1].any()
    assert projection.explained == pytest.approx(1)


def test_fewer_rows_than_channels() -> None:
    features = np.random.default_rng(7).standard_normal((3, 50))
    (projection,) = project_layers([features])
    np.testing.assert_allclose(pdist(projection.positions), pdist(features) / rms_length(features), rtol=1e-9)
    (two,) = project_layers([features[:2]])
    np.testing.assert_allclose(pdist(two.positions), pdist(features[:2]) / rms_length(features[:2]), rtol=1e-9)


def test_layers_may_differ_in_channels(cloud: Array) -> None:
    assert [p.positions.shape for p in project_layers([cloud, cloud[:, :1], cloud[:, :3]])] == [(40, 2)] * 3


def test_no_layers() -> None:
    assert project_layers([]) == []


def test_features_are_not_written_to(cloud: Array) -> None:
    before = cloud.copy()
    project_layers([cloud, cloud])
    relative_spread(cloud)
    np.testing.assert_array_equal(cloud, before)


def test_spread_by_hand() -> None:
    assert relative_spread(np.array([[1.0, 0.0], [-1.0, 0.0]])) == pytest.approx(1)
    assert relative_spread(np.array([[1.0, 0.0], [3.0, 0.0]])) == pytest.approx(np.sqrt(2 / 10))
    assert relative_spread(np.zeros((4, 2))) == 0
    assert relative_spread(np.full((4, 2), 0.1)) < 1e-15


@pytest.mark.parametrize("shape", [(50, 7), (7, 50), (20, 20), (5, 1), (2, 9)])
def test_directions_are_those_of_the_singular_values(shape: tuple[int, int]) -> None:
    features = np.random.default_rng(0).standard_normal(shape) * np.linspace(3, 1, shape[1])
    (projection,) = project_layers([features])
    centered = features - features.mean(axis=0)
    left, values, _ = np.linalg.svd(centered, full_matrices=False)
    expected = (left * values)[:, :2] / np.sqrt(np.square(features).sum(axis=1).mean())
    for axis in range(min(2, shape[1], shape[0] - 1)):
        sign = np.sign((projection.positions[:, axis] * expected[:, axis]).sum())
        np.testing.assert_allclose(projection.positions[:, axis], sign * expected[:, axis], atol=1e-10)
    assert projection.explained == pytest.approx(np.square(values[:2]).sum() / np.square(values).sum())


def test_only_nodes_apart_from_each_other_have_places(cloud: Array) -> None:
    layers = [cloud, np.ones_like(cloud), np.full_like(cloud, np.nan)]
    assert [projection.has_places for projection in project_layers(layers)] == [True, False, False]


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
