"""Accuracy against a setting: one line per arm, and arms without the setting from edge to edge."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.config import RunConfig, WatchedConfig
from cna_viz.config.fields import flat, nested
from cna_viz.errors import UsageError
from cna_viz.figures import plot_accuracy_by_setting
from cna_viz.figures.style.theme import SLOT_STYLES
from cna_viz.records.record import Record

Make = Callable[..., Record]


def having(record: Record, accuracy: float | None = None, **changes: Any) -> Record:
    """Return a record as if its run had other settings."""
    values = {name: value for name, value in flat(record.config).items() if value is not None}
    summary = (
        record.summary
        if accuracy is None
        else {**record.summary, "accuracy": dict.fromkeys(("train", "val", "test"), accuracy)}
    )
    return dataclasses.replace(record, config=RunConfig.model_validate(nested(values | changes)), summary=summary)


@pytest.fixture
def records(make: Make) -> list[Record]:
    """Return CNA with 8, 1 and 2 clusters and ReLU, three seeds each."""
    cna = [having(make("cna", seed=s), 0.7 + 0.01 * k + 0.02 * s, clusters=k) for k in (8, 1, 2) for s in range(3)]
    return cna + [having(make("relu", seed=s), 0.5 + 0.1 * s) for s in range(3)]


def test_lines_are_means_by_value_in_their_order(records: list[Record]) -> None:
    figure = plot_accuracy_by_setting(records)
    band, line = (trace for trace in figure.data if trace.legendgroup == "cna")
    assert list(line.x) == [1, 2, 8]
    np.testing.assert_allclose(line.y, [73, 74, 80])
    interval = confidence_interval([0.78, 0.80, 0.82], bounds=(0, 1))
    assert band.y[2] == pytest.approx(100 * interval.high)
    assert (figure.layout.xaxis.type, list(figure.layout.xaxis.ticktext)) == ("log", ["1", "2", "8"])
    assert figure.layout.xaxis.title.text == "number of clusters per slot"
    assert figure.layout.title.text == "How many clusters does it take?"


def test_an_arm_without_the_setting_goes_from_edge_to_edge(records: list[Record]) -> None:
    figure = plot_accuracy_by_setting(records)
    band, line = (trace for trace in figure.data if trace.legendgroup == "relu")
    assert (list(line.x), line.mode) == ([1, 8], "lines")
    np.testing.assert_allclose(line.y, [60, 60])
    high = confidence_interval([0.5, 0.6, 0.7], bounds=(0, 1)).high
    assert max(band.y) == pytest.approx(100 * high)
    assert line.line.color == SLOT_STYLES["relu"].color


def test_one_value_does_not_count_the_reference_twice(records: list[Record]) -> None:
    some = [r for r in records if r.config.slot == "relu" or r.config.model.clusters == 2]
    band, line = (t for t in plot_accuracy_by_setting(some).data if t.legendgroup == "relu")
    assert list(line.x) == [2]
    assert max(band.y) == pytest.approx(100 * confidence_interval([0.5, 0.6, 0.7], bounds=(0, 1)).high)


def test_shares_are_on_a_linear_axis_and_other_settings_make_arms(make: Make) -> None:
    some = [
        having(make("relu", seed=s), 0.5 + h / 10, dataset="csbm", csbm_homophily=h, lr=lr)
        for h in (0.1, 0.5, 0.9)
        for lr in (0.01, 0.1)
        for s in range(2)
    ]
    figure = plot_accuracy_by_setting(some, "csbm_homophily")
    assert figure.layout.xaxis.type == "linear"
    assert {trace.name for trace in figure.data if trace.showlegend} == {"lr 0.01", "lr 0.1"}


def test_numbers_that_span_decades_are_on_a_logarithmic_axis(make: Make) -> None:
    some = [having(make("relu"), 0.5, lr=lr) for lr in (0.001, 0.01, 0.1)]
    figure = plot_accuracy_by_setting(some, "lr")
    assert figure.layout.xaxis.type == "log"
    assert list(figure.layout.xaxis.ticktext) == ["0.001", "0.01", "0.1"]


def test_a_diverged_run_counts_for_nothing(records: list[Record]) -> None:
    gone = dataclasses.replace(records[0], summary={**records[0].summary, "accuracy": {}})
    line = next(
        t for t in plot_accuracy_by_setting([gone, *records[1:]]).data if t.legendgroup == "cna" and t.showlegend
    )
    assert line.y[2] == pytest.approx(81)


def test_what_a_watched_network_is_called_is_escaped(make: Make, text_of: Callable[[go.Figure], str]) -> None:
    watched = WatchedConfig(name="<img src=x>, <b>", model="GAT", dataset="<i>", layers=2, key="k")
    other = dataclasses.replace(make("relu"), config=RunConfig(watched=watched))
    text = text_of(plot_accuracy_by_setting([other, make("cna")], "layers"))
    assert "<img" not in text
    assert "<i>" not in text
    assert "&lt;img src=x&gt;, &lt;b&gt;" in text


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("cluster", "unknown setting 'cluster'; choices, nearest first: clusters"),
        ("slot", "slot = 'relu' is not a number"),
        ("residual", "residual = False is not a number"),
        ("clusters", "clusters has no effect in these 1 runs"),
    ],
)
def test_settings_that_are_no_axis_are_refused(make: Make, setting: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plot_accuracy_by_setting([make("relu")], setting)


def test_an_unknown_part_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="unknown split 'tset'"):
        plot_accuracy_by_setting([make("cna")], split="tset")
