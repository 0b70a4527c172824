"""The playground without a browser: what is chosen is what is computed, and what is seen."""

import asyncio
from collections.abc import Iterator

import ipywidgets
import numpy as np
import plotly.graph_objects as go
import pytest
from ipywidgets.widgets.widget import _instances

from cna_viz.errors import UsageError
from cna_viz.live.graphs import edges_of, live_graph
from cna_viz.live.network import run_through
from cna_viz.live.rationals import SHAPES, evaluate, preset
from cna_viz.live.training import Point
from cna_viz.widgets import Playground
from cna_viz.widgets.library import library


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture
def playground() -> Playground:
    return Playground("karate", layers=4)


def drawn(playground: Playground, name: str) -> go.Figure:
    """Return what is shown, checked by plotly."""
    return playground._views[name].figure()


def test_every_figure_is_one_that_plotly_accepts(playground: Playground) -> None:
    for name in playground._views:
        assert drawn(playground, name).data


def test_moving_the_layer_moves_nodes_and_cursor(playground: Playground) -> None:
    playground._controls.layer.value = 3
    assert "after convolution 3" in drawn(playground, "nodes").layout.title.text
    measures = drawn(playground, "measures")
    assert [trace.x[0] for trace in measures.data if trace.mode == "markers"] == [3, 3]
    assert [shape.x0 for shape in measures.layout.shapes] == [3, 3]


def test_the_curves_are_the_measures_of_the_pass(playground: Playground) -> None:
    layers = run_through(live_graph("karate"), playground.settings).layers
    lines = [trace for trace in drawn(playground, "measures").data if trace.mode == "lines+markers"]
    np.testing.assert_allclose(lines[0].y, [layer.measures["rayleigh"] for layer in layers])
    np.testing.assert_allclose(lines[1].y, [layer.measures["effective_rank"] for layer in layers])


def test_another_slot_gives_another_network(playground: Playground) -> None:
    before = playground.seen.passed.layers[3].features
    playground._controls.normalization.value = "none"
    assert playground.settings.normalization == "none"
    assert not np.array_equal(playground.seen.passed.layers[3].features, before)


def test_fewer_layers_pull_the_shown_layer_along(playground: Playground) -> None:
    playground._controls.layer.value = 4
    playground._controls.layers.value = 2
    assert playground._controls.layer.value == 2
    assert "after convolution 2" in drawn(playground, "nodes").layout.title.text


def test_a_preset_fills_the_coefficients_and_a_slider_leaves_it(playground: Playground) -> None:
    playground._controls.preset.value = "bump"
    assert playground.settings.rational.numerator == pytest.approx(preset("bump").numerator, abs=1e-3)
    playground._controls.coefficients[1].value = 2.0
    assert playground._controls.preset.value is None
    assert playground.settings.rational.numerator[1] == 2.0
    curve = next(trace for trace in drawn(playground, "rational").data if trace.name == "rational R(z)")
    assert curve.y[80] == pytest.approx(playground.settings.rational.numerator[0], abs=1e-6)


@pytest.mark.parametrize("name", SHAPES)
def test_what_sliders_can_have_is_still_the_shape(playground: Playground, name: str) -> None:
    playground._controls.preset.value = name
    z = np.linspace(-3, 3, 61)
    assert np.abs(evaluate(playground.settings.rational, z) - SHAPES[name](z)).max() < 0.04


def test_a_browser_that_rounds_moves_nothing(playground: Playground) -> None:
    assert playground._controls.preset.value == "relu"
    for slider in playground._controls.coefficients:
        slider.value += 1e-12
    assert playground._controls.preset.value == "relu"


def test_coefficients_do_nothing_without_a_rational(playground: Playground) -> None:
    playground._controls.activation.value = "relu"
    assert all(slider.disabled for slider in playground._controls.coefficients)
    assert any(trace.name == "ReLU in the slot" for trace in drawn(playground, "rational").data)


def test_clusters_colour_the_nodes(playground: Playground) -> None:
    playground._controls.layer.value = 1
    playground._controls.color.value = "cluster"
    labels = playground.seen.passed.layers[1].labels
    assert labels is not None
    marks = [trace for trace in drawn(playground, "nodes").data if trace.customdata is not None]
    assert {len(trace.customdata) for trace in marks} == set(np.bincount(labels)[np.bincount(labels) > 0].tolist())


