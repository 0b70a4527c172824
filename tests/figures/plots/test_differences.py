"""Differences: the numbers of the paired table, in points, with their verdicts."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.statistics.paired import compare
from cna_viz.analysis.tables.comparison import paired_table
from cna_viz.config.vocabulary import SLOTS
from cna_viz.errors import UsageError
from cna_viz.figures import plot_differences
from cna_viz.figures.style.theme import SLOT_STYLES
from cna_viz.records.record import Record

Make = Callable[..., Record]
SHIFTS = {"relu": 0.0, "cna": 0.05, "none": -0.04, "n": 0.001}


def arms(make: Make, shifts: dict[str, float], seeds: int = 10) -> list[Record]:
    """Return records whose accuracy is that of relu and a shift, give or take little, by slot and seed."""
    rng = np.random.default_rng(1)
    return [
        make(
            slot, seed=seed, snapshots="none", accuracy=0.6 + 0.02 * seed + shift + 0.002 * float(rng.standard_normal())
        )
        for slot, shift in shifts.items()
        for seed in range(seeds)
    ]


def means(figure: go.Figure) -> go.Scatter:
    return next(trace for trace in figure.data if trace.name == "mean")


def written(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations if note.xref == "paper" and "<b>" in note.text]


def test_bars_and_dots_are_the_paired_differences_in_points(make: Make) -> None:
    records = arms(make, SHIFTS)
    figure, table = plot_differences(records), paired_table(records)
    found = compare(table, "relu").sort_values("difference", ascending=False)
    assert list(found.index) == ["cna", "n", "none"]
    np.testing.assert_allclose(means(figure).x, 100 * found["difference"])
    bars = [trace for trace in figure.data if trace.name == "interval"]
    np.testing.assert_allclose([bar.x for bar in bars], 100 * found[["low", "high"]])
    dots = next(trace for trace in figure.data if trace.name == "pairs")
    wanted = [100 * (table[arm] - table["relu"]) for arm in found.index]
    np.testing.assert_allclose(dots.x, np.concatenate(wanted))
    assert list(dots.y) == [height for height in means(figure).y for _ in range(10)]


def test_rows_say_their_numbers_and_verdicts_from_the_best_to_the_worst(make: Make) -> None:
    figure = plot_differences(arms(make, SHIFTS))
    words = [text.split("<b>")[1].removesuffix("</b>") for text in written(figure)]
    assert words == ["better", "equal (±1)", "worse"]
    assert written(figure)[2].startswith("−4.")
    assert list(figure.layout.yaxis.ticktext) == [SLOT_STYLES[slot].label for slot in ("cna", "n", "none")]
    assert figure.layout.yaxis.range[0] > figure.layout.yaxis.range[1]  # the first row stands at the top
    assert figure.layout.xaxis.title.text == "test accuracy in points: arm − relu"
    assert figure.layout.title.text == "Which arm differs from relu?"


def test_the_band_is_the_margin(make: Make) -> None:
    for margin in (0.01, 0.03):
        figure = plot_differences(arms(make, SHIFTS), margin=margin)
        band = next(shape for shape in figure.layout.shapes if shape.type == "rect")
        assert (band.x0, band.x1) == (-100 * margin, 100 * margin)
    assert "equal (±3)" in [trace.name for trace in figure.data]


def test_arms_that_lie_far_apart_have_a_second_panel_with_arrows_to_those_outside(make: Make) -> None:
    figure = plot_differences(arms(make, {"relu": 0, "cna": 0.3, "n": 0.0, "none": -0.3}))
    assert tuple(figure.layout.xaxis2.range) == (-4, 4)
    arrows = [note.text for note in figure.layout.annotations if note.xref == "x2"]
    assert arrows == ["▸", "◂"]
    assert "xaxis2" not in plot_differences(arms(make, SHIFTS)).layout


def test_every_arm_has_the_look_of_its_slot(make: Make) -> None:
    records = arms(make, dict.fromkeys(("relu", *(slot for slot in SLOTS if slot != "relu")), 0.0), seeds=3)
    figure = plot_differences(records)
    assert len(SLOTS) > 17
    looks = {
        (color, symbol) for color, symbol in zip(means(figure).marker.color, means(figure).marker.symbol, strict=True)
    }
    assert looks == {(style.color, style.symbol) for slot, style in SLOT_STYLES.items() if slot != "relu"}
    assert figure.layout.height > 17 * 25


def test_two_pairs_are_drawn_and_it_is_said_what_they_can_not_carry(make: Make) -> None:
    figure = plot_differences(arms(make, SHIFTS, seeds=2))
    note = figure.layout.annotations[-1].text
    assert "95 % intervals by Student's t, for all 3 together" in note
    assert "inconclusive also because of too few pairs (2 of 6)" in note
    assert "too few" not in plot_differences(arms(make, SHIFTS)).layout.annotations[-1].text


def test_arms_with_a_diverged_run_are_left_out_and_named(make: Make) -> None:
    gone = make("c", seed=3, snapshots="none", status="diverged", accuracy={})
    records = [
        *arms(make, SHIFTS),
        gone,
        *(make("c", seed=s, snapshots="none", accuracy=0.5) for s in range(10) if s != 3),
    ]
    figure = plot_differences(records)
    assert len(means(figure).x) == 3
    assert "left out, because runs have no score: c (1 diverged)" in figure.layout.annotations[-1].text


def test_a_baseline_that_diverged_is_refused(make: Make) -> None:
    records = [
        make("relu", seed=0, status="diverged", accuracy={}),
        make("relu", seed=1),
        make("cna"),
        make("cna", seed=1),
    ]
    with pytest.raises(UsageError, match="runs of 'relu' diverged"):
        plot_differences(records)


@pytest.mark.parametrize(
    ("shifts", "seeds", "baseline", "message"),
    [
        ({"relu": 0.0, "cna": 0.1}, 1, "relu", r"too few pairs \(1\)"),
        ({"relu": 0.0}, 3, "relu", "no arm to compare with 'relu'"),
        ({"relu": 0.0, "cna": 0.1}, 3, "rleu", "unknown arm 'rleu'; choices, nearest first: relu"),
    ],
)
def test_what_can_not_be_compared_is_refused(
    make: Make, shifts: dict[str, float], seeds: int, baseline: str, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        plot_differences(arms(make, shifts, seeds), baseline)


@pytest.mark.parametrize("option", [{"split": "tset"}, {"margin": 0.0}])
def test_wrong_options_are_refused(make: Make, option: dict[str, object]) -> None:
    with pytest.raises(UsageError):
        plot_differences(arms(make, SHIFTS, seeds=2), **option)  # type: ignore[arg-type]
