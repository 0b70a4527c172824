"""Training curves: loss and accuracies of every epoch."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.figures import plot_training_curves
from cna_viz.records.record import Record

Make = Callable[..., Record]

PANELS = {"x": ("loss", "train", 1), "x2": ("accuracy", "train", 100), "x3": ("accuracy", "val", 100)}


@pytest.fixture
def records(make: Make) -> list[Record]:
    made = [make("relu", seed=seed) for seed in (0, 1, 2)]
    for number, record in enumerate(made):  # the three parts apart, so that none can stand for another
        for shift, part in enumerate(("train", "val", "test")):
            record.metrics["accuracy"].loc[{"split": part}] = np.linspace(0, 0.9, 6) / (1 + shift) + 0.01 * number
    return made


def panel(figure: go.Figure, axis: str) -> list[go.Scatter]:
    return [trace for trace in figure.data if (trace.xaxis or "x") == axis]


@pytest.mark.parametrize("axis", list(PANELS))
def test_lines_and_bands_are_the_numbers_of_the_records(records: list[Record], axis: str) -> None:
    variable, part, factor = PANELS[axis]
    band, line = panel(plot_training_curves(records), axis)
    values = factor * np.array([record.metrics[variable].sel(split=part) for record in records])
    mean = np.exp(np.log(values).mean(axis=0)) if variable == "loss" else values.mean(axis=0)
    assert list(line.x) == list(range(6))
    np.testing.assert_allclose(line.y, mean)
    np.testing.assert_allclose(band.y, [*values.max(axis=0), *values.min(axis=0)[::-1]])


def test_axes(records: list[Record]) -> None:
    layout = plot_training_curves(records).layout
    titles = [axis.title.text for axis in (layout.yaxis, layout.yaxis2, layout.yaxis3)]
    assert titles == ["training loss (nats)", "training accuracy (%)", "validation accuracy (%)"]
    assert [axis.title.text for axis in (layout.xaxis, layout.xaxis2, layout.xaxis3)] == ["epoch"] * 3
    assert layout.yaxis.type == "log"
    assert [list(axis.range) for axis in (layout.yaxis2, layout.yaxis3)] == [[0, 102]] * 2


def test_the_test_part_is_not_looked_at(records: list[Record]) -> None:
    before = plot_training_curves(records).to_json()
    for record in records:
        record.metrics["accuracy"].loc[{"split": "test"}] = 0
        record.metrics["loss"].loc[{"split": "test"}] = 1e9
    assert plot_training_curves(records).to_json() == before


def test_a_run_that_stopped_early_counts_as_long_as_it_trained(make: Make) -> None:
    long, short = make(epochs=6), make(seed=1, epochs=3)
    *_, line = panel(plot_training_curves([short, long]), "x2")
    assert list(line.x) == list(range(7))
    np.testing.assert_allclose(line.y[4:], 100 * long.metrics["accuracy"].sel(split="train").values[4:])


def test_the_untrained_network_alone_is_one_point(make: Make) -> None:
    figure = plot_training_curves([make(epochs=0)])
    assert [list(trace.x) for trace in figure.data] == [[0]] * 3
