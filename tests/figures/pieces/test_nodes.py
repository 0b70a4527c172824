"""Samples of large graphs: always the same, said, and drawn by what can draw them."""

import numpy as np
import pytest

from cna_viz.figures.pieces.nodes import MOST_LIVE, MOST_POINTS, live_scatter, sample, sample_note, scatter


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
