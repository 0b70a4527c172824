"""What notebooks need of a sweep: records in the order of the configs, or a word on what failed."""

from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from cna_viz.config import RunConfig
from cna_viz.errors import CnaVizError, UsageError
from cna_viz.experiments.run import train_and_load
from cna_viz.experiments.sweep import Sweep

module = import_module("cna_viz.experiments.run")

Configure = Callable[..., RunConfig]


def test_records_come_in_the_order_of_the_configs(configure: Configure, runs: Path) -> None:
    configs = [configure(seed=seed, training={"epochs": 2}, slot=slot) for seed in (1, 0) for slot in ("relu", "cna")]
    records = train_and_load([*configs, configs[0]], runs=runs, workers=2, progress=False)
    assert [record.config for record in records] == [*configs, configs[0]]
    assert len(list(runs.glob("*/COMPLETE"))) == 4


def test_runs_that_failed_are_named_and_nothing_is_loaded(
    configure: Configure, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configs = [configure(seed=seed) for seed in (0, 1)]
    failed = Sweep(trained=[configs[0].run_id], failed={configs[1].run_id: "no space left"})
    monkeypatch.setattr(module, "sweep", lambda *args, **options: failed)
    wanted = (
        f"1 of 2 runs failed, the first of them {configs[1].run_id} .dataset karate, .* seed 1.: no space left; the"
    )
    with pytest.raises(CnaVizError, match=wanted):
        train_and_load(configs, runs=runs)


def test_what_can_not_be_trained_is_said_before_anything_is(configure: Configure, runs: Path) -> None:
    with pytest.raises(UsageError, match="workers = 0 is out of range"):
        train_and_load([configure()], runs=runs, workers=0)
    assert not runs.exists()
