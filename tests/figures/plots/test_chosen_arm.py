"""One arm among those of its depth: rows are scores, the words the paired difference, the second panel the depths."""

import json
from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.sentences.chosen_arm_findings import difference_words
from cna_viz.analysis.tables.chosen_arm import arms_by_depth, score_table
from cna_viz.analysis.tables.predictions import CHANCE, chance_score
from cna_viz.errors import UsageError
from cna_viz.figures import plot_chosen_arm
from cna_viz.figures.style.theme import SLOT_STYLES
from cna_viz.records.record import Record
from tests.figures.dark_colors import without_counterpart

Make = Callable[..., Record]
SCORES = {"relu": 0.5, "cna": 0.8, "na": 0.7, "layernorm": 0.6}


@pytest.fixture
def records(make: Make) -> list[Record]:
    """Return three runs of some arms at four layers, and of CNA and ReLU at two and sixteen."""
    deep = [(slot, 4) for slot in SCORES] + [(slot, layers) for slot in ("cna", "relu") for layers in (2, 16)]
    return [
        make(slot, layers, seed, snapshots="none", accuracy=SCORES[slot] + 0.02 * seed * (1 + len(slot)))
        for slot, layers in deep
        for seed in range(3)
    ]


def rows(figure: go.Figure) -> dict[str, go.Scatter]:
    """Return the marks of the rows by the words of their arms."""
    return {trace.name: trace for trace in figure.data if trace.error_x.array is not None}


def test_rows_are_means_with_intervals_the_best_at_the_top(records: list[Record]) -> None:
    figure, table = plot_chosen_arm(records, layers=4), score_table(arms_by_depth(records)[4])
    found = rows(figure)
    assert list(found) == [SLOT_STYLES[arm].label for arm in table["arm"]]
    for height, row in table.iterrows():
        mark = found[SLOT_STYLES[row["arm"]].label]
        assert (*mark.x, *mark.y) == pytest.approx((100 * row["mean"], height))
        assert mark.error_x.array[0] == pytest.approx(100 * (row["high"] - row["mean"]))
        assert mark.error_x.arrayminus[0] == pytest.approx(100 * (row["mean"] - row["low"]))
    bottom, top = figure.layout.yaxis.range
    assert bottom > top


def test_only_the_chosen_arm_stands_out_in_more_than_colour(records: list[Record]) -> None:
    figure = plot_chosen_arm(records, "na", layers=4)
    chosen = SLOT_STYLES["na"].label
    assert {name: mark.opacity == 1 for name, mark in rows(figure).items()} == {
        name: name == chosen for name in rows(figure)
    }
    assert [text for text in figure.layout.yaxis.ticktext if "<b>" in text] == [f"<b>{chosen} ◂</b>"]
    runs = next(trace for trace in figure.data if trace.name == "one run")
    np.testing.assert_allclose(sorted(runs.x), [100 * (0.7 + 0.06 * seed) for seed in range(3)])


def test_the_baseline_is_a_line_through_all_rows_with_its_interval(records: list[Record]) -> None:
    figure, table = plot_chosen_arm(records, layers=4), score_table(arms_by_depth(records)[4]).set_index("arm")
    label = SLOT_STYLES["relu"].label
    line = next(trace for trace in figure.data if trace.name == label and trace.mode == "lines")
    assert line.x == pytest.approx([100 * table["mean"]["relu"]] * 2)
    assert tuple(sorted(line.y)) == tuple(sorted(figure.layout.yaxis.range))
    band = next(trace for trace in figure.data if trace.name == f"{label}, interval")
    assert (min(band.x), max(band.x)) == pytest.approx((100 * table["low"]["relu"], 100 * table["high"]["relu"]))


def test_the_difference_is_written_below_the_title(records: list[Record]) -> None:
    figure = plot_chosen_arm(records, layers=4)
    words = difference_words(arms_by_depth(records)[4], "cna", "relu")
    assert figure.layout.title.subtitle.text == f"against ReLU: <b>{words}</b>"
    assert figure.layout.title.text == "What does CNA change at 4 layers?"
    assert "3 pairs" in words


