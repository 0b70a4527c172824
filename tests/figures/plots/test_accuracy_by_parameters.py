"""Score against parameters: means over seeds at the size of the network, and the front that validation finds."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.config import RunConfig, WatchedConfig
from cna_viz.errors import UsageError
from cna_viz.figures import plot_accuracy_by_parameters
from cna_viz.records.record import Record
from tests.figures.plots.test_accuracy_by_setting import having

Make = Callable[..., Record]


def sized(record: Record, size: int | None, test: float, val: float | None = None, **changes: Any) -> Record:
    """Return a record of a network of so many parameters with these scores."""
    scores = {"train": test, "val": test if val is None else val, "test": test}
    summary = {**record.summary, record.metric: scores, "parameters": size}
    return dataclasses.replace(having(record, **changes), summary=summary)


def line(figure: go.Figure, name: str) -> go.Scatter:
    return next(trace for trace in figure.data if trace.name == name)


@pytest.fixture
def records(make: Make) -> list[Record]:
    """Return ReLU of three widths and CNA of two, three seeds each."""
    relu = {4: (100, 0.5), 8: (200, 0.7), 16: (400, 0.6)}
    cna = {4: (150, 0.6), 8: (300, 0.9)}
    return [
        sized(make(slot, seed=s), size, score + 0.01 * s, hidden=hidden)
        for slot, sizes in (("relu", relu), ("cna", cna))
        for hidden, (size, score) in sizes.items()
        for s in range(3)
    ]


def test_a_line_has_the_means_over_seeds_at_the_sizes(records: list[Record]) -> None:
    figure = plot_accuracy_by_parameters(records)
    relu = line(figure, "ReLU")
    assert list(relu.x) == [100, 200, 400]
    np.testing.assert_allclose(relu.y, [51, 71, 61])
    interval = confidence_interval([0.5, 0.51, 0.52], bounds=(0, 1))
    assert relu.error_y.array[0] == pytest.approx(100 * (interval.high - interval.mean))
    assert figure.layout.xaxis.type == "log"
    assert figure.layout.xaxis.title.text == "number of parameters"
    assert figure.layout.yaxis.title.text == "test accuracy (%)"
    assert figure.layout.title.text == "What does accuracy cost in parameters?"


def test_the_front_is_what_no_other_beats_and_its_members_are_named(records: list[Record]) -> None:
    figure = plot_accuracy_by_parameters(records)
    front = line(figure, "front by validation")
    assert (list(front.x), front.line.shape) == ([100, 150, 200, 300], "hv")
    assert list(line(figure, "on the front").x) == [100, 150, 200, 300]
    names = [note.text for note in figure.layout.annotations[:-1]]
    assert names == ["ReLU, hidden 4", "CNA, hidden 4", "ReLU, hidden 8", "CNA, hidden 8"]


def test_the_front_is_found_by_validation_and_drawn_at_the_test_score(make: Make) -> None:
    lucky = sized(make("relu"), 100, test=0.9, val=0.5)
    chosen = sized(make("cna"), 100, test=0.6, val=0.8)
    figure = plot_accuracy_by_parameters([lucky, chosen])
    assert list(line(figure, "front by validation").y) == [60]
    footnote = figure.layout.annotations[-1].text
    assert "by mean validation accuracy; drawn at its test accuracy" in footnote


def test_of_an_error_less_is_better(make: Make) -> None:
    records = [
        sized(make(slot, dataset="chameleon-traffic"), size, error)
        for slot, size, error in (("relu", 100, 0.5), ("cna", 200, 0.4), ("n", 300, 0.6))
    ]
    figure = plot_accuracy_by_parameters(records)
    front = line(figure, "front by validation")
    np.testing.assert_allclose(front.y, [0.5, 0.4])
    assert figure.layout.yaxis.title.text == "test NMSE, less is better"


def test_networks_with_a_run_without_a_number_are_left_out_and_counted(records: list[Record]) -> None:
    gone = dataclasses.replace(records[0], summary={**records[0].summary, "accuracy": {}})
    old = dataclasses.replace(records[3], summary={**records[3].summary, "parameters": None})
    figure = plot_accuracy_by_parameters([gone, *records[1:3], old, *records[4:]])
    assert list(line(figure, "ReLU").x) == [400]
    assert "left out: 6 of 15 runs" in figure.layout.annotations[-1].text


def test_nothing_to_draw_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="none of these 1 runs has both"):
        plot_accuracy_by_parameters([sized(make("relu"), None, 0.5)])


def test_networks_on_several_datasets_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="different datasets have no common front: digits and karate"):
        plot_accuracy_by_parameters([make("relu"), make("relu", dataset="karate")])


def test_an_unknown_part_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="unknown split 'tset'"):
        plot_accuracy_by_parameters([make("relu")], split="tset")


def test_sizes_that_span_decades_have_powers_as_ticks(make: Make) -> None:
    records = [sized(make("relu"), size, 0.5, hidden=h) for h, size in ((4, 10), (8, 10**6))]
    assert "10<sup>6</sup>" in plot_accuracy_by_parameters(records).layout.xaxis.ticktext


def test_names_of_watched_networks_are_escaped(make: Make, text_of: Callable[[go.Figure], str]) -> None:
    watched = WatchedConfig(name="<img src=x>", model="GAT", dataset="<i>", layers=4, key="k")
    other = dataclasses.replace(make("relu"), config=RunConfig(watched=watched))
    text = text_of(plot_accuracy_by_parameters([other]))
    assert "<img" not in text
    assert "<i>" not in text
    assert "&lt;img src=x&gt;" in text
