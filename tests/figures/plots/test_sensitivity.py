"""Sensitivity: every cell its mean, the scale from the least to the largest, and what is missing said."""

import dataclasses
from collections.abc import Callable
from itertools import product

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.errors import UsageError
from cna_viz.figures import plot_sensitivity
from cna_viz.records.record import Record
from tests.figures.plots.test_accuracy_by_setting import having

Make = Callable[..., Record]


def score(clusters: int, hidden: int, seed: int) -> float:
    return 0.2 + 0.02 * clusters + 0.03 * hidden + 0.01 * seed


@pytest.fixture
def records(make: Make) -> list[Record]:
    """Return CNA with three numbers of clusters and two widths, three seeds each."""
    return [
        having(make("cna", seed=s), score(k, h, s), clusters=k, hidden=h)
        for k, h, s in product((8, 1, 2), (16, 4), range(3))
    ]


def footnote(figure: go.Figure) -> str:
    return str(figure.layout.annotations[-1].text)


def test_cells_are_means_in_the_order_of_the_values(records: list[Record]) -> None:
    figure = plot_sensitivity(records)
    (panel,) = figure.data
    assert (list(panel.x), list(panel.y)) == ([0, 1, 2], [0, 1])
    layout = figure.layout
    assert (layout.xaxis.ticktext, layout.yaxis.ticktext) == (("1", "2", "8"), ("4", "16"))
    wanted = [[100 * score(k, h, 1) for k in (1, 2, 8)] for h in (4, 16)]
    np.testing.assert_allclose(panel.z, wanted)
    assert panel.text[0][0].startswith("35.0<br>")
    assert "±1.0" in panel.text[0][0]
    assert panel.customdata[1][2] == "mean 85.0 %<br>84.0 % to 86.0 % over 3 runs"
    assert figure.layout.title.text == "How much does accuracy depend on the number of clusters and on width?"
    assert figure.layout.xaxis.title.text == "number of clusters per slot"
    assert figure.layout.yaxis.title.text == "channels of a hidden layer"
    assert figure.layout.coloraxis.colorbar.title.text == "mean test accuracy (%)"


def test_nothing_is_clipped(records: list[Record]) -> None:
    low = [having(records[0], 0.01, clusters=3, hidden=h) for h in (4, 16)]
    figure = plot_sensitivity([*records, *low])
    (panel,) = figure.data
    axis = figure.layout.coloraxis
    assert (axis.cmin, axis.cmax) == (pytest.approx(1), pytest.approx(np.nanmax(panel.z)))
    assert np.nanmin(panel.z) == pytest.approx(1)


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_the_part_is_the_one_asked_for(make: Make, part: str) -> None:
    record = make("cna", accuracy={"train": 0.1, "val": 0.2, "test": 0.3})
    (panel,) = plot_sensitivity([record], split=part).data
    assert panel.z[0][0] == pytest.approx(100 * record.score(part))


def test_cells_without_runs_and_with_diverged_ones_are_marked_and_have_no_number(records: list[Record]) -> None:
    kept = [r for r in records if (r.config.model.clusters, r.config.model.hidden) != (2, 4)]
    gone = dataclasses.replace(kept[0], summary={**kept[0].summary, "accuracy": {}})
    figure = plot_sensitivity([gone, *kept[1:]])
    (panel,) = figure.data
    assert np.isnan(np.array(panel.z, dtype=float)).sum() == 2
    marks = {(note.x, note.y): note.text for note in figure.layout.annotations if note.text in "–✕"}
    assert marks == {(1, 0): "–", (2, 1): "✕"}
    assert panel.customdata[1][2] == "1 of 3 runs diverged"
    assert "–: no runs (1 of 6 cells)" in footnote(figure)
    assert "✕: a run diverged, so there is no mean (1 cell)" in footnote(figure)


def test_arms_without_one_of_the_settings_are_references_beside_chance(make: Make, records: list[Record]) -> None:
    relu = [having(make("relu", seed=s), 0.5 + 0.1 * (h == 16), hidden=h) for h in (4, 16) for s in (0, 1)]
    figure = plot_sensitivity([*records, *relu])
    assert "by width: 50.0 % (4), 60.0 % (16)" in footnote(figure)
    relu = [make("relu", seed=s, classes=4, accuracy=0.5) for s in (0, 1)]
    figure = plot_sensitivity([make("cna", classes=4), *relu])
    assert len(figure.data) == 1
    assert "for comparison, ReLU, by width: 50.0 % (4)" in footnote(figure)
    assert "chance (always predicting the most frequent class): 25.0 %" in footnote(figure)


def test_arms_have_panels_on_one_scale(make: Make, records: list[Record]) -> None:
    others = [
        having(make("cna-random", seed=s), 0.99, clusters=k, hidden=h) for k, h, s in product((1, 2), (4,), (0, 1))
    ]
    figure = plot_sensitivity([*records, *others])
    assert [panel.coloraxis for panel in figure.data] == ["coloraxis", "coloraxis"]
    assert figure.layout.coloraxis.cmax == pytest.approx(99)
    assert list(figure.data[1].x) == list(figure.data[0].x)


def test_one_run_has_no_spread_and_an_error_its_own_digits(make: Make) -> None:
    figure = plot_sensitivity([make("cna", dataset="chameleon-traffic", nmse={"test": 0.1234})])
    assert figure.data[0].text[0][0] == "0.123"
    assert figure.layout.coloraxis.colorbar.title.text == "mean test NMSE, less is better"


@pytest.mark.parametrize(
    ("seeds", "words"),
    [
        ((1, 1), "cells are means of 1 run each; the scale"),
        ((3, 3), "cells are means of 3 runs each, ± standard deviation over seeds; the scale"),
        ((1, 2), "cells are means of 1 to 2 runs each, ± standard deviation over seeds; the scale"),
    ],
)
def test_the_note_on_cells_tells_over_how_many_runs(make: Make, seeds: tuple[int, int], words: str) -> None:
    records = [
        having(make("cna", seed=seed), 0.5, clusters=k, hidden=4)
        for k, count in zip((1, 2), seeds, strict=True)
        for seed in range(count)
    ]
    assert words in footnote(plot_sensitivity(records))


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ("cluster", "hidden", "unknown setting 'cluster'; choices, nearest first: clusters"),
        ("hidden", "hidden", "x and y are both 'hidden': a map needs two settings"),
        ("clusters", "backbone", "backbone = 'gcn' is not a number"),
        ("residual", "hidden", "residual = False is not a number"),
        ("csbm_noise", "hidden", "csbm_noise and hidden have no effect together in this 1 run"),
    ],
)
def test_settings_that_make_no_map_are_refused(make: Make, x: str, y: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plot_sensitivity([make("cna")], x, y)


def test_runs_that_all_diverged_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="no cell has a mean"):
        plot_sensitivity([make("cna", accuracy={}, status="diverged")])


def test_an_unknown_part_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="unknown split 'tset'"):
        plot_sensitivity([make("cna")], split="tset")


def test_a_reference_of_which_a_run_diverged_is_said_to_have(make: Make, records: list[Record]) -> None:
    lucky, gone = having(make("relu"), 0.9), make("relu", seed=1, accuracy={}, status="diverged")
    words = footnote(plot_sensitivity([*records, lucky, gone]))
    assert "a run diverged (4)" in words
    assert "90.0 %" not in words
