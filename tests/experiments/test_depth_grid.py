"""The grid of depths: all arms share all but what they are compared by."""

from pathlib import Path
from typing import Any

import pytest

from cna_viz.analysis.tables.training_end import training_end
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.errors import UsageError
from cna_viz.experiments.grid import depth_grid
from cna_viz.experiments.grid_files import find_grid
from cna_viz.experiments.run import load_or_run, load_or_run_all


def test_one_config_per_depth_slot_and_seed() -> None:
    configs = depth_grid(depths=(2, 8, 4), slots=("relu", "cna", "none"), seeds=(5, 1))
    keys = [(config.model.layers, config.model.slot, config.seed) for config in configs]
    assert keys == [(depth, slot, seed) for depth in (2, 8, 4) for slot in ("relu", "cna", "none") for seed in (5, 1)]
    assert len({config.run_id for config in configs}) == 18


def test_arms_share_everything_else() -> None:
    configs = depth_grid(dataset="karate", split="official-code", hidden=16, clusters=5, epochs=7)
    assert len(configs) == 5 * 2 * 3
    assert len({config.data for config in configs}) == len({config.training for config in configs}) == 1
    assert configs[0].data.dataset == "karate"
    assert configs[0].data.split == "official-code"
    assert configs[0].data.split_seed is None
    assert configs[0].training.epochs == 7
    assert len({config.model.replace(layers=2, slot="relu") for config in configs}) == 1
    assert configs[0].model.hidden == 16
    assert {config.model.clusters for config in configs if config.model.slot == "cna"} == {5}
    seeds: dict[tuple[int, str], set[int]] = {}
    for config in configs:
        seeds.setdefault((config.model.layers, config.model.slot), set()).add(config.seed)
        assert config.split_seed == config.seed
    assert set(map(frozenset, seeds.values())) == {frozenset({0, 1, 2})}


def test_much_is_recorded_only_of_the_deepest_of_the_first_seed() -> None:
    for config in depth_grid(depths=(2, 8, 4), seeds=(5, 1), epochs=30):
        shown = config.model.layers == 8 and config.seed == 5
        assert (config.recording.every, config.recording.snapshots) == ((1, "ends") if shown else (30, "none"))


def test_no_epochs() -> None:
    assert all(config.recording.every == 1 for config in depth_grid(epochs=0))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"dataset": "coar"}, "unknown dataset 'coar'; choices, nearest first: cora,"),
        ({"split": "random"}, "unknown split protocol 'random'"),
        ({"slots": ("relu", "cnna")}, "unknown slot 'cnna'; choices, nearest first: cna,"),
        ({"depths": (2, 0)}, "layers = 0 is out of range: it must be at least 1"),
        ({"depths": (2.0,)}, "layers = 2.0 is not accepted"),
        ({"seeds": (0, -1)}, "seed = -1 is out of range"),
        ({"hidden": 0}, "hidden = 0 is out of range"),
        ({"clusters": 0}, "clusters = 0 is out of range"),
        ({"epochs": -1}, "epochs = -1 is out of range"),
    ],
)
def test_bad_input(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        depth_grid(**changes)


@pytest.mark.parametrize("name", ["depths", "slots", "seeds"])
def test_nothing_to_vary_gives_nothing(name: str) -> None:
    assert depth_grid(**{name: ()}) == []  # type: ignore[arg-type]


def test_grid_runs(runs: Any) -> None:
    configs: list[RunConfig] = depth_grid(
        dataset="karate", depths=(1, 3), slots=("relu", "cna"), seeds=(0, 1), hidden=4, clusters=3, epochs=3
    )
    records = load_or_run_all(configs, runs=runs, progress=False)
    assert [record.config for record in records] == configs
    for seed in (0, 1):
        splits = {record.graph["split_of_node"].values.tobytes() for record in records if record.config.seed == seed}
        assert len(splits) == 1
    assert all(
        bool(record.metrics["mad"].sel(epoch=record.best_epoch, stage="conv").notnull().all()) for record in records
    )


def test_no_study_of_depth_stops_early() -> None:
    assert {config.training.patience for config in depth_grid()} == {None}
    assert {config.training.patience for config in find_grid("depth").configs()} == {None}


def test_a_deep_network_that_starts_slowly_is_not_cut(runs: Path) -> None:
    """For a hundred epochs it guesses, while its validation loss falls by little."""
    config = RunConfig(
        model=ModelConfig(slot="relu", layers=16),
        training=TrainingConfig(lr=1e-4, epochs=160),
        recording=RecordingConfig(every=160, snapshots="none"),
    )
    record = load_or_run(config, runs=runs, progress=False)
    accuracy = record.metrics["accuracy"].sel(split="val")
    assert record.summary["epochs"] == 160
    assert float(accuracy.sel(epoch=slice(0, 100)).max()) < 0.2
    assert record.score() > 0.4
    assert training_end(record) == "unfinished"
