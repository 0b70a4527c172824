"""Rationals over the values that enter them: curves, bold parts and shares are those of the record."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

from cna_viz.analysis.tables.rational import CENTERS, RationalCurves, rational_curves
from cna_viz.errors import UsageError
from cna_viz.figures import plot_rational_curves
from cna_viz.figures.style.theme import class_style
from cna_viz.records.record import Record
from cna_viz.records.schema import HISTOGRAM_BINS

Array = np.ndarray
Make = Callable[..., Record]


def drawn(figure: go.Figure, cluster: int) -> dict[str, go.Scatter]:
    """Return the traces of a cluster by what they are: thin, bold and share."""
    traces = [trace for trace in figure.data if trace.legendgroup == f"cluster {cluster}"]
    panels = {"y2": "share", "y3": "apart"}
    kinds = [panels.get(trace.yaxis, "thin" if trace.line.width == 1 else "bold") for trace in traces]
    assert len(set(kinds)) == len(kinds)
    return dict(zip(kinds, traces, strict=True))


def numbers(values: Sequence[float | None]) -> Array:
    """Return what a trace holds with NaN for the gaps."""
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def store(monkeypatch: pytest.MonkeyPatch, **arrays: Array) -> None:
    """Put arrays in the place of those that records hold, by their names."""
    original = Record.layer_variable

    def layer_variable(self: Record, name: str, *where: Any) -> xr.DataArray | None:
        return xr.DataArray(arrays[name]) if name in arrays else original(self, name, *where)

    monkeypatch.setattr(Record, "layer_variable", layer_variable)


def counted(*clusters: dict[int, int]) -> Array:
    """Return a histogram from the counts that are not zero, by cluster and bin."""
    counts = np.zeros((len(clusters), HISTOGRAM_BINS), np.int64)
    for row, places in zip(counts, clusters, strict=True):
        row[list(places)] = list(places.values())
    return counts


def lines(*slopes: float) -> dict[str, Array]:
    """Return coefficients of straight lines through the origin."""
    numerator = np.zeros((len(slopes), 6))
    numerator[:, 1] = slopes
    return {"rational_numerator": numerator, "rational_denominator": np.zeros((len(slopes), 4))}


@pytest.mark.parametrize("epoch", [None, 0])
@pytest.mark.parametrize("layer", [1, 3])
def test_curves_and_shares_are_those_of_the_record(make: Make, layer: int, epoch: int | None) -> None:
    record = make("cna")
    figure, curves = plot_rational_curves(record, layer, epoch=epoch), rational_curves(record, layer, epoch)
    assert len(figure.data) == 3 * 4 + 1
    for cluster in range(3):
        traces = drawn(figure, cluster)
        for trace in traces.values():
            np.testing.assert_array_equal(trace.x, CENTERS)
        np.testing.assert_array_equal(traces["thin"].y, curves.y[cluster])
        np.testing.assert_allclose(traces["share"].y, 100 * curves.density[cluster])
        assert traces["share"].y.sum() == pytest.approx(100)
        apart = numbers(traces["bold"].y) - np.maximum(CENTERS, 0)
        np.testing.assert_allclose(numbers(traces["apart"].y), apart)


@pytest.mark.parametrize("layer", [1, 3])
def test_curves_are_bold_exactly_where_they_live(make: Make, monkeypatch: pytest.MonkeyPatch, layer: int) -> None:
    counts = np.random.default_rng(0).integers(0, 50, (3, HISTOGRAM_BINS))
    counts[:, :20] = counts[:, 60:] = 0
    store(monkeypatch, slot_input_histogram=counts)
    record = make("cna")
    figure, curves = plot_rational_curves(record, layer), rational_curves(record, layer)
    for cluster in range(3):
        bold = numbers(drawn(figure, cluster)["bold"].y)
        np.testing.assert_array_equal(np.isfinite(bold), curves.lives[cluster])
        np.testing.assert_array_equal(bold[curves.lives[cluster]], curves.y[cluster][curves.lives[cluster]])
        assert 0 < np.isfinite(bold).sum() < HISTOGRAM_BINS


def test_relu_is_drawn_for_reference_on_top(make: Make) -> None:
    figure = plot_rational_curves(make("cna"), 1)
    relu = figure.data[-1]
    low, high = figure.layout.xaxis.range
    assert (relu.name, relu.line.dash, list(relu.x), list(relu.y)) == ("ReLU", "dot", [low, 0, high], [0, 0, high])


def test_clusters_without_values_are_thin_and_not_in_the_legend(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, slot_input_histogram=counted({40: 7, 41: 3}, {}, {30: 1, 50: 1}))
    figure = plot_rational_curves(make("cna"), 1)
    assert [list(drawn(figure, cluster)) for cluster in range(3)] == [
        ["thin", "bold", "apart", "share"],
        ["thin"],
        ["thin", "bold", "apart", "share"],
    ]
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == ["0", "2", "ReLU"]
    assert figure.layout.legend.title.text.strip() == "<b>cluster</b>"


def test_no_values_at_all_can_be_drawn(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, slot_input_histogram=counted({}, {}, {}))
    figure = plot_rational_curves(make("cna"), 1)
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == ["ReLU"]
    assert np.isfinite([*figure.layout.xaxis.range, *figure.layout.yaxis.range]).all()


def test_a_single_bin_is_seen(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, slot_input_histogram=counted({40: 7}, {40: 7, 41: 7}, {}))
    figure = plot_rational_curves(make("cna"), 1)
    assert [drawn(figure, cluster)["bold"].mode for cluster in (0, 1)] == ["lines+markers", "lines"]


def test_clusters_have_their_colours_and_beyond_ten_their_dashes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, **lines(*range(23)), slot_input_histogram=counted(*[{40: 5, 44: 5}] * 23))
    figure = plot_rational_curves(make("cna"), 1)
    looks = []
    for cluster in range(23):
        traces = drawn(figure, cluster).values()
        (look,) = {(trace.line.color, trace.line.dash) for trace in traces}
        assert look[0] == class_style(cluster)[0]
        looks.append(look)
    assert len(set(looks)) == 23


def test_many_clusters_get_the_space_that_their_legend_takes(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    few = plot_rational_curves(make("cna"), 1).layout
    store(monkeypatch, **lines(*range(40)), slot_input_histogram=counted(*[{40: 5}] * 40))
    many = plot_rational_curves(make("cna"), 1).layout
    assert many.margin.t - few.margin.t == many.height - few.height == 40


def test_all_panels_have_one_axis_that_holds_all_that_is_bold(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, **lines(3, -2, 0), slot_input_histogram=counted({50: 1}, {30: 1, 50: 1}, {40: 1}))
    figure = plot_rational_curves(make("cna"), 1)
    layout = figure.layout
    assert list(layout.xaxis.range) == list(layout.xaxis2.range) == list(layout.xaxis3.range) == [-4, 4]
    assert layout.xaxis.matches == layout.xaxis2.matches == "x3"
    bold = np.concatenate([numbers(drawn(figure, cluster)["bold"].y) for cluster in range(3)])
    low, high = figure.layout.yaxis.range
    assert low < np.nanmin(bold)
    assert np.nanmax(bold) < high
    assert low > -8, "what no value holds decides nothing"


@pytest.mark.parametrize("place", [0, 10, 75, HISTOGRAM_BINS - 1])
def test_the_axis_reaches_as_far_as_the_values(make: Make, monkeypatch: pytest.MonkeyPatch, place: int) -> None:
    store(monkeypatch, slot_input_histogram=counted({place: 9}, {}, {}))
    low, high = plot_rational_curves(make("cna"), 1).layout.xaxis.range
    assert -low == high == pytest.approx(abs(CENTERS[place]) + 0.1)


@pytest.mark.filterwarnings("error")
def test_functions_that_are_not_finite_are_left_out(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    store(monkeypatch, **lines(1, np.nan, 2), slot_input_histogram=counted(*[{40: 5, 41: 5}] * 3))
    figure = plot_rational_curves(make("cna"), 1)
    assert list(drawn(figure, 1)) == ["share"]
    assert np.isfinite(figure.layout.yaxis.range).all()


def test_a_slot_without_clusters_has_one_curve(make: Make) -> None:
    figure = plot_rational_curves(make("na"), 1)
    assert [trace.name for trace in figure.data if trace.showlegend is not False] == ["0", "ReLU"]


@pytest.mark.parametrize(("epoch", "shown"), [(None, 5), (0, 0)])
def test_the_title_names_slot_layer_and_epoch(make: Make, epoch: int | None, shown: int) -> None:
    title = plot_rational_curves(make("ca"), 2, epoch=epoch).layout.title.text
    assert title == f"Which functions has CA (clusters, rationals) learned after layer 2, epoch {shown}?"


def test_axes_say_what_they_show(make: Make) -> None:
    layout = plot_rational_curves(make("cna"), 1).layout
    titles = [axis.title.text for axis in (layout.xaxis3, layout.yaxis, layout.yaxis2, layout.yaxis3)]
    assert titles == ["value entering the rational, z", "R(z)", "share per bin (%)", "R(z) − ReLU(z)"]
    assert "0.2 wide" in layout.annotations[-1].text
    np.testing.assert_allclose(np.diff(CENTERS), 0.2)


def test_all_that_has_no_rationals_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match=r"'cn' of run .* has no rational functions"):
        plot_rational_curves(make("cn"), 1)
    with pytest.raises(UsageError, match="layers are 1 to 4"):
        plot_rational_curves(make("cna"), 4)
    with pytest.raises(UsageError, match="snapshots kept: 0, 5"):
        plot_rational_curves(make("cna"), 1, epoch=3)
    with pytest.raises(UsageError, match="snapshots kept: none"):
        plot_rational_curves(make("cna", snapshots="none"), 1)


def test_curves_are_what_the_analysis_gives(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    nothing = np.zeros((1, HISTOGRAM_BINS))
    curves = RationalCurves(CENTERS, nothing + 7, nothing, nothing > 0, np.zeros(1))
    monkeypatch.setattr("cna_viz.figures.plots.rational_curves.rational_curves", lambda record, layer, epoch: curves)
    np.testing.assert_array_equal(drawn(plot_rational_curves(make("cna"), 1), 0)["thin"].y, curves.y[0])
