"""Records of one config are held against each other: to the bit, then within the tolerance."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cna_viz.config import RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.exporting.differences import OTHERWISE, TOLERANCE, RecordDifference, _difference, differences
from cna_viz.records.reading.tensors import Snapshot
from cna_viz.records.schema import snapshot_file
from cna_viz.records.synthetic import synthetic_record


def test_the_same_run_is_equal_to_the_bit(tmp_path: Path) -> None:
    one, other = synthetic_record(tmp_path / "one"), synthetic_record(tmp_path / "other")
    found = differences(one, other)
    assert {"loss", "accuracy", "embedding", "prediction", "target", "edge_index", "snapshots"} <= {
        part.what for part in found
    }
    assert all(part.bits and part.within and part.apart == 0 for part in found)


def test_another_best_epoch_is_a_difference(tmp_path: Path) -> None:
    one, other = synthetic_record(tmp_path / "one"), synthetic_record(tmp_path / "other", best_epoch=0)
    wrong = [part.what for part in differences(one, other) if not part.within]
    assert "best epoch" in wrong


def test_two_configs_are_no_pair(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="have different configs"):
        differences(synthetic_record(tmp_path), synthetic_record(tmp_path, RunConfig(seed=1)))


def of(here: Any, there: Any) -> RecordDifference:
    return _difference("values", np.asarray(here), np.asarray(there))


def test_numbers_are_apart_by_a_share_of_the_largest() -> None:
    assert of([1.0, -4.0], [1.0, -4.0 - 1e-6]).apart == pytest.approx(2.5e-7)
    assert of([1.0, -4.0], [1.0, -4.0 - 1e-6]).within
    assert not of([0.0, 1.0], [2 * TOLERANCE, 1.0]).within
    assert not of([0.0, 0.0], [0.0, -0.0]).bits
    assert of([0.0, 0.0], [0.0, -0.0]).within


def test_half_precision_does_not_overflow() -> None:
    largest = np.array([6e4, -6e4], dtype=np.float16)
    assert of(largest, -largest).apart == 2


@pytest.mark.parametrize("odd", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_has_to_be_so_in_both(odd: float) -> None:
    assert of([odd, 1.0], [odd, 1.0]).bits
    assert of([odd, 1.0], [odd, 1.0 + 1e-9]).within
    assert of([odd, 1.0], [0.0, 1.0]).apart == np.inf
    assert of([np.inf, 1.0], [-np.inf, 1.0]).apart == np.inf


def test_of_classes_some_may_be_others() -> None:
    labels = np.zeros(1000, dtype=np.int64)
    few, many = labels.copy(), labels.copy()
    few[: int(1000 * OTHERWISE)] = 1
    many[: int(1000 * OTHERWISE) + 1] = 1
    assert of(labels, few).within
    assert not of(labels, many).within


def test_other_shapes_are_infinitely_apart() -> None:
    assert of([1.0], [1.0, 2.0]).apart == np.inf
    assert of([1.0], [1]).apart == np.inf


def test_what_no_network_makes_has_to_be_equal() -> None:
    labels = np.zeros(1000, dtype=np.int64)
    other = labels.copy()
    other[0] = 1
    assert of(labels, other).within
    assert not _difference("target", labels, other, exact=True).within


def test_what_one_record_lacks_is_a_difference(tmp_path: Path) -> None:
    one, other = synthetic_record(tmp_path / "one"), synthetic_record(tmp_path / "other")
    del other.metrics["loss"], one.metrics["accuracy"]
    wrong = {part.what: part.apart for part in differences(one, other) if not part.within}
    assert wrong == {"loss": np.inf, "accuracy": np.inf}


def test_every_layer_of_every_snapshot_is_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = synthetic_record(tmp_path / "one"), synthetic_record(tmp_path / "other")
    read = Snapshot.read
    last = one.snapshots[-1]

    def changed(self: Snapshot, name: str) -> Any:
        array = read(self, name)
        there = self.folder.is_relative_to(tmp_path / "other") and self.entry.file == snapshot_file(last)
        return array + 1 if there and name == "embedding.conv.0002" else array

    monkeypatch.setattr(Snapshot, "read", changed)
    assert [part.what for part in differences(one, other) if not part.bits] == ["embedding"]
