"""What can't be run fails with its reason, and the rest is trained."""

from collections.abc import Callable
from pathlib import Path

import pytest

from cna_viz.config import RunConfig
from cna_viz.errors import UsageError
from cna_viz.experiments.sweep import sweep_possible
from cna_viz.records.reading.integrity import is_complete

Configure = Callable[..., RunConfig]


def test_runs_that_are_possible_are_trained_beside_those_that_are_not(configure: Configure, runs: Path) -> None:
    possible = [configure(seed=seed) for seed in (0, 1)]
    too_many = [configure(clusters=40), configure(clusters=40, layers=2)]
    no_split = [configure().replace(data=possible[0].data.replace(split="public"))]
    found = sweep_possible([*too_many, possible[0], *no_split, possible[1]], runs=runs, workers=1)
    assert set(found.trained) == {config.run_id for config in possible}
    assert set(found.failed) == {config.run_id for config in (*too_many, *no_split)}
    assert "clusters = 40 is out of range: it must be at most 34" in found.failed[too_many[1].run_id]
    assert "unknown split protocol 'public'" in found.failed[no_split[0].run_id]
    assert all(is_complete(runs / config.run_id) for config in possible)
    assert found.seconds > 0
    again = sweep_possible([*possible, *no_split], runs=runs, workers=1)
    assert (again.trained, set(again.skipped)) == ([], {config.run_id for config in possible})


def test_nothing_to_do(runs: Path) -> None:
    found = sweep_possible([], runs=runs, workers=1)
    assert (found.trained, found.skipped, found.failed) == ([], [], {})


def test_no_workers_are_refused_and_no_reason_of_a_run(configure: Configure, runs: Path) -> None:
    with pytest.raises(UsageError, match="workers = 0 is out of range: it must be at least 1"):
        sweep_possible([configure()], runs=runs, workers=0)
