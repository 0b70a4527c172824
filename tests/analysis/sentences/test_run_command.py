"""The command that trains a run: read by the command line it gives the same run."""

import shlex

import pytest

from cna_viz.analysis.sentences.run_command import run_command
from cna_viz.cli.parser import Parser, add_config_options, read_config
from cna_viz.config import (
    CSBMConfig,
    DataConfig,
    ModelConfig,
    RecordingConfig,
    RunConfig,
    TrainingConfig,
    WatchedConfig,
)
from cna_viz.errors import UsageError

CONFIGS = {
    "default": RunConfig(),
    "csbm": RunConfig(data=DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=180, homophily=0.25)), seed=3),
    "factors": RunConfig(model=ModelConfig(slot="cna", layers=16, clusters=5, assignment="random", activation="relu")),
    "words": RunConfig(
        model=ModelConfig(slot="relu", residual=True),
        recording=RecordingConfig(measures="mad,rayleigh", snapshots="ends"),
        training=TrainingConfig(lr=1e-5, batch_size=32),
    ),
    "published split": RunConfig(data=DataConfig(dataset="cora", split="geom-gcn", split_seed=4)),
}


@pytest.mark.parametrize("name", sorted(CONFIGS))
def test_the_command_line_reads_the_same_run(name: str) -> None:
    program, command, *words = shlex.split(run_command(CONFIGS[name]))
    assert (program, command) == ("cna-viz", "run")
    parser = Parser("run", "", ())
    add_config_options(parser)
    assert read_config(parser.parse(words)) == CONFIGS[name]


def test_what_is_default_is_left_out() -> None:
    assert run_command(RunConfig()) == "cna-viz run"
    assert run_command(CONFIGS["csbm"]).split() == [
        *("cna-viz", "run", "--dataset", "csbm", "--csbm-nodes", "180", "--csbm-homophily", "0.25", "--seed", "3")
    ]


def test_a_folder_is_quoted() -> None:
    assert run_command(RunConfig(), "my runs") == "cna-viz run --runs 'my runs'"


def test_a_watched_network_can_not_be_trained_so() -> None:
    watched = WatchedConfig(name="theirs", model="GAT", dataset="own", layers=2, key="0")
    with pytest.raises(UsageError, match="was watched"):
        run_command(RunConfig(watched=watched))