def test_edges_are_toggled_by_numbers_and_by_picking_two_nodes(playground: Playground) -> None:
    edges = edges_of(playground.graph).shape[1]
    playground._controls.ends[0].value, playground._controls.ends[1].value = 0, 9
    playground._controls.toggle.click()
    assert edges_of(playground.graph).shape[1] == edges + 1
    playground._views["graph"].selected = [0, 9]
    assert edges_of(playground.graph).shape[1] == edges + 1, "nodes are only selected while edges are not edited"
    playground._controls.edit.value = True
    playground._views["graph"].selected = []
    playground._views["graph"].selected = [0, 9]
    assert edges_of(playground.graph).shape[1] == edges
    assert playground._views["graph"].selected == []


def test_no_edges_no_energy(playground: Playground) -> None:
    playground._controls.clear.click()
    assert {layer.measures["rayleigh"] for layer in playground.seen.passed.layers} == {0.0}
    measures = drawn(playground, "measures")
    assert set(measures.data[0].y) == {None}, "nobody has neighbours to differ from, which is not the same as alike"
    assert "no meaning without edges" in measures.layout.title.text
    assert "0 edges" in drawn(playground, "graph").layout.title.text
    playground._controls.restore.click()
    assert edges_of(playground.graph).shape == edges_of(live_graph("karate")).shape


def test_what_can_not_be_is_said_in_the_widget(playground: Playground) -> None:
    playground._controls.toggle.click()
    assert "itself" in playground.notice.text
    playground._controls.layers.value = 1
    assert playground.notice.text == ""
    assert "no slot" in drawn(playground, "rational").layout.title.text


def test_it_trains_to_the_end_without_an_event_loop() -> None:
    playground = Playground("karate", layers=2)
    playground._controls.train.click()
    assert [point.epoch for point in playground.curve] == list(range(201))
    assert not playground.training
    assert playground.seen.trained == 200
    assert "200" in playground._words.text
    playground._controls.forget.click()
    assert playground.curve == []
    assert playground.seen.trained == 0
    assert "untrained" in playground._words.text


LITTLE = ": one split, one seed, too little for any comparison."


@pytest.mark.parametrize(
    ("curve", "words"),
    [
        ([], "The network is **untrained**: its weights are random."),
        ([Point(0, 1.0, 0.5, 0.5, 0.5)], "The network is **untrained**: its weights are random."),
        (
            [Point(0, 1.0, 0.5, 0.5, 0.4), Point(1, 0.9, 0.6, 0.5, 0.9)],
            "Trained for **1** epoch: 60 % of the training nodes are right. At the best validation epoch, 0, 40 % of "
            f"the test nodes were{LITTLE}",
        ),
        (
            [Point(0, 1.0, 0.5, 0.5, 0.4), Point(2, 0.9, 1.0, 0.6, 0.9)],
            "Trained for **2** epochs: 100 % of the training nodes are right. At the best validation epoch, 2, 90 % of "
            f"the test nodes were{LITTLE}",
        ),
    ],
)
def test_what_is_said_of_the_training(playground: Playground, curve: list[Point], words: str) -> None:
    playground.curve = curve
    assert playground._sentence() == words


def test_the_footnote_counts_layers_channels_and_epochs() -> None:
    playground = Playground("karate", layers=1)
    assert "GCN of 1 layer, " in playground._footnote()
    assert playground._footnote().endswith("seed 0, untrained")


def test_a_training_that_is_refused_has_not_begun() -> None:
    playground = Playground("karate", layers=8, normalization="none")
    for slider in playground._controls.coefficients:
        slider.value = 4.0 if slider.description.startswith("a") else 0.0
    playground._controls.train.click()
    assert "NaN or infinity" in playground.notice.text
    assert not playground.training
    playground._controls.layers.value = 1
    playground._controls.train.click()
    assert playground.curve


def test_it_stops_when_it_is_told_to() -> None:
    async def play() -> Playground:
        playground = Playground("karate", layers=2)
        playground.train()
        await asyncio.sleep(0)
        assert playground.training
        assert playground._controls.train.disabled
        while len(playground.curve) < 3:
            await asyncio.sleep(0.01)
        playground._controls.stop.click()
        assert playground._task is not None
        await playground._task
        return playground

    playground = asyncio.run(play())
    assert 3 <= len(playground.curve) < 201
    assert playground.seen.trained == playground.curve[-1].epoch
    assert not playground.training


