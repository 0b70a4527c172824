"""Rationals at every snapshot: curves, bold parts and densities are those of the record."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.tables.rational import CENTERS, rational_curves
from cna_viz.errors import UsageError
from cna_viz.figures import plot_rational_movement
from cna_viz.figures.style.theme import MUTED, ORDERED_COLORS
from cna_viz.records.record import Record
from cna_viz.records.schema import HISTOGRAM_BINS

Array = np.ndarray[Any, Any]
Make = Callable[..., Record]
Held = Callable[..., None]


def panel(figure: go.Figure, number: int) -> dict[str, go.Scatter]:
    """Return the traces of a panel, from 0: the density, each snapshot by name, and what is bold."""
    density = [trace for trace in figure.data if trace.name == "density"][number]
    curves = [trace for trace in figure.data if trace.xaxis == density.xaxis and trace is not density]
    return {"density": density} | {
        f"{trace.name.split()[0]}{' bold' if trace.line.width > 3 else ''}": trace for trace in curves
    }


def numbers(values: Sequence[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], dtype=float)


def many(clusters: int) -> dict[str, Any]:
    """Return what a slot of so many clusters holds; the more values enter, the higher the number of the cluster."""
    counts = np.zeros((clusters, HISTOGRAM_BINS), int)
    counts[:, 35:45] = np.arange(1, clusters + 1)[:, None]
    numerator, denominator = np.ones((clusters, 6)), np.ones((clusters, 4))
    return {"rational_numerator": numerator, "rational_denominator": denominator, "slot_input_histogram": counts}


@pytest.mark.parametrize("change", [False, True])
def test_curves_are_those_of_every_snapshot(make: Make, change: bool) -> None:
    record = make("cna", snapshots="log")
    figure = plot_rational_movement(record, 2, change=change)
    curves = {epoch: rational_curves(record, 2, epoch) for epoch in (0, 1, 5)}
    for cluster in range(3):
        traces = panel(figure, cluster)
        assert set(traces) == {"density", "0", "1", "5", "5 bold"}
        for epoch, found in curves.items():
            expected = found.y[cluster] - (curves[0].y[cluster] if change else 0)
            np.testing.assert_array_equal(traces[str(epoch)].x, CENTERS)
            np.testing.assert_allclose(numbers(traces[str(epoch)].y), expected, atol=1e-12)
        bold = numbers(traces["5 bold"].y)
        np.testing.assert_array_equal(np.isfinite(bold), curves[5].lives[cluster])
        np.testing.assert_allclose(traces["density"].y, 100 * curves[5].density[cluster])


def test_the_first_is_dashed_and_the_others_go_from_light_to_dark(make: Make) -> None:
    traces = panel(plot_rational_movement(make("cna", snapshots="log"), 1), 0)
    assert (traces["0"].line.color, traces["0"].line.dash) == (MUTED, "dash")
    assert [traces[name].line.color for name in ("1", "5", "5 bold")] == [
        ORDERED_COLORS[1], ORDERED_COLORS[0], ORDERED_COLORS[0]
    ]  # fmt: skip


def test_the_legend_has_each_snapshot_once_and_says_which_was_selected(make: Make) -> None:
    figure = plot_rational_movement(make("cna", snapshots="log"), 1)
    assert [trace.name for trace in figure.data if trace.showlegend] == ["0", "1", "5 (selected)"]
    assert figure.layout.legend.title.text.strip() == "<b>epoch</b>"


def test_axes_and_panels_say_what_they_show(make: Make, held: Held) -> None:
    def numerator(layer: int, epoch: int) -> Array:
        return np.outer(np.ones(3), [0.25 * epoch, 0, 0, 0, 0, 0])

    held(rational_numerator=numerator, rational_denominator=np.zeros((3, 4)))
    figure = plot_rational_movement(make("cna"), 2)
    titles = [note.text for note in figure.layout.annotations[:-1]]
    assert titles == [f"cluster {cluster} · moved by 1.2" for cluster in range(3)]
    shown = [axis.title.text for axis in figure.select_xaxes() if axis.showticklabels]
    assert shown == ["value entering, z"] * 3
    assert [axis.title.text for axis in figure.select_yaxes() if axis.showticklabels] == ["R(z)"]
    note = figure.layout.annotations[-1].text
    assert "bold: epoch 5, where the middle 99 %" in note
    assert "moved: from epoch 0 to 5" in note
    changed = plot_rational_movement(make("cna"), 2, change=True)
    assert [axis.title.text for axis in changed.select_yaxes() if axis.showticklabels] == ["R(z) − R₀(z)"]
    assert "R₀: the function at epoch 0" in changed.layout.annotations[-1].text
    assert changed.layout.title.text == "How did the functions of CNA move during training? (slot after layer 2)"


def test_of_many_clusters_the_largest_are_drawn_and_that_is_said(make: Make, held: Held) -> None:
    held(**many(16))
    figure = plot_rational_movement(make("cna"), 1)
    titles = [note.text for note in figure.layout.annotations[:-1]]
    assert [title.split(" · ")[0] for title in titles] == [f"cluster {cluster}" for cluster in range(4, 16)]
    assert "the 12 of 16 clusters with most values" in figure.layout.annotations[-1].text
    assert "clusters that most" not in plot_rational_movement(make("cna"), 1, cluster=2).layout.annotations[-1].text


def test_one_cluster_alone(make: Make) -> None:
    record = make("cna")
    figure = plot_rational_movement(record, 1, cluster=2)
    assert sum(trace.name == "density" for trace in figure.data) == 1
    np.testing.assert_allclose(numbers(panel(figure, 0)["5"].y), rational_curves(record, 1).y[2])
    with pytest.raises(UsageError, match=r"no cluster 3 in this slot of run .*: clusters are 0 to 2"):
        plot_rational_movement(record, 1, cluster=3)


def test_of_many_snapshots_as_many_are_drawn_as_colours_tell_apart(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make("cna", best_epoch=7)
    first = rational_curves(record, 1, 0)
    monkeypatch.setattr(Record, "snapshots", tuple(range(12)))
    monkeypatch.setattr("cna_viz.analysis.tables.rational.rational_curves", lambda *where: first)
    figure = plot_rational_movement(record, 1)
    shown = [trace.name for trace in figure.data if trace.showlegend]
    assert len(shown) == 6
    assert (shown[0], shown[-1]) == ("0", "11")
    assert "7 (selected)" in shown
    assert "6 of 12 snapshots" in figure.layout.annotations[-1].text
    assert len({trace.line.color for trace in figure.data if trace.showlegend}) == 6


def test_one_snapshot_is_drawn_as_both(make: Make) -> None:
    traces = panel(plot_rational_movement(make("cna", epochs=0), 1), 0)
    assert set(traces) == {"density", "0", "0 bold"}


@pytest.mark.filterwarnings("error")
def test_functions_that_are_not_finite_and_values_that_are_none(make: Make, held: Held) -> None:
    given = many(3)
    given["rational_numerator"][1] = np.nan
    given["slot_input_histogram"][2] = 0
    held(**given)
    figure = plot_rational_movement(make("cna"), 1)
    assert figure.layout.annotations[2].text == "cluster 2 · no values"
    assert set(panel(figure, 1)["5"].y) == {None}
    assert all(np.isfinite(axis.range).all() for axis in figure.select_yaxes())


def test_a_slot_without_clusters_has_one_panel(make: Make) -> None:
    figure = plot_rational_movement(make("na"), 1)
    assert figure.layout.annotations[0].text.startswith("all nodes · moved by ")


def test_what_has_no_rationals_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match=r"'cn' of run .* has no rational functions"):
        plot_rational_movement(make("cn"), 1)
    with pytest.raises(UsageError, match="no slot after layer 4"):
        plot_rational_movement(make("cna"), 4)
    with pytest.raises(UsageError, match="keeps no snapshots"):
        plot_rational_movement(make("cna", snapshots="none"), 1)
