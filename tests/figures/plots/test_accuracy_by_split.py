"""Accuracy by split: one marker per arm and split."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cna_viz.errors import UsageError
from cna_viz.figures import plot_accuracy_by_split
from cna_viz.figures.style.theme import SLOT_STYLES
from cna_viz.records.record import Record

Make = Callable[..., Record]


def on(record: Record, split: str, accuracy: float) -> Record:
    config = record.config.replace(data=record.config.data.replace(split=split))
    return dataclasses.replace(record, config=config, summary={**record.summary, "accuracy": {"test": accuracy}})


@pytest.fixture
def records(make: Make) -> list[Record]:
    numbers = {
        ("public", "relu"): 0.5,
        ("public", "cna"): 0.6,
        ("official-code", "relu"): 0.8,
        ("official-code", "cna"): 0.7,
    }
    return [on(make(slot, seed=s), split, value + 0.02 * s) for (split, slot), value in numbers.items() for s in (0, 1)]


def test_markers_are_means_of_their_split_and_arm(records: list[Record]) -> None:
    first, last = plot_accuracy_by_split(records).data
    assert (first.name, last.name) == ("public", "official-code")
    np.testing.assert_allclose(first.x, [51, 61])
    np.testing.assert_allclose(last.x, [81, 71])
    assert [round(y) for y in first.y] == [round(y) for y in last.y] == [0, 1]
    assert first.marker.symbol != last.marker.symbol
    assert first.marker.color != last.marker.color


def test_rows_and_axes_are_named(records: list[Record]) -> None:
    layout = plot_accuracy_by_split(records).layout
    assert list(layout.yaxis.ticktext) == [SLOT_STYLES["relu"].label, SLOT_STYLES["cna"].label]
    assert layout.xaxis.title.text == "test accuracy (%)"
    assert "split public, official-code" in layout.annotations[-1].text


def test_an_arm_that_is_not_on_every_split_has_a_gap(records: list[Record]) -> None:
    first, last = plot_accuracy_by_split(records[:-2]).data
    assert (len(first.x), len(last.x)) == (2, 1)


def test_an_unknown_part_is_refused(records: list[Record]) -> None:
    with pytest.raises(UsageError):
        plot_accuracy_by_split(records, split="tset")
