"""Samples of large graphs: always the same, said, and drawn by what can draw them."""

import numpy as np
import pytest

from cna_viz.analysis.tables.node_groups import NodeGroups
from cna_viz.figures.pieces.nodes import (
    MOST_LIVE,
    MOST_POINTS,
    legend_room,
    legend_traces,
    live_scatter,
    markers,
    node_names,
    node_traces,
    sample,
    sample_note,
    scatter,
)
from cna_viz.figures.style.theme import MUTED


def test_up_to_the_limit_all_are_drawn_and_nothing_is_said() -> None:
    np.testing.assert_array_equal(sample(MOST_POINTS), np.arange(MOST_POINTS))
    assert sample_note("nodes", MOST_POINTS, MOST_POINTS) == []
    assert len(sample(0)) == 0


def test_beyond_it_a_sample_is_drawn_always_the_same() -> None:
    shown = sample(MOST_POINTS + 1)
    assert len(set(shown.tolist())) == MOST_POINTS
    assert (np.diff(shown) > 0).all()
    assert shown[-1] >= MOST_POINTS - 10
    np.testing.assert_array_equal(shown, sample(MOST_POINTS + 1))


def test_the_limit_can_be_given() -> None:
    assert len(sample(100, 7)) == 7


def test_a_sample_is_said_with_both_numbers() -> None:
    (note,) = sample_note("nodes", 20_000, 169_343)
    assert note.startswith("a sample is drawn: 20,000 of 169,343 nodes; ")


@pytest.mark.parametrize(("points", "kind"), [(MOST_POINTS, "scatter"), (MOST_POINTS + 1, "scattergl")])
def test_only_what_is_large_takes_webgl(points: int, kind: str) -> None:
    assert scatter(points) == kind


def test_panels_that_a_slider_redraws_use_webgl_earlier() -> None:
    assert [live_scatter(points) for points in (1, MOST_LIVE, MOST_LIVE + 1)] == ["scatter", "scatter", "scattergl"]


def test_unlabelled_nodes_are_grey_and_named() -> None:
    label = np.array([0, 1, 2, 2])
    groups = NodeGroups(label, ("<b>", "%{x}", "unlabelled"), "class", unlabelled=label == 2)
    traces = node_traces(np.zeros((4, 2)), groups, np.arange(4))
    assert [trace["hovertemplate"].split("<br>")[1] for trace in traces] == [
        "class &lt;b&gt;<extra></extra>",
        "class %&#123;x}<extra></extra>",
        "unlabelled<extra></extra>",
    ]
    assert [trace["customdata"].tolist() for trace in traces] == [[0], [1], [2, 3]]
    assert (traces[-1]["marker"]["color"], traces[-1]["marker"]["symbol"]) == (MUTED, "circle-open")
    assert [entry["name"] for entry in legend_traces([groups])] == ["&lt;b&gt;", "%&#123;x}", "unlabelled"]


def test_predictions_for_unlabelled_nodes_are_neither_wrong_nor_right() -> None:
    wrong, unlabelled = np.array([True, False, False]), np.array([False, False, True])
    groups = NodeGroups(np.array([0, 1, 1]), ("0", "1"), "prediction", wrong, unlabelled)
    assert node_names(groups, np.arange(3)).tolist() == ["0, wrong", "1, right", "1, node unlabelled"]
    assert markers(groups, np.arange(3)).tolist() == ["x", "circle", "circle"]


def test_only_names_take_more_room_for_a_legend() -> None:
    numbers = NodeGroups(np.zeros(1, int), tuple(map(str, range(40))), "class")
    named = NodeGroups(np.zeros(1, int), ("protein", "x" * 24, "y" * 24, "z" * 24), "class")
    assert legend_room([numbers, None]) == 0
    assert legend_room([named]) == 32
