"""Grids: what stands in the description is what is run, and what makes no sense is refused in one line."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cna_viz.config import RecordingConfig, RunConfig
from cna_viz.config.fields import flat
from cna_viz.config.vocabulary import PRESETS
from cna_viz.errors import UsageError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.grid_files import find_grid, presets, read


def values(configs: list[RunConfig], *names: str) -> list[tuple[Any, ...]]:
    return [tuple(flat(config)[name] for name in names) for config in configs]


def test_a_grid_of_nothing_is_the_default_run() -> None:
    assert Grid().configs() == [RunConfig()]


def test_axes_are_combined_all_with_all() -> None:
    grid = Grid(fixed={"dataset": "karate"}, axes={"slot": ["relu", "cna"], "seed": [0, 1, 2]})
    wanted = [("karate", slot, seed) for slot in ("relu", "cna") for seed in (0, 1, 2)]
    assert values(grid.configs(), "dataset", "slot", "seed") == wanted


@given(st.lists(st.integers(1, 50), min_size=1, max_size=4, unique=True), st.integers(1, 4))
def test_there_are_as_many_runs_as_the_product_says(layers: list[int], seeds: int) -> None:
    configs = Grid(axes={"layers": layers, "seed": list(range(seeds))}).configs()
    assert len(configs) == len({config.run_id for config in configs}) == len(layers) * seeds


def test_zipped_settings_go_together() -> None:
    grid = Grid(zipped=[{"layers": [2, 32], "lr": [0.01, 0.001]}], axes={"seed": [0, 1]})
    assert set(values(grid.configs(), "layers", "lr")) == {(2, 0.01), (32, 0.001)}
    assert len(grid.configs()) == 4


def test_arms_have_axes_of_their_own_and_outweigh_the_rest() -> None:
    grid = Grid(
        fixed={"slot": "none", "layers": 4}, arms=[{"slot": "relu"}, {"slot": "cna", "clusters": [2, 4], "layers": 3}]
    )
    assert values(grid.configs(), "slot", "clusters", "layers") == [("relu", 8, 4), ("cna", 2, 3), ("cna", 4, 3)]


def test_what_is_excluded_is_left_out() -> None:
    grid = Grid(axes={"slot": ["relu", "cna"], "clusters": [2, 4, 8]}, exclude=[{"slot": "relu", "clusters": [2, 4]}])
    assert values(grid.configs(), "slot", "clusters") == [("relu", 8), ("cna", 2), ("cna", 4), ("cna", 8)]


def test_other_values_replace_fixed_ones_and_axes() -> None:
    grid = Grid(fixed={"dataset": "digits", "layers": 4}, axes={"seed": [0, 1, 2]})
    changed = grid.having({"layers": [2, 8], "seed": [7], "hidden": [16]})
    assert values(changed.configs(), "layers", "seed", "hidden") == [(2, 7, 16), (8, 7, 16)]


@pytest.mark.parametrize(
    ("description", "message"),
    [
        ({"axes": {"slto": ["relu"]}}, "unknown setting of grid 'grid' 'slto'; choices, nearest first: slot"),
        ({"exclude": [{"depth": 2}]}, "unknown setting of grid 'grid' 'depth'"),
        ({"axes": {"slot": []}}, "slot has no values, so there is nothing to run"),
        ({"arms": [{"slot": []}]}, "slot has no values"),
        ({"axes": {"layers": [2, 0]}}, r"layers = 0 is out of range: .* \(in layers 0\)"),
        ({"axes": {"seed": [True]}}, "seed"),
        ({"zipped": [{"layers": [2, 4], "lr": [0.1]}]}, "equally many values, not 2 of layers, 1 of lr"),
        ({"axes": {"slot": ["relu"]}, "exclude": [{"slot": "relu"}]}, "all combinations are excluded"),
        (
            {"axes": {"slot": ["relu"], "clusters": [2, 4]}},
            r"makes the same run twice: .* \(clusters has no effect there\)",
        ),
        ({"arms": [{"slot": "relu"}, {"slot": ["relu", "cna"]}]}, r"makes the same run twice: .* \(the arms overlap\)"),
        ({"axis": {}}, "unknown field of Grid 'axis'; choices, nearest first: axes"),
        ({"axes": {"seed": 3}}, "axes.seed = 3 is not accepted"),
    ],
)
def test_what_makes_no_sense_is_refused(description: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message) as refused:
        Grid.model_validate(description).configs()
    assert "\n" not in str(refused.value)


def test_what_the_arms_compare_cannot_be_set() -> None:
    with pytest.raises(UsageError, match="grid 'ablation' compares values of slot: it can't be set"):
        presets()["ablation"].having({"slot": ["relu"]})


@pytest.mark.parametrize("name", presets())
def test_presets_are_fair(name: str) -> None:
    grid = presets()[name]
    configs = grid.configs()
    assert grid.about.endswith("?")
    assert len({config.run_id for config in configs}) == len(configs)
    by_arm: dict[str, set[int]] = {}
    for config in configs:
        arm = config.replace(seed=0, recording=RecordingConfig()).to_json()
        by_arm.setdefault(arm, set()).add(config.seed)
    assert len({frozenset(seeds) for seeds in by_arm.values()}) == 1  # the same seeds for every arm
    assert len(next(iter(by_arm.values()))) >= (3 if name == "lesson" else 5)  # a lesson shows, a comparison finds
    assert all(config.training.epochs == configs[0].training.epochs for config in configs)


def test_the_ablation_has_the_whole_factorial_and_the_controls() -> None:
    slots = {config.model.slot for config in presets()["ablation"].configs()}
    assert {"relu", "c", "n", "a", "cn", "ca", "na", "cna"} <= slots
    assert {name for name in PRESETS if name.startswith("cna-")} - {"cna-released"} <= slots


def test_the_grid_of_splits_and_components_is_two_by_eight() -> None:
    configs = presets()["split-x-component"].configs()
    assert len({(config.data.split, config.model.slot) for config in configs}) == 16


def test_a_file_is_a_grid_named_like_it(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text("axes: {seed: [0, 1]}\n")
    grid = find_grid(str(path))
    assert grid.name == "mine"
    assert len(grid.configs()) == 2


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("axes: [", "bad.yaml, line 1: not YAML"),
        ("a: b: c", "bad.yaml, line 1: not YAML"),
        ("- 1", "bad.yaml: a grid needs some of the keys"),
        ("", "bad.yaml: a grid needs some of the keys"),
        ("!!python/object:os.system {}", "bad.yaml, line 1: not YAML"),
        ("[" * 5000, "bad.yaml"),
        ("1: 2", "bad.yaml"),
        ("space: {lr: {low: 1e-1, high: 1e-3}}", "bad.yaml: search of lr: low = 0.1 must be less than high = 0.001"),
        ("tuning: {trials: 0, seeds: [1], space: {}}", "bad.yaml: trials = 0 is out of range: it must be at least 1"),
    ],
)
def test_files_that_describe_no_grid(text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        read(text, "bad.yaml")


def test_files_that_are_no_text(tmp_path: Path) -> None:
    path = tmp_path / "x.yaml"
    path.write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(UsageError, match="not a text file in UTF-8"):
        find_grid(str(path))
    path.write_text("#" * 1_000_001)
    with pytest.raises(UsageError, match="too large for a grid"):
        find_grid(str(path))


def test_powers_of_ten_are_numbers() -> None:
    grid = read("fixed: {lr: 1e-4, weight_decay: 5E-04}", "x.yaml")
    assert grid.fixed == {"lr": 0.0001, "weight_decay": 0.0005}
    assert read("about: 1e", "x.yaml").about == "1e"


def test_unknown_names_list_the_grids() -> None:
    with pytest.raises(UsageError, match="unknown grid 'ablaton'; choices, nearest first: ablation"):
        find_grid("ablaton")


def test_a_grid_of_too_many_combinations_is_refused_before_they_are_made() -> None:
    many = list(range(1, 1001))
    with pytest.raises(UsageError, match=r"1,000,000,000 combinations, too many for a grid: at most 20,000"):
        Grid(axes={"layers": many, "hidden": many, "seed": many}).configs()
    with pytest.raises(UsageError, match=r"2,000,000 combinations"):
        Grid(arms=[{"layers": many, "hidden": many}] * 2).configs()


def test_a_seed_of_tuning_that_is_out_of_range_is_said() -> None:
    with pytest.raises(UsageError, match=r"seeds.1 = -1 is out of range: it must be at least 0"):
        read("tuning: {trials: 1, seeds: [0, -1], space: {}}", "grid.yaml")
