"""How far rationals moved: distances known by hand, where values lie; words for movement and for none."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import numpy as np
import pytest

from cna_viz.analysis.sentences.rational_movement_findings import rational_movement_findings
from cna_viz.analysis.tables.rational import CENTERS, rational_curves
from cna_viz.analysis.tables.rational_movement import rational_movement
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.schema import HISTOGRAM_BINS
from cna_viz.records.synthetic import synthetic_record

Held = Callable[..., None]


def build(folder: Path, slot: str = "cna", snapshots: Literal["log", "ends", "none"] = "log", **summary: Any) -> Record:
    model = ModelConfig(slot=slot, layers=3, hidden=4, **({"clusters": 3} if slot == "cna" else {}))
    config = RunConfig(model=model, recording=RecordingConfig(snapshots=snapshots))
    return synthetic_record(Path(mkdtemp(dir=folder)), config, nodes=30, **summary)


def moving(*steps: float, start: float = 1.0) -> dict[str, Any]:
    """Return constant functions: at epoch 0 ``start``, later so much more, by cluster; far to the right much more."""

    def numerator(layer: int, epoch: int) -> Any:
        coefficients = np.zeros((len(steps), 6))
        coefficients[:, 0] = start + np.array(steps) * (epoch > 0)
        return coefficients

    counts = np.zeros((len(steps), HISTOGRAM_BINS), int)
    counts[:, 30:50] = 5
    denominator = np.zeros((len(steps), 4))
    return {"rational_numerator": numerator, "rational_denominator": denominator, "slot_input_histogram": counts}


def test_functions_at_every_snapshot_are_those_of_the_record(tmp_path: Path) -> None:
    record = build(tmp_path)
    found = rational_movement(record, 2)
    assert (found.epochs, found.selected) == ((0, 1, 5), 5)
    for number, epoch in enumerate(found.epochs):
        np.testing.assert_array_equal(found.y[number], rational_curves(record, 2, epoch).y)
    np.testing.assert_array_equal(found.curves.density, rational_curves(record, 2).density)


def test_distances_by_hand(tmp_path: Path, held: Held) -> None:
    held(**moving(0.5, -2, 0))
    found = rational_movement(build(tmp_path), 1)
    np.testing.assert_allclose(found.change, [0.5, 2, 0])
    np.testing.assert_allclose(found.extent, [1, 1, 1])


def test_only_where_values_lie_counts(tmp_path: Path, held: Held) -> None:
    def numerator(layer: int, epoch: int) -> Any:
        return np.array([[0, 1.0 * (epoch > 0), 0, 0, 0, 0]])

    counts = np.zeros((1, HISTOGRAM_BINS), int)
    counts[0, [0, 45]] = 1, 999  # one value far away, beyond the middle 99 %
    held(rational_numerator=numerator, rational_denominator=np.zeros((1, 4)), slot_input_histogram=counts)
    np.testing.assert_allclose(rational_movement(build(tmp_path), 1).change, [CENTERS[45]])


@pytest.mark.filterwarnings("error")
def test_functions_without_values_have_no_distance(tmp_path: Path, held: Held) -> None:
    given = moving(0.5, 0.5)
    given["slot_input_histogram"][1] = 0
    held(**given)
    record = build(tmp_path)
    np.testing.assert_allclose(rational_movement(record, 1).change, [0.5, np.nan])
    assert rational_movement_findings(record, 1)[-1] == "1 function without a value that is a number"


def test_movement_is_said(tmp_path: Path, held: Held) -> None:
    held(**moving(0.5, -2, 0.2))
    assert rational_movement_findings(build(tmp_path), 1) == [
        "the functions moved between epoch 0 and epoch 5: by 0.9 on average, root mean square over the values (90 % of "
        "their own size there)",
        "most that of cluster 1 (by 2), least that of cluster 2 (by 0.2)",
    ]


def test_no_movement_is_said(tmp_path: Path, held: Held) -> None:
    held(**moving(0.02, 0.04))
    first, _ = rational_movement_findings(build(tmp_path), 1)
    assert first.startswith("the functions hardly moved between epoch 0 and epoch 5: by 0.03 on average")


def test_functions_that_were_nothing_have_no_size(tmp_path: Path, held: Held) -> None:
    held(**moving(0.5, start=0))
    assert rational_movement_findings(build(tmp_path), 1) == [
        "the functions moved between epoch 0 and epoch 5: by 0.5 on average, root mean square over the values"
    ]


def test_the_first_model_has_not_moved(tmp_path: Path) -> None:
    record = build(tmp_path, best_epoch=0)
    assert rational_movement_findings(record, 1) == [
        "the selected model is that of epoch 0, the first one kept: no function had moved yet"
    ]


def test_no_values_mean_nothing(tmp_path: Path, held: Held) -> None:
    held(slot_input_histogram=np.zeros((3, HISTOGRAM_BINS), int))
    (sentence,) = rational_movement_findings(build(tmp_path), 1)
    assert sentence.startswith("no value that is a number enters the rational functions")


def test_what_is_missing_is_refused(tmp_path: Path) -> None:
    for function in (rational_movement, rational_movement_findings):
        with pytest.raises(UsageError, match=r"'relu' of run .* has no rational functions"):
            function(build(tmp_path, "relu"), 1)
        with pytest.raises(UsageError, match="no slot after layer 3"):
            function(build(tmp_path), 3)
        with pytest.raises(UsageError, match="keeps no snapshots, so nobody knows its functions: train with snapshots"):
            function(build(tmp_path, snapshots="none"), 1)
        with pytest.raises(UsageError, match="no snapshot of epoch 3; snapshots kept: 0, 1, 5"):
            function(build(tmp_path, best_epoch=3), 1)
