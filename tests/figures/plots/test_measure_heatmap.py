"""A measure over epochs and layers: what is in the record, layer by layer from below."""

from collections.abc import Callable

import numpy as np
import pytest

from cna_viz.config.measures import MEASURES
from cna_viz.errors import UsageError
from cna_viz.figures import plot_measure_heatmap
from cna_viz.records.record import Record

Make = Callable[..., Record]


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize(("stage", "last"), [("conv", 4), ("slot", 3)])
def test_each_panel_is_the_measure_of_its_record(make: Make, measure: str, stage: str, last: int) -> None:
    records = [make("relu"), make("cna", seed=1)]
    figure = plot_measure_heatmap(records, measure, stage=stage)
    assert len(figure.data) == 2
    for trace, record in zip(figure.data, records, strict=True):
        values = record.metrics[measure].sel(stage=stage).values[:, :last].T
        np.testing.assert_array_equal(trace.customdata, values)
        np.testing.assert_allclose(trace.z, np.log10(values) if MEASURES[measure].log else values)
        assert list(trace.x) == list(range(6))
        assert list(trace.y) == list(range(1, last + 1))
        assert trace.coloraxis == "coloraxis"  # one scale for all panels
    title = figure.layout.coloraxis.colorbar.title.text
    assert title == ("log₁₀ of<br>" if MEASURES[measure].log else "") + MEASURES[measure].label


def test_panels_say_slot_and_depth_and_may_differ_in_depth(make: Make) -> None:
    figure = plot_measure_heatmap([make("none", 3), make("cna", 8)])
    assert [note.text for note in figure.layout.annotations[:2]] == ["none (linear), 3 layers", "CNA, 8 layers"]
    assert [np.shape(trace.z) for trace in figure.data] == [(3, 6), (8, 6)]


def test_zero_is_white_and_keeps_its_value_for_the_reader(make: Make) -> None:
    record = make()
    record.metrics["rayleigh"].loc[{"epoch": 2, "layer": 3}] = 0
    (trace,) = plot_measure_heatmap([record]).data
    assert np.isnan(trace.z[2][2])
    assert trace.customdata[2][2] == 0
    assert int(np.isnan(np.asarray(trace.z)).sum()) == 1


def test_epochs_that_were_not_measured_are_left_out(make: Make) -> None:
    record = make()
    record.metrics["rayleigh"].loc[{"epoch": [1, 2, 4]}] = np.nan
    (trace,) = plot_measure_heatmap([record]).data
    assert list(trace.x) == [0, 3, 5]


def test_axes_and_title(make: Make) -> None:
    layout = plot_measure_heatmap([make(), make(seed=1)], stage="slot").layout
    assert [layout.xaxis.title.text, layout.xaxis2.title.text, layout.yaxis.title.text] == ["epoch", "epoch", "layer"]
    assert layout.title.text == "Where and when do the layers collapse?"
    assert "after the slot" in layout.annotations[-1].text


def test_many_runs_stand_in_rows_and_are_told_apart(make: Make) -> None:
    records = [make("cna", layers, seed) for layers in (2, 4) for seed in range(15)]
    figure = plot_measure_heatmap(records)
    assert len(figure.data) == 30
    titles = [note.text for note in figure.layout.annotations[:-1]]
    assert len(set(titles)) == 30
    assert titles[:2] == ["CNA, 2 layers, seed 0", "CNA, 2 layers, seed 1"]
    assert [trace.yaxis for trace in figure.data[3:5]] == ["y4", "y5"]
    assert figure.layout.xaxis5.anchor == "y5"


def test_an_epoch_or_a_layer_that_is_no_number_is_said(make: Make) -> None:
    record = make("cna")
    with pytest.raises(UsageError, match="no snapshot of epoch 'best'; snapshots kept: 0"):
        record.embedding(1, "conv", "best")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="layer '1' has no stage 'conv'"):
        record.embedding("1", "conv")  # type: ignore[arg-type]
