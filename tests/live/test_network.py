"""One pass through the network of the playground."""

import numpy as np
import pytest
import torch

from cna_viz.errors import NotFiniteError, UsageError
from cna_viz.live.graphs import live_graph, without_edges
from cna_viz.live.network import make_network, run_through
from cna_viz.live.rationals import Coefficients, preset
from cna_viz.live.settings import LiveSettings

BARE = {"assignment": "none", "normalization": "none", "activation": "none"}
KARATE = live_graph("karate")
STEEP = Coefficients((4.0,) * 6, (0.0,) * 4)
"""A polynomial that makes large values larger."""


def test_every_layer_is_there_and_the_last_has_no_slot() -> None:
    passed = run_through(KARATE, LiveSettings(layers=4))
    assert [layer.number for layer in passed.layers] == [0, 1, 2, 3, 4]
    assert np.array_equal(passed.layers[0].features, KARATE.x.numpy())
    assert passed.layers[4].features.shape == (34, KARATE.num_classes)
    assert [layer.labels is None for layer in passed.layers] == [True, False, False, False, True]
    assert 0 <= passed.accuracy <= 1


def test_without_anything_in_the_slots_a_deep_network_collapses() -> None:
    ranks = [layer.measures["effective_rank"] for layer in run_through(KARATE, LiveSettings(layers=32, **BARE)).layers]
    assert ranks[1] > 5
    assert ranks[31] < 1.5


def test_normalization_within_clusters_keeps_the_rank() -> None:
    ranks = [layer.measures["effective_rank"] for layer in run_through(KARATE, LiveSettings(layers=32)).layers]
    assert ranks[31] > 5


def test_without_edges_a_convolution_is_a_linear_map() -> None:
    settings = LiveSettings(layers=2, **BARE)
    first = run_through(without_edges(KARATE), settings).layers[1]
    linear = make_network(KARATE, settings).convs[0].lin(KARATE.x).detach().numpy()
    np.testing.assert_allclose(first.features, linear, atol=1e-6)
    assert first.measures["rayleigh"] == 0


def test_all_slots_start_from_the_same_weights() -> None:
    one, other = (make_network(KARATE, LiveSettings(layers=5, **factors)) for factors in ({}, BARE))
    assert all(torch.equal(a, b) for a, b in zip(one.convs.parameters(), other.convs.parameters(), strict=True))
    assert np.array_equal(
        run_through(KARATE, LiveSettings(layers=5)).layers[1].features,
        run_through(KARATE, LiveSettings(layers=5, **BARE)).layers[1].features,
    )


def test_one_cluster_is_the_normalization_of_all_nodes() -> None:
    clustered = run_through(KARATE, LiveSettings(layers=4, clusters=1))
    whole = run_through(KARATE, LiveSettings(layers=4, assignment="none", normalization="batch"))
    for one, other in zip(clustered.layers, whole.layers, strict=True):
        np.testing.assert_allclose(one.features, other.features, atol=1e-4)


def test_the_rational_of_the_settings_is_in_every_slot() -> None:
    settings = LiveSettings(layers=4, assignment="none", normalization="none", rational=preset("identity"))
    linear = run_through(KARATE, LiveSettings(layers=4, **BARE))
    np.testing.assert_allclose(run_through(KARATE, settings).layers[4].features, linear.layers[4].features, atol=1e-6)


def test_what_enters_the_rational_is_normalized_within_clusters() -> None:
    layer = run_through(KARATE, LiveSettings(layers=3)).layers[2]
    assert layer.labels is not None
    assert layer.entering is not None
    for cluster in np.unique(layer.labels):
        np.testing.assert_allclose(layer.entering[layer.labels == cluster].mean(axis=0), 0, atol=1e-4)


def test_it_is_the_same_every_time_and_leaves_the_random_state_alone() -> None:
    before = torch.get_rng_state()
    settings = LiveSettings(layers=6, assignment="random")
    one, other = run_through(KARATE, settings), run_through(KARATE, settings)
    assert np.array_equal(one.layers[6].features, other.layers[6].features)
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"layers": 0}, "layers = 0"),
        ({"layers": 33}, "1 to 32"),
        ({"layers": 8.5}, "layers = 8.5.*whole number"),
        ({"layers": "8"}, "layers = '8'.*whole number"),
        ({"layers": True}, "layers = True.*whole number"),
        ({"hidden": 0}, "hidden = 0"),
        ({"hidden": 65}, "1 to 64"),
        ({"clusters": 0}, "clusters = 0"),
        ({"seed": -1}, "seed = -1"),
        ({"seed": 2**63}, "seed"),
        ({"clusters": 21}, "clusters = 21"),
        ({"assignment": "labels"}, "'labels'"),
        ({"normalization": "layer"}, "'layer'"),
        ({"activation": "gelu"}, "'gelu'"),
    ],
)
def test_settings_out_of_range_are_refused(changes: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        LiveSettings().with_(**changes)


def test_what_is_not_finite_tells_no_class() -> None:
    bare = {"assignment": "none", "normalization": "none"}
    passed = run_through(KARATE, LiveSettings(layers=32, rational=STEEP, **bare))
    assert not np.isfinite(passed.layers[32].features).any()
    assert passed.accuracy == 0


def test_clusters_of_what_is_not_finite_are_refused() -> None:
    with pytest.raises(NotFiniteError, match="34 of 34 rows"):
        run_through(KARATE, LiveSettings(layers=32, rational=STEEP, normalization="none"))


def test_weights_of_another_network_are_refused() -> None:
    with pytest.raises(UsageError, match="another network"):
        run_through(KARATE, LiveSettings(layers=3), make_network(KARATE, LiveSettings(layers=2)).state_dict())


def test_a_pass_with_given_weights_leaves_them_alone() -> None:
    settings = LiveSettings(layers=3)
    state = make_network(KARATE, settings).state_dict()
    before = {name: value.clone() for name, value in state.items()}
    given, untrained = run_through(KARATE, settings, state), run_through(KARATE, settings)
    assert all(torch.equal(value, before[name]) for name, value in state.items())
    assert np.array_equal(given.layers[3].features, untrained.layers[3].features)
