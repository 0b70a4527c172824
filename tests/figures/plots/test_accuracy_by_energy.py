"""Score against energy: every run where its numbers are, and the rank correlation that belongs to them."""

import dataclasses
from collections.abc import Callable
from itertools import product

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.tables.measure_and_score import correlation_words, measured_scores, rank_correlation
from cna_viz.config import RunConfig, WatchedConfig
from cna_viz.errors import UsageError
from cna_viz.figures import plot_accuracy_by_energy
from cna_viz.figures.plots.accuracy_by_energy import SIZES
from cna_viz.figures.style.theme import SLOT_STYLES
from cna_viz.records.record import Record
from tests.figures.plots.test_accuracy_by_setting import having

Make = Callable[..., Record]


def put(record: Record, value: float, accuracy: float | None = None, measure: str = "rayleigh") -> Record:
    """Give a measure of the last hidden layer of the selected model, and an accuracy."""
    record = record if accuracy is None else having(record, accuracy)
    at = {"epoch": record.best_epoch, "layer": max(1, record.layers - 1), "stage": "conv"}
    record.metrics[measure].loc[at] = value
    return record


def markers(figure: go.Figure) -> dict[str, go.Scatter]:
    """Return the traces that draw something, by name."""
    return {trace.name: trace for trace in figure.data if trace.x[0] is not None}


def footnote(figure: go.Figure) -> str:
    return str(figure.layout.annotations[-1].text)


def test_every_run_is_where_its_numbers_are(make: Make) -> None:
    records = [put(make(slot, seed=s), 10.0 ** (-s), 0.5 + 0.1 * s) for slot in ("relu", "cna") for s in range(3)]
    figure = plot_accuracy_by_energy(records)
    for slot in ("relu", "cna"):
        trace = markers(figure)[SLOT_STYLES[slot].label]
        np.testing.assert_allclose(trace.x, [1, 0.1, 0.01])
        np.testing.assert_allclose(trace.y, [50, 60, 70])
        assert (trace.marker.color, trace.marker.symbol) == (SLOT_STYLES[slot].color, SLOT_STYLES[slot].symbol)
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.title.text == "Rayleigh energy tr(XᵀΔX) / ‖X‖² at the last hidden layer"
    assert figure.layout.yaxis.title.text == "test accuracy (%)"
    assert figure.layout.title.text == "Is a network with more energy a better one?"
    table = measured_scores(records)
    assert correlation_words(rank_correlation(table["value"], table["score"])) in footnote(figure)
    assert "ρ = −1.00" in footnote(figure)
    assert "all of depth 4" in footnote(figure)


def test_deeper_networks_are_larger_and_each_depth_has_its_own_correlation(make: Make) -> None:
    records = [make("cna", depth, seed) for depth, seed in product((2, 8, 32), range(5))]
    figure = plot_accuracy_by_energy(records)
    sizes = markers(figure)[SLOT_STYLES["cna"].label].marker.size
    assert [sizes[0], sizes[-1]] == list(SIZES)
    assert sizes[5] == np.mean(SIZES)
    assert [trace.name for trace in figure.data if trace.x[0] is None] == ["2 layers", "8 layers", "32 layers"]
    for depth in (2, 8, 32):
        assert f"depth {depth}: " in footnote(figure)


def test_another_measure_is_on_its_own_axis(make: Make) -> None:
    figure = plot_accuracy_by_energy([put(make("cna"), 7.5, measure="effective_rank")], "effective_rank")
    assert list(markers(figure)[SLOT_STYLES["cna"].label].x) == [7.5]
    assert figure.layout.xaxis.type is None
    assert figure.layout.title.text == "Does effective rank go with accuracy?"
    assert "none (1 run, too few)" in footnote(figure)


def test_an_energy_of_zero_is_at_the_edge_and_counts_in_the_correlation(make: Make) -> None:
    records = [put(make("relu", seed=s), value, 0.1 * s) for s, value in enumerate((0.0, 0.03, 0.1, 0.2, 0.3))]
    figure = plot_accuracy_by_energy(records)
    assert markers(figure)["ReLU"].x[0] == pytest.approx(0.01)
    assert "exactly 0 is drawn at the left edge (1 run)" in footnote(figure)
    assert "ρ = +1.00 [−0.17, +1.00], 5 runs" in footnote(figure)


def test_what_can_not_be_drawn_is_counted(make: Make) -> None:
    gone = make("cna", seed=1, epochs=1, status="diverged", accuracy={}, best_epoch=1)
    nothing = put(make("cna", seed=2), np.nan)
    figure = plot_accuracy_by_energy([make("cna"), gone, nothing, make("cna", seed=3, measures="mad")])
    assert len(markers(figure)["CNA"].x) == 1
    wanted = "not drawn: 2 without a value of rayleigh and 1 without a score, because it diverged, of 4 runs"
    assert wanted in footnote(figure)


def test_a_run_that_stands_twice_counts_once(make: Make) -> None:
    assert len(markers(plot_accuracy_by_energy([make("cna"), make("cna")]))["CNA"].x) == 1


def test_of_an_error_less_is_better_and_that_is_said(make: Make) -> None:
    records = [make(slot, dataset="chameleon-traffic", nmse={"test": 0.3}) for slot in ("relu", "cna")]
    figure = plot_accuracy_by_energy(records)
    assert list(markers(figure)["ReLU"].y) == [0.3]
    assert figure.layout.yaxis.title.text == "test NMSE, less is better"
    assert "a negative one is good" in footnote(figure)


def test_names_of_watched_networks_are_escaped(make: Make, text_of: Callable[[go.Figure], str]) -> None:
    watched = WatchedConfig(name="<img src=x>", model="GAT", dataset="<i>", layers=4, key="k")
    record = dataclasses.replace(make("relu"), config=RunConfig(watched=watched))
    text = text_of(plot_accuracy_by_energy([record, make("cna")]))
    assert "<img" not in text
    assert "<i>" not in text
    assert "&lt;img src=x&gt;" in text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"measure": "rayleig"}, "unknown measure 'rayleig'; choices, nearest first: rayleigh"),
        ({"stage": "conf"}, "unknown stage 'conf'"),
        ({"split": "tset"}, "unknown split 'tset'"),
    ],
)
def test_unknown_names_are_refused(make: Make, options: dict[str, str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plot_accuracy_by_energy([make("cna")], **options)


def test_records_without_both_numbers_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="hold no value of 'rayleigh'"):
        plot_accuracy_by_energy([make("cna", measures="mad")])
    with pytest.raises(UsageError, match="no run has both a value of 'rayleigh' and a test score"):
        plot_accuracy_by_energy([make("cna", status="diverged", accuracy={})])


def test_a_legend_of_many_arms_stands_beside_the_panel(make: Make) -> None:
    few = plot_accuracy_by_energy([make(slot) for slot in ("relu", "cna")])
    assert few.layout.legend.orientation is None
    many = plot_accuracy_by_energy([make(slot) for slot in SLOT_STYLES])
    assert many.layout.legend.orientation == "v"
    assert many.layout.height > few.layout.height
