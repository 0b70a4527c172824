"""Training in slices."""

import math
from typing import Any

import numpy as np
import pytest
import torch

from cna_viz.errors import NotFiniteError, UsageError
from cna_viz.live.graphs import live_graph
from cna_viz.live.network import run_through
from cna_viz.live.rationals import Coefficients
from cna_viz.live.settings import LiveSettings
from cna_viz.live.training import LiveTraining, best_of

KARATE, SETTINGS = live_graph("karate"), LiveSettings(layers=3)


def test_slices_change_nothing() -> None:
    whole, sliced = (LiveTraining(KARATE, SETTINGS, epochs=12) for _ in range(2))
    whole.advance(3600)
    while not sliced.done:
        sliced.advance(0)
    assert len(sliced.curve) == 13
    assert sliced.curve == whole.curve


def test_a_slice_is_one_epoch_at_least_and_none_when_it_is_done() -> None:
    training = LiveTraining(KARATE, SETTINGS, epochs=1)
    training.advance(0)
    assert training.done
    training.advance(0)
    assert [point.epoch for point in training.curve] == [0, 1]


def test_it_learns() -> None:
    training = LiveTraining(live_graph("grid"), LiveSettings(layers=4), epochs=60)
    training.advance(3600)
    assert training.curve[-1].loss < 0.5 * training.curve[0].loss
    assert best_of(training.curve).val > 0.5
    assert best_of(training.curve).val == max(point.val for point in training.curve)


def test_the_trained_network_can_be_looked_into() -> None:
    training = LiveTraining(KARATE, SETTINGS, epochs=30)
    training.advance(3600)
    trained, untrained = run_through(KARATE, SETTINGS, training.state()), run_through(KARATE, SETTINGS)
    last, parts = training.curve[-1], {"train": 20, "val": 7, "test": 7}
    right = sum(getattr(last, part) * nodes for part, nodes in parts.items())
    assert trained.accuracy == pytest.approx(right / 34)
    assert trained.layers[1].measures != untrained.layers[1].measures


def test_what_is_not_finite_ends_it() -> None:
    training = LiveTraining(KARATE, LiveSettings(layers=3, assignment="none", normalization="none"), lr=1e30)
    training.advance(3600)
    assert training.done
    assert training.diverged
    assert all(math.isfinite(point.loss) for point in training.curve)


def test_after_it_diverged_the_last_finite_weights_are_there() -> None:
    # Clusters of a node or two divide by next to nothing: gradients overflow on their way through so many layers.
    settings = LiveSettings(layers=32, clusters=20)
    training = LiveTraining(KARATE, settings)
    training.advance(3600)
    assert training.diverged
    left = run_through(KARATE, settings, training.state())
    assert all(np.isfinite(layer.features).all() for layer in left.layers)
    last, parts = training.curve[-1], {"train": 20, "val": 7, "test": 7}
    assert left.accuracy == pytest.approx(sum(getattr(last, part) * nodes for part, nodes in parts.items()) / 34)


def test_a_state_does_not_change_with_further_epochs() -> None:
    training = LiveTraining(KARATE, SETTINGS, epochs=2)
    training.advance(0)
    state = training.state()
    before = {name: value.clone() for name, value in state.items()}
    training.advance(0)
    assert all(torch.equal(value, before[name]) for name, value in state.items())
    assert any(not torch.equal(value, before[name]) for name, value in training.state().items())


@pytest.mark.parametrize("assignment", ["none", "kmeans"])
def test_an_untrained_network_that_is_not_finite_is_refused(assignment: str) -> None:
    steep = Coefficients((4.0,) * 6, (0.0,) * 4)
    with pytest.raises(NotFiniteError):
        LiveTraining(KARATE, LiveSettings(layers=32, assignment=assignment, normalization="none", rational=steep))


@pytest.mark.parametrize(("options", "said"), [({"epochs": 0}, "epochs = 0"), ({"lr": -1.0}, "lr = -1")])
def test_training_options_out_of_range_are_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        LiveTraining(KARATE, SETTINGS, **options)
