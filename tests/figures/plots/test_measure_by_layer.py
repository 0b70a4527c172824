"""A measure by layer: geometric or arithmetic means and ranges of the selected models."""

from collections.abc import Callable
from itertools import product

import numpy as np
import pytest

from cna_viz.config.measures import MEASURES
from cna_viz.figures import plot_measure_by_layer
from cna_viz.records.record import Record

Make = Callable[..., Record]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("stage", "last"), [("conv", 4), ("slot", 3)])
def test_lines_and_bands_are_the_numbers_of_the_records(make: Make, measure: str, stage: str, last: int) -> None:
    records = [make(slot, seed=seed, best_epoch=2) for slot, seed in product(("relu", "cna"), (0, 1, 2))]
    figure = plot_measure_by_layer(records, measure, stage=stage)
    assert len([trace for trace in figure.data if trace.legendgroup]) == 4
    for slot in ("relu", "cna"):
        band, line = (trace for trace in figure.data if trace.legendgroup == slot)
        values = np.array(
            [r.metrics[measure].sel(epoch=2, stage=stage)[:last] for r in records if r.config.model.slot == slot]
        )
        mean = np.exp(np.log(values).mean(axis=0)) if MEASURES[measure].log else values.mean(axis=0)
        assert list(line.x) == list(range(1, last + 1))
        np.testing.assert_allclose(line.y, mean)
        np.testing.assert_allclose(band.y, [*values.max(axis=0), *values.min(axis=0)[::-1]])
    axis = figure.layout.yaxis
    assert axis.title.text == MEASURES[measure].label
    assert (axis.type == "log") == (MEASURES[measure].log)
    assert figure.layout.title.text == f"{MEASURES[measure].question} (4 layers)"
    assert list(figure.layout.xaxis.range) == [0.5, 4.5]


def test_the_energy_of_equal_nodes_stands_beside_that_of_the_layers(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cna_viz.figures.plots.measure_by_layer.constant_energy", lambda record: 0.125)
    (line,) = [trace for trace in plot_measure_by_layer([make()]).data if trace.legendgroup is None]
    assert (line.name, list(line.x), list(line.y)) == ("all nodes equal", [0.5, 4.5], [0.125, 0.125])
    assert len(plot_measure_by_layer([make()], "mad").data) == 1


def test_the_stage_is_named_in_the_footnote(make: Make) -> None:
    assert "after the convolution" in plot_measure_by_layer([make()]).layout.annotations[-1].text
    assert "after the slot" in plot_measure_by_layer([make()], stage="slot").layout.annotations[-1].text


def test_energy_after_the_convolution_is_what_is_drawn_when_nothing_is_said(make: Make) -> None:
    record = make()
    figure = plot_measure_by_layer([record])
    assert list(figure.data[0].y) == record.metrics["rayleigh"].sel(epoch=5, stage="conv").values.tolist()


def test_what_has_no_number_leaves_a_gap(make: Make) -> None:
    record = make()
    record.metrics["mad"].loc[{"layer": 2}] = np.nan
    line = plot_measure_by_layer([record], "mad").data[0]
    assert list(line.x) == [1, 2, 3, 4]
    assert np.isnan(line.y).tolist() == [False, True, False, False]


def test_zeros_are_left_out_of_a_logarithmic_axis(make: Make) -> None:
    record = make()
    record.metrics["rayleigh"].loc[{"layer": 4}] = 0
    line = plot_measure_by_layer([record]).data[0]
    assert np.isnan(line.y[3])
    assert np.isfinite(line.y[:3]).all()


def test_zeros_stay_where_the_axis_is_linear(make: Make) -> None:
    record = make()
    record.metrics["effective_rank"].loc[{"layer": 4}] = 0
    figure = plot_measure_by_layer([record], "effective_rank")
    assert figure.data[0].y[3] == 0
    assert figure.layout.yaxis.rangemode == "tozero"


def test_many_layers_are_drawn_without_markers(make: Make) -> None:
    assert plot_measure_by_layer([make(layers=40)]).data[0].mode == "lines+markers"
    assert plot_measure_by_layer([make(layers=41)]).data[0].mode == "lines"