def test_another_setting_ends_a_training_and_forgets_it() -> None:
    async def play() -> Playground:
        playground = Playground("karate", layers=2)
        playground.train()
        while len(playground.curve) < 2:
            await asyncio.sleep(0.01)
        playground._controls.clusters.value = 3
        assert playground._task is not None
        await playground._task
        return playground

    playground = asyncio.run(play())
    assert playground.curve == []
    assert playground.seen.trained == 0
    assert not playground.training


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"graph": "cora"}, "'cora'"),
        ({"layers": 99}, "layers = 99"),
        ({"nosuch": 2}, "'nosuch'"),
        ({"rational": "bumb"}, "'bumb'"),
    ],
)
def test_a_wrong_start_is_refused(arguments: dict[str, object], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        Playground(**arguments)


def test_the_figure_is_what_is_seen(playground: Playground) -> None:
    playground._controls.layer.value = 2
    figure = playground.figure()
    text = figure.layout.title.text + " ".join(note.text for note in figure.layout.annotations)
    assert "after convolution 2" in text
    assert "karate" in text
    assert "untrained" in text


def test_a_training_that_was_stopped_does_not_go_on_beside_the_next() -> None:
    async def play() -> tuple[Playground, list[Point], int]:
        playground = Playground("karate", layers=32)
        playground.train()
        await asyncio.sleep(0)
        first, before = playground._task, playground.curve
        stopped_after = len(before)
        playground.stop()
        playground.train()
        second = playground._task
        assert first is not None
        assert second is not None
        await first  # by itself, while the other goes on
        assert not second.done()
        assert playground.training
        playground.stop()
        await second
        return playground, before, stopped_after

    playground, before, stopped_after = asyncio.run(play())
    assert len(before) == stopped_after
    assert playground.curve is not before
    assert [point.epoch for point in playground.curve] == list(range(len(playground.curve)))
    assert playground.seen.trained == playground.curve[-1].epoch


def test_what_was_handed_in_stays() -> None:
    playground = Playground("karate", hidden=32, seed=20_000, rational="bump", assignment="none")
    assert playground.settings.hidden == 32
    assert playground.settings.seed == 20_000
    assert playground._controls.preset.value == "bump"
    playground._controls.layers.value = 3
    assert playground.settings.hidden == 32


def bend_to_overflow(playground: Playground) -> None:
    """Make the rational a polynomial, which 31 slots apply to each other."""
    for slider, value in zip(playground._controls.coefficients, [4.0] * 6 + [0.0] * 4, strict=True):
        slider.value = value


def test_values_that_overflow_are_said() -> None:
    playground = Playground("karate", layers=32, assignment="none", normalization="none")
    bend_to_overflow(playground)
    assert "beyond what numbers can hold" in playground.notice.text
    playground._controls.normalization.value = "batch"
    assert playground.notice.text == ""


def test_a_network_that_can_not_be_computed_leaves_the_one_before_marked() -> None:
    playground = Playground("digits", layers=32, normalization="none")
    seen = playground.seen
    bend_to_overflow(playground)
    assert "beyond what numbers can hold" in playground.notice.text
    assert "cna-viz-old" in playground._views["nodes"]._dom_classes
    assert playground.seen.settings != playground.settings
    playground._controls.preset.value = "relu"
    assert "cna-viz-old" not in playground._views["nodes"]._dom_classes
    assert playground.seen.settings == seen.settings


def test_three_nodes_are_no_edge(playground: Playground) -> None:
    edges = edges_of(playground.graph).shape[1]
    playground._views["graph"].selected = [1, 2]
    playground._controls.edit.value = True
    assert playground._views["graph"].selected == [], "what was selected before is no end of an edge"
    playground._views["graph"].selected = [1, 2, 3]
    assert "two ends" in playground.notice.text
    assert edges_of(playground.graph).shape[1] == edges


def test_nothing_is_left_of_a_hundred(playground: Playground) -> None:
    library()
    before = len(_instances)
    for _ in range(3):
        Playground("karate", layers=2).close()
    assert len(_instances) == before
