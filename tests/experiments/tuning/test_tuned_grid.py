"""The grid that a tuning writes makes the runs of the grid that was tuned, with what was chosen."""

from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import RunConfig
from cna_viz.config.arms import arm_of
from cna_viz.config.fields import nested
from cna_viz.config.tuning import TunedArm, Tuning
from cna_viz.errors import UsageError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.grid_files import find_grid, presets
from cna_viz.experiments.tuning.tuned_grid import described, file_of, tuned_grid, write_grid

LR = {"low": 0.001, "high": 1.0}


def written(grid: Grid, folder: Path) -> Grid:
    """Return the grid, tuned: lr 0.5 for all arms; written and read again."""
    runs: dict[str, list[RunConfig]] = {}
    for config in grid.configs():
        runs.setdefault(arm_of(config).run_id, []).append(config)
    arms = [
        TunedArm(arm=described(arm_of(own[0])), chosen={"lr": 0.5}, metric="accuracy", trial=1, tuned=0.5)
        for own in runs.values()
    ]
    tuning = Tuning.model_validate({"trials": 2, "seeds": [99], "space": {"lr": LR}, "arms": arms})
    path = file_of(grid.name, folder)
    result = tuned_grid(grid, runs, tuning)
    write_grid(result, path)
    assert find_grid(str(path)) == result
    return result


@pytest.mark.parametrize("kind", ["edited", "link", "dangling link", "of somebody else"])
def test_a_file_that_is_not_as_a_tuning_wrote_it_is_not_replaced(tmp_path: Path, kind: str) -> None:
    grid, path = Grid(name="g", axes={"slot": ["relu", "cna"]}), tmp_path / "g.yaml"
    written(grid, tmp_path)
    written(grid, tmp_path)  # one that is, is
    if kind == "edited":
        path.write_text(path.read_text() + "# my notes\n")
    elif kind == "of somebody else":
        path.write_text("name: mine\n")
    else:
        path.rename(tmp_path / "mine.yaml")
        path.symlink_to(tmp_path / ("mine.yaml" if kind == "link" else "nowhere"))
    before = (path.is_symlink(), path.exists() and path.read_text())
    with pytest.raises(UsageError, match=r"g\.yaml (was|is) .* and would be replaced; move it away"):
        written(grid, tmp_path)
    assert (path.is_symlink(), path.exists() and path.read_text()) == before


GRIDS: dict[str, dict[str, Any]] = {
    "one seed": {"axes": {"slot": ["relu", "cna"]}},
    "factors": {"axes": {"slot": ["cna"], "activation": ["relu", "rational"], "metric": ["cosine", "euclidean"]}},
    "csbm": {"fixed": {"dataset": "csbm", "csbm_nodes": 50}, "axes": {"csbm_homophily": [0.1, 0.9], "seed": [0, 1]}},
    "splits": {"axes": {"slot": ["relu", "none"], "split_seed": [3, 4], "seed": [0, 1]}},
    "other seeds for an arm": {"arms": [{"slot": "relu", "seed": [0, 1]}, {"slot": "none", "seed": [2], "every": 7}]},
    "recording": {
        "fixed": {"measures": "mad,rayleigh", "snapshots": "none"},
        "axes": {"seed": [0, 1], "every": [3, 4]},
    },
    "batches": {"fixed": {"batch_size": 8}, "axes": {"neighbors": [2, 3], "residual": [True, False]}},
    "excluded": {
        "axes": {"slot": ["relu", "none"], "seed": [0, 1, 2]},
        "exclude": [{"slot": "none", "seed": [1, 2]}],
    },
    "zipped": {"zipped": [{"hidden": [8, 16], "layers": [2, 3]}], "axes": {"seed": [4, 6]}},
}


def lr_apart(configs: list[RunConfig]) -> set[str]:
    return {config.replace(training=config.training.replace(lr=0.5)).to_json() for config in configs}


@pytest.mark.parametrize("name", GRIDS)
def test_runs_are_the_same_apart_from_what_was_chosen(name: str, tmp_path: Path) -> None:
    grid = Grid.model_validate({"name": name, "about": "why?", **GRIDS[name]})
    result = written(grid, tmp_path)
    assert {config.to_json() for config in result.configs()} == lr_apart(grid.configs())
    assert (result.name, result.about) == (name, "why?")


def test_presets_too(tmp_path: Path) -> None:
    for name, grid in presets().items():
        assert {one.to_json() for one in written(grid, tmp_path / name).configs()} == lr_apart(grid.configs())


def test_seeds_are_an_axis_where_all_arms_have_the_same(tmp_path: Path) -> None:
    result = written(Grid.model_validate({"axes": {"slot": ["relu", "none"], "seed": [0, 1]}}), tmp_path)
    assert result.axes == {"seed": [0, 1]}
    assert result.arms == [{"slot": "relu", "lr": 0.5}, {"slot": "none", "lr": 0.5}]
    assert len(result.having({"seed": [0, 1, 2]}).configs()) == 6
    assert len(result.having({"seed": [0], "snapshots": ["ends"]}).configs()) == 2
    with pytest.raises(UsageError, match="was tuned with its own layers, and its arms would not be tuned"):
        result.having({"layers": [7]})


def test_an_arm_is_described_so_that_it_can_be_made_again() -> None:
    for grid in presets().values():
        for arm in {arm_of(config).run_id: arm_of(config) for config in grid.configs()}.values():
            assert RunConfig.model_validate(nested(described(arm))) == arm


@pytest.mark.parametrize(
    ("name", "file"), [("a b/c", "a-b-c.yaml"), ("../../etc", "etc.yaml"), ("...", "grid.yaml"), ("v1.2", "v1.2.yaml")]
)
def test_names_of_files_stay_in_their_folder(name: str, file: str, tmp_path: Path) -> None:
    assert file_of(name, tmp_path) == tmp_path / file
