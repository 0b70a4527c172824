"""Settings as numbers: values, no effect, and what is refused."""

import numpy as np
import pytest

from cna_viz.analysis.tables.setting_values import setting_values
from cna_viz.errors import UsageError
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
