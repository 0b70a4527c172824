"""The map of collapses: every network where its numbers are, and nothing that isn't finite."""

import dataclasses
from collections.abc import Callable
from itertools import product

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.tables.collapse import QUADRANTS
from cna_viz.config import RunConfig, WatchedConfig
from cna_viz.errors import UsageError
from cna_viz.figures import plot_collapse_map
from cna_viz.figures.plots.collapse_map import REACH
from cna_viz.records.record import Record

Make = Callable[..., Record]


def put(record: Record, epoch: int, gradient: tuple[float, float], rank: float) -> Record:
    """Give the gradients at first and last hidden layer and the rank of one epoch."""
    for layer, value in zip((1, record.layers - 1), gradient, strict=True):
        record.metrics["gradient_norm"].loc[{"epoch": epoch, "layer": layer, "stage": "conv"}] = value
    record.metrics["effective_rank"].loc[{"epoch": epoch, "layer": record.layers - 1, "stage": "conv"}] = rank
    return record


def markers(record: list[Record]) -> dict[str, tuple[list[float], list[float], list[float]]]:
    """Return x, y and colour of what is drawn in each panel."""
    panels: dict[str, tuple[list[float], list[float], list[float]]] = {"x": ([], [], []), "x2": ([], [], [])}
    for trace in plot_collapse_map(record).data:
        if trace.x[0] is not None:
            for values, new in zip(panels[trace.xaxis], (trace.x, trace.y, trace.marker.color), strict=True):
                values.extend(new)
    return panels


def test_a_run_is_drawn_before_training_and_as_selected(make: Make) -> None:
    record = make("relu", accuracy={"train": 0.3, "val": 0.2, "test": 0.1})
    put(record, 0, (1e-4, 0.5), 1.5)
    put(record, record.best_epoch, (3.0, 0.1), 7.0)
    panels = markers([record])
    assert panels["x"] == ([pytest.approx(2e-4)], [1.5], [pytest.approx(30)])
    assert panels["x2"] == ([pytest.approx(30)], [7.0], [pytest.approx(30)])


def test_corners_axes_and_thresholds_are_named(make: Make) -> None:
    layout = plot_collapse_map([make("relu"), make("cna")]).layout
    texts = [note.text for note in layout.annotations]
    for words in QUADRANTS:
        assert texts.count(f"<i>{words}</i>") == 2
    assert layout.xaxis.title.text == "gradient, first hidden layer / last"
    assert layout.yaxis.title.text == "effective rank of the last hidden layer"
    assert layout.xaxis.range == layout.xaxis2.range
    assert "less than 0.01 of that" in texts[-1]
    assert "below an effective rank of 2" in texts[-1]
    assert (layout.coloraxis.cmin, layout.coloraxis.cmax) == (0, 100)


def test_shapes_are_slots_and_fillings_what_else_differs(make: Make) -> None:
    plain = [make(slot) for slot in ("relu", "cna")]
    residual = [
        dataclasses.replace(r, config=r.config.replace(model=r.config.model.replace(residual=True))) for r in plain
    ]
    figure = plot_collapse_map([*plain, *residual])
    symbols = {trace.name: trace.marker.symbol for trace in figure.data if trace.x[0] is not None}
    assert symbols == {
        "ReLU, residual False": "circle",
        "ReLU, residual True": "circle-open",
        "CNA, residual False": "square",
        "CNA, residual True": "square-open",
    }
    legend = [trace.name for trace in figure.data if trace.x[0] is None]
    assert legend == ["ReLU", "CNA", "residual False", "residual True"]


def test_gradients_beyond_reach_and_dead_features_are_drawn_at_the_edge_and_that_is_said(make: Make) -> None:
    record = put(put(make("relu"), 0, (0.0, 1.0), 0.0), make("relu").best_epoch, (1e20, 1e-3), 3.0)
    panels = markers([record])
    assert (panels["x"][0], panels["x2"][0]) == ([1 / REACH], [REACH])
    assert panels["x"][1] == [0.9]
    assert "drawn at the edge" in plot_collapse_map([record]).layout.annotations[-1].text


def test_what_is_not_finite_is_not_drawn_and_counted(make: Make) -> None:
    gone = make("cna", epochs=1, status="diverged", accuracy={}, best_epoch=1)
    gone.metrics["gradient_norm"].loc[{"epoch": 1}] = np.nan
    figure = plot_collapse_map([gone, make("relu")])
    assert "not drawn: 1 of 4 networks" in figure.layout.annotations[-1].text
    assert sum(len(trace.x) for trace in figure.data if trace.x[0] is not None) == 3


def test_slots_with_running_statistics_are_said_to_start_later(make: Make) -> None:
    record = put(put(make("batchnorm"), 0, (1.0, 1.0), 2.5), 1, (1.0, 4.0), 3.5)
    assert markers([record])["x"][:2] == ([0.25], [3.5])
    assert (
        "batchnorm: at the first epoch measured after the start"
        in plot_collapse_map([record]).layout.annotations[-1].text
    )


def test_many_arms_of_many_depths(make: Make) -> None:
    slots = ("none", "relu", "cna", "c", "n", "a", "cn", "ca", "na", "cna-random", "batchnorm", "layernorm")
    figure = plot_collapse_map([make(slot, depth) for slot, depth in product(slots, (2, 8))])
    assert sum(len(trace.x) for trace in figure.data if trace.x[0] is not None) == 2 * 2 * len(slots)


def test_names_of_watched_networks_are_escaped(make: Make, text_of: Callable[[go.Figure], str]) -> None:
    watched = WatchedConfig(name="<img src=x>", model="GAT", dataset="x", layers=4, key="k")
    record = dataclasses.replace(make("relu"), config=RunConfig(watched=watched))
    text = text_of(plot_collapse_map([record, make("cna")]))
    assert "<img" not in text
    assert "&lt;img src=x&gt;" in text


def test_records_without_the_measures_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="no value of 'gradient_norm' and 'effective_rank'"):
        plot_collapse_map([make("relu", measures="mad")])
