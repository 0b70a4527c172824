"""Settings as numbers: values, no effect, and what is refused."""

import numpy as np
import pytest

from cna_viz.analysis.tables.sensitivity import sensitivity, setting_values
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from tests.analysis.conftest import Make
from tests.figures.plots.test_accuracy_by_setting import having


def test_values_are_numbers_and_nan_without_an_effect(make: Make) -> None:
    configs = [record.config for record in (having(make("cna"), clusters=7), make("relu"))]
    np.testing.assert_array_equal(setting_values(configs, "clusters"), [7, np.nan])
    assert setting_values(configs, "lr") == [configs[0].training.lr] * 2
    assert setting_values([], "lr") == []


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("slot", "slot = 'relu' is not a number"),
        ("clutsers", "unknown setting 'clutsers'; choices, nearest first: clusters"),
    ],
)
def test_what_is_no_number_or_no_setting_is_refused(make: Make, name: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        setting_values([make("relu").config], name)


@pytest.fixture
def records(make: Make) -> list[Record]:
    """Return CNA and ReLU, three seeds each, and the network without activation, of which one of two seeds diverged."""
    good = [having(make(slot, seed=s), 0.5 + 0.1 * s) for slot in ("cna", "relu") for s in range(3)]
    return [*good, having(make("none"), 0.9), make("none", seed=1, accuracy={}, status="diverged")]


def test_a_run_that_was_recorded_in_two_ways_counts_once(records: list[Record]) -> None:
    found = sensitivity([*records, *(having(record, every=5) for record in records)], "clusters", "hidden")
    assert found.cells["runs"].tolist() == [3]
    assert found.references.set_index("arm")["count"].to_dict() == {"relu": 3, "none": 2}


def test_a_reference_has_no_mean_where_a_run_diverged(records: list[Record]) -> None:
    references = sensitivity(records, "clusters", "hidden").references.set_index("arm")
    assert references["diverged"].to_dict() == {"relu": 0, "none": 1}
    assert references.loc["relu", "mean"] == pytest.approx(0.6)
    assert references.loc["relu", "low"] < 0.6 < references.loc["relu", "high"]
    assert np.isnan(references.loc["none", ["mean", "low", "high"]].astype(float)).all()


def test_arms_that_all_have_both_settings_leave_no_references(records: list[Record]) -> None:
    assert list(sensitivity(records[:3], "clusters", "hidden").references.columns) == [
        *("arm", "setting", "value"),
        *("mean", "low", "high", "count", "diverged"),
    ]
