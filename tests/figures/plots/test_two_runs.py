"""Two runs side by side: the same axes, the second turned onto the first, and words where a run has no such layer."""

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr
from scipy.stats import ortho_group

from cna_viz.errors import UsageError
from cna_viz.figures import plot_two_runs
from cna_viz.figures.pieces.projected import paired_layers
from cna_viz.records.record import Record
from tests.figures.dark_colors import without_counterpart

Make = Callable[..., Record]


def places(figure: go.Figure, axis: str) -> dict[int, tuple[float, float]]:
    """Return where every node is on the panel with this axis."""
    return {
        int(node): (float(x), float(y))
        for trace in figure.data
        if trace.customdata is not None and (trace.xaxis or "x") == axis
        for node, x, y in zip(trace.customdata, trace.x, trace.y, strict=True)
    }


def said(figure: go.Figure) -> str:
    return "\n".join(note.text for note in figure.layout.annotations)


def test_every_node_is_in_both_panels_where_its_projection_is(make: Make) -> None:
    one, other = make("relu"), make("cna")
    paired = paired_layers(one, other)
    figure = plot_two_runs(one, other, 2)
    for axis, projection in zip(("x", "x2"), paired.at(2), strict=True):
        assert projection is not None
        found = places(figure, axis)
        assert sorted(found) == list(range(60))
        np.testing.assert_allclose([found[node] for node in range(60)], projection.positions, atol=1e-6)


def test_both_panels_have_the_same_axes_at_every_layer(make: Make) -> None:
    one, other = make("relu"), make("cna")
    ranges = {
        tuple(axis.range)
        for layer in (1, 2, 3)
        for figure in [plot_two_runs(one, other, layer)]
        for axis in (figure.layout.xaxis, figure.layout.xaxis2, figure.layout.yaxis, figure.layout.yaxis2)
    }
    assert len(ranges) == 1
    assert plot_two_runs(one, other, 1).layout.yaxis2.scaleanchor == "x2"


def test_a_run_whose_features_are_turned_looks_the_same(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = make("cna"), make("cna", seed=1)
    original = Record.embedding

    def embedding(self: Record, layer: int, stage: str = "slot", epoch: int | None = None) -> xr.DataArray:
        found = original(one, layer, stage, None)
        if self.id == one.id:
            return found
        turn = ortho_group.rvs(found.sizes["channel"], random_state=layer)
        return found.copy(data=found.values @ turn)

    monkeypatch.setattr(Record, "embedding", embedding)
    figure = plot_two_runs(one, other, 3)
    left, right = (places(figure, axis) for axis in ("x", "x2"))
    np.testing.assert_allclose([right[n] for n in range(60)], [left[n] for n in range(60)], atol=1e-4)


def test_a_run_that_has_no_such_layer_says_so(make: Make) -> None:
    figure = plot_two_runs(make("relu", layers=2), make("cna", layers=5), 4)
    assert not places(figure, "x")
    assert len(places(figure, "x2")) == 60
    assert "no layer 4:<br>this network has 2 layers" in said(figure)
    last = plot_two_runs(make("relu", layers=2), make("cna", layers=5), 2, stage="slot")
    assert "layer 2 is the last<br>and has no slot" in said(last)


def test_projections_that_are_there_are_not_made_again(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = make("relu"), make("cna")
    paired, expected = paired_layers(one, other), plot_two_runs(one, other, 2)
    monkeypatch.setattr(
        "cna_viz.figures.plots.two_runs.paired_layers", lambda *runs, **options: pytest.fail("projected again")
    )
    assert plot_two_runs(one, other, 2, paired=paired).to_json() == expected.to_json()


def test_the_measure_of_both_is_drawn_with_marks_at_the_layer(make: Make) -> None:
    one, other = make("relu"), make("cna", layers=6)
    figure = plot_two_runs(one, other, 3, measure="mad")
    lines = {trace.legendgroup: trace for trace in figure.data if "lines" in trace.mode}
    assert list(lines) == ["relu, layers 4", "cna, layers 6"]
    for record, line in zip((one, other), lines.values(), strict=True):
        values = record.metrics["mad"].sel(stage="conv", epoch=record.best_epoch).values
        np.testing.assert_allclose(np.asarray(line.y, dtype=float), values)
    marks = [trace for trace in figure.data if trace.name == "layer 3"]
    assert [tuple(mark.x) for mark in marks] == [(3,), (3,)]
    assert tuple(figure.layout.xaxis3.range) == (0.5, 6.5)


def test_a_measure_that_was_not_taken_is_said_to_be_missing(make: Make) -> None:
    one, other = (make(slot, measures="mad") for slot in ("relu", "cna"))
    assert "numerical rank was not measured" in said(plot_two_runs(one, other, 1, measure="numerical_rank"))


def test_clusters_of_one_run_are_coloured_and_the_other_is_grey(make: Make) -> None:
    figure = plot_two_runs(make("relu"), make("cna"), 1, color="cluster")
    names = {trace.name for trace in figure.data if trace.customdata is not None and trace.xaxis == "x"}
    assert names == {"no clusters"}
    assert {t.name for t in figure.data if t.customdata is not None and t.xaxis == "x2"} == {"0", "1", "2"}
    with pytest.raises(UsageError, match="has no clusters"):
        plot_two_runs(make("relu"), make("a"), 1, color="cluster")


def test_a_collapsed_layer_is_said_and_drawn_as_a_point(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    flat = xr.DataArray(np.ones((60, 4), dtype=np.float32), dims=("node", "channel"))
    monkeypatch.setattr(Record, "embedding", lambda self, layer, stage="slot", epoch=None: flat)
    figure = plot_two_runs(make("relu"), make("cna"), 1)
    assert said(figure).count("<b>collapsed</b>, all nodes alike") == 2
    assert sum("all nodes" in str(trace.text) for trace in figure.data) == 2


def test_of_many_nodes_a_sample_is_drawn_the_same_in_both(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cna_viz.figures.plots.two_runs.MOST_POINTS", 40)
    figure = plot_two_runs(make("relu"), make("cna"), 1)
    assert sorted(places(figure, "x")) == sorted(places(figure, "x2"))
    assert len(places(figure, "x")) == 20
    assert "a sample is drawn: 20 of 60 nodes" in said(figure)


def test_the_figure_says_where_it_is_from_and_can_be_stored_and_drawn_dark(make: Make) -> None:
    one, other = make("relu"), make("cna")
    for stage, color in (("conv", "prediction"), ("slot", "cluster")):
        figure = plot_two_runs(one, other, 2, stage=stage, color=color, epoch=0)  # type: ignore[arg-type]
        assert figure.layout.annotations[-1].text.startswith("dataset digits · split random-60-20-20 · seeds 0 · runs ")
        assert figure.layout.title.text.endswith("?")
        assert not without_counterpart(figure)
        json.loads(figure.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"layer": 0}, "layers are 1 to 4"),
        ({"layer": 5}, "layers are 1 to 4"),
        ({"layer": 4, "stage": "slot"}, "layers are 1 to 3"),
        ({"layer": 1, "stage": "conf"}, "conf"),
        ({"layer": 1, "color": "colour"}, "colour"),
        ({"layer": 1, "method": "tsne"}, "tsne"),
        ({"layer": 1, "measure": "rayleig"}, "rayleig"),
        ({"layer": 1, "epoch": 3}, "no snapshot of epoch 3"),
    ],
)
def test_what_is_not_there_is_refused(make: Make, options: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plot_two_runs(make("relu"), make("cna"), **options)


def test_other_nodes_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="different datasets"):
        plot_two_runs(make("relu"), make("cna", dataset="karate"), 1)
