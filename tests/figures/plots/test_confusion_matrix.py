"""Classes against answers: cells are those of the records, runs of an arm summed."""

from collections.abc import Callable

import numpy as np
import plotly.graph_objects as go
import pytest
import xarray as xr

from cna_viz.analysis.tables.predictions import Confusion, confusions
from cna_viz.errors import UsageError
from cna_viz.figures import plot_confusion_matrix
from cna_viz.figures.plots.confusion_matrix import _title
from cna_viz.records.record import Record

Make = Callable[..., Record]


@pytest.fixture(autouse=True)
def at_random(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every run answer a class at random."""

    def prediction(self: Record, epoch: int | None = None) -> xr.DataArray:
        target = self.graph["target"].values
        return xr.DataArray(np.random.default_rng(int(self.id, 16)).integers(0, target.max() + 1, len(target)))

    monkeypatch.setattr(Record, "prediction", prediction)


def titles(figure: go.Figure) -> list[str]:
    return [note.text for note in figure.layout.annotations[:-1]]


@pytest.mark.parametrize("part", ["test", "val"])
def test_cells_are_shares_of_the_true_class_with_counts_written_in(make: Make, part: str) -> None:
    record = make("cna", classes=4)
    (table,) = plot_confusion_matrix([record], split=part).data
    counts = confusions([record], part)[0].counts
    np.testing.assert_array_equal(table.customdata, counts)
    share = 100 * counts / counts.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(table.z, share)
    expected = [
        [f"{count}<br>{of:.0f} %" if count else "" for count, of in zip(*row, strict=True)]
        for row in zip(counts, share, strict=True)
    ]
    assert [list(row) for row in table.text] == expected


def test_seeds_are_added_up_and_that_is_said(make: Make) -> None:
    records = [make(slot, seed=seed) for slot in ("cna", "relu") for seed in range(3)]
    figure = plot_confusion_matrix(records)
    found = confusions(records)
    for table, arm in zip(figure.data, found, strict=True):
        np.testing.assert_array_equal(table.customdata, arm.counts)
    means = [100 * np.mean(arm.accuracies) for arm in found]
    assert titles(figure) == [
        f"<b>{name}</b><br>accuracy {mean:.1f} % (mean of 3 runs)"
        for name, mean in zip(("CNA", "ReLU"), means, strict=True)
    ]
    assert "runs of an arm summed, each of its test nodes once per run" in figure.layout.annotations[-1].text
    alone = plot_confusion_matrix(records[:1])
    assert "one run per arm" in alone.layout.annotations[-1].text
    assert "mean of" not in titles(alone)[0]


def test_axes_and_title_say_what_they_show(make: Make) -> None:
    layout = plot_confusion_matrix([make("cna")]).layout
    assert layout.title.text == "Where does it err? (test nodes)"
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("predicted class", "true class")
    assert list(layout.yaxis.range) == [2.5, -0.5], "the first class is the highest"
    assert layout.coloraxis.colorbar.title.text == "share of the true class (%)"
    graphs = plot_confusion_matrix([make("cna", dataset="motifs")]).layout
    assert graphs.title.text == "Where does it err? (test graphs)"


def test_arms_are_at_most_three_in_a_row(make: Make) -> None:
    slots = ("cna", "relu", "none", "na", "c")
    three, five = (plot_confusion_matrix([make(slot) for slot in slots[:count]]) for count in (3, 5))
    assert len(five.data) == 5
    assert five.layout.height > three.layout.height + 300
    assert sorted({axis.domain for axis in five.select_xaxes()}) == sorted(
        {axis.domain for axis in three.select_xaxes()}
    )


def test_a_class_without_nodes_has_no_share(make: Make) -> None:
    record = make("cna")
    record.graph["target"][:] = np.where(np.arange(60) < 3, 2, 0)
    record.graph["split_of_node"][:] = np.where(np.arange(60) < 3, 1, 3)
    (table,) = plot_confusion_matrix([record]).data
    assert [list(row) for row in table.z][1:] == [[None] * 3] * 2


def test_more_classes_get_more_room_and_forty_no_text(make: Make) -> None:
    few, twenty, forty = (plot_confusion_matrix([make("cna", nodes=240, classes=count)]) for count in (3, 20, 40))
    assert few.layout.height < twenty.layout.height < forty.layout.height
    assert "%" not in "".join(text for row in twenty.data[0].text for text in row)
    assert twenty.data[0].texttemplate == "%{text}"
    assert forty.data[0].texttemplate is None
    assert "too many classes for numbers" in forty.layout.annotations[-1].text
    assert len(forty.layout.xaxis.tickvals) == 20


def test_what_can_not_be_drawn_is_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="are numbers"):
        plot_confusion_matrix([make("cna", dataset="chameleon-traffic")])
    with pytest.raises(
        UsageError, match=r"keeps no predictions of its selected model .*: train with snapshots 'log' or 'ends'"
    ):
        plot_confusion_matrix([make("cna", snapshots="none")])
    with pytest.raises(UsageError, match="unknown split 'tset'"):
        plot_confusion_matrix([make("cna")], split="tset")
    with pytest.raises(UsageError, match="different datasets"):
        plot_confusion_matrix([make("cna"), make("cna", dataset="karate")])


@pytest.mark.parametrize(
    ("accuracies", "words"),
    [
        ((0.5,), "accuracy 50.0 %"),
        ((0.5, 0.7), "accuracy 60.0 % (mean of 2 runs)"),
        ((0.5, np.nan, 0.7), "accuracy 60.0 % (mean of 2 of 3 runs)"),
        ((np.nan, np.nan), "accuracy –"),
    ],
)
def test_titles_count_the_runs_in_the_mean(accuracies: tuple[float, ...], words: str) -> None:
    assert _title(Confusion("relu", np.eye(2), accuracies, ("0", "1"))) == f"<b>ReLU</b><br>{words}"