def test_the_baseline_itself_has_no_difference_to_say(records: list[Record]) -> None:
    figure = plot_chosen_arm(records, "relu", layers=4)
    assert figure.layout.title.subtitle.text is None
    assert figure.layout.title.text == "What do other slots change at 4 layers?"


def test_depths_are_drawn_where_there_are_several(records: list[Record]) -> None:
    figure = plot_chosen_arm(records, layers=4)
    lines = {trace.legendgroup: trace for trace in figure.data if trace.legendgroup and trace.fill is None}
    assert set(lines) == {"cna", "relu"}
    assert tuple(lines["cna"].x) == (2, 4, 16)
    assert [shape.x0 for shape in figure.layout.shapes if shape.xref == "x2"] == [4]
    assert figure.layout.xaxis2.type == "log"
    one = [record for record in records if record.layers == 4]
    assert "xaxis2" not in plot_chosen_arm(one)


def test_the_depth_is_the_greatest_that_has_the_arm(records: list[Record]) -> None:
    assert "16 layers" in plot_chosen_arm(records).layout.title.text
    assert "4 layers" in plot_chosen_arm(records, "na").layout.title.text


def test_guessing_is_a_line_of_its_own(records: list[Record]) -> None:
    line = next(trace for trace in plot_chosen_arm(records, layers=4).data if trace.name == CHANCE["accuracy"])
    assert line.x == pytest.approx([100 * chance_score(records[0])] * 2)


def test_an_arm_with_a_diverged_run_is_named_and_not_drawn(records: list[Record], make: Make) -> None:
    gone = [make("a", 4, seed, snapshots="none", status="diverged", accuracy={}) for seed in range(3)]
    figure = plot_chosen_arm([*records, *gone], layers=4)
    label = SLOT_STYLES["a"].label
    assert label not in rows(figure)
    assert figure.layout.yaxis.ticktext[-1] == f"{label} · a run diverged"
    chosen = plot_chosen_arm([*records, *gone], "a", layers=4)
    assert "unknown, because a run diverged" in chosen.layout.title.subtitle.text


def test_one_seed_and_one_arm_can_be_drawn(make: Make) -> None:
    figure = plot_chosen_arm([make("cna", snapshots="none", accuracy=0.5)])
    assert rows(figure)["CNA"].x == (50,)
    assert figure.layout.title.subtitle.text is None


def test_the_figure_says_where_it_is_from_and_can_be_stored_and_drawn_dark(records: list[Record]) -> None:
    figure = plot_chosen_arm(records, layers=4)
    assert figure.layout.annotations[-1].text.startswith(
        "dataset digits · split random-60-20-20 · seeds 0, 1, 2 · runs "
    )
    assert "model of the best validation epoch" in figure.layout.annotations[-1].text
    assert not without_counterpart(figure)
    json.loads(figure.to_json(), parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    assert figure.to_json() == plot_chosen_arm(records, layers=4).to_json()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"arm": "can"}, "unknown arm 'can'; choices, nearest first: cna"),
        ({"layers": 3}, "unknown arm at 3 layers 'cna'"),
        ({"arm": "na", "layers": 2}, "unknown arm at 2 layers 'na'; choices, nearest first: cna"),
        ({"split": "tset"}, "tset"),
        ({"baseline": "rleu", "layers": 4}, "unknown baseline 'rleu'; choices, nearest first: relu"),
    ],
)
def test_what_is_not_there_is_refused(records: list[Record], options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        plot_chosen_arm(records, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("baseline", "layers"), [("na", 16), ("layernorm", 2), ("a", 4)])
def test_a_baseline_that_the_depth_has_not_is_passed_over(records: list[Record], baseline: str, layers: int) -> None:
    figure = plot_chosen_arm(records, "cna", baseline, layers=layers)
    assert figure.layout.title.subtitle.text is None
    assert rows(figure)


def test_no_records_and_other_datasets_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="no records"):
        plot_chosen_arm([])
    with pytest.raises(UsageError, match="different datasets"):
        plot_chosen_arm([make("cna"), make("relu", dataset="karate")])
