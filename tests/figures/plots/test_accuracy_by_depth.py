"""Accuracy by depth: means and intervals of the table, in percent."""

from collections.abc import Callable
from itertools import product

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.statistics.intervals import confidence_interval
from cna_viz.figures import plot_accuracy_by_depth
from cna_viz.records.record import Record

Make = Callable[..., Record]
DEPTHS, SEEDS = (2, 4, 8), (0, 1, 2)


@pytest.fixture
def records(make: Make) -> list[Record]:
    grid = product(("relu", "cna"), DEPTHS[::-1], SEEDS)
    return [
        make(slot, depth, seed, snapshots="none", accuracy=0.9 - 0.02 * depth + 0.03 * seed + 0.05 * (slot == "cna"))
        for slot, depth, seed in grid
    ]


def traces(figure: go.Figure, group: str) -> tuple[go.Scatter, go.Scatter]:
    """Return band and line of a slot."""
    band, line = (trace for trace in figure.data if trace.legendgroup == group)
    return band, line


@pytest.mark.parametrize("part", ["train", "val", "test"])
@pytest.mark.parametrize("slot", ["relu", "cna"])
def test_lines_and_bands_are_the_numbers_of_the_records(records: list[Record], slot: str, part: str) -> None:
    figure = plot_accuracy_by_depth(records, split=part)
    band, line = traces(figure, slot)
    expected = [
        confidence_interval(
            [r.summary["accuracy"][part] for r in records if (r.config.model.slot, r.layers) == (slot, depth)],
            bounds=(0, 1),
        )
        for depth in DEPTHS
    ]
    assert list(line.x) == list(DEPTHS)
    np.testing.assert_allclose(line.y, [100 * interval.mean for interval in expected])
    assert list(band.x) == [*DEPTHS, *DEPTHS[::-1]]
    high, low = [100 * interval.high for interval in expected], [100 * interval.low for interval in expected]
    np.testing.assert_allclose(band.y, [*high, *low[::-1]])
    assert figure.layout.yaxis.title.text == f"{part} accuracy (%)"


def test_parts_are_not_mixed_up(make: Make) -> None:
    record = make(accuracy={"train": 0.9, "val": 0.6, "test": 0.3})
    drawn = {part: list(plot_accuracy_by_depth([record], split=part).data[0].y) for part in ("train", "val", "test")}
    assert drawn == {"train": [pytest.approx(90)], "val": [pytest.approx(60)], "test": [pytest.approx(30)]}


def test_depths_are_ticks_of_a_logarithmic_axis(records: list[Record]) -> None:
    axis = plot_accuracy_by_depth(records).layout.xaxis
    assert (axis.type, list(axis.tickvals), list(axis.ticktext)) == ("log", [2, 4, 8], ["2", "4", "8"])
    assert axis.title.text == "depth (number of convolutions)"


def test_intervals_end_at_what_is_possible(make: Make) -> None:
    figure = plot_accuracy_by_depth([make(seed=seed, accuracy=value) for seed, value in enumerate((0.05, 0.95))])
    band, line = traces(figure, "relu")
    assert list(band.y) == [100, 0]
    assert list(line.y) == [pytest.approx(50)]


def test_a_depth_with_one_seed_has_a_point_and_no_band(make: Make) -> None:
    records = [make(layers=2, accuracy=0.8), make(layers=2, seed=1, accuracy=0.7), make(layers=4, accuracy=0.6)]
    band, line = traces(plot_accuracy_by_depth(records), "relu")
    assert list(line.x) == [2, 4]
    assert set(band.x) == {2}


def test_a_diverged_run_counts_for_nothing(make: Make) -> None:
    records = [make(accuracy=0.8), make(seed=1, accuracy={}, status="diverged")]
    figure = plot_accuracy_by_depth(records)
    assert list(figure.data[-1].y) == [pytest.approx(80)]
