"""Whether runs had time enough."""

import dataclasses
import shlex
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from cna_viz.analysis.sentences.training_notes import run_command, tuning_notes, unfinished_findings
from cna_viz.analysis.tables.comparison import arm_names, paired_table
from cna_viz.analysis.tables.training_end import training_end
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
from cna_viz.config.tuning import TunedArm, Tuning
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Make = Callable[..., Record]


def losing(record: Record, *epochs: int) -> Record:
    """Return the run with its best validation score and its lowest validation loss at these epochs."""
    for name, epoch, sign in zip(("accuracy", "loss"), epochs, (1, -1), strict=True):
        values = record.metrics[name].loc[{"split": "val"}]
        values[:] = -sign
        values.loc[{"epoch": epoch}] = sign
    return record


def ended(make: Make, slot: str = "relu", score: int = 3, loss: int = 3, seed: int = 0, **more: Any) -> Record:
    """Return a run of 20 epochs of 20 with its best score and its lowest loss at these epochs."""
    record = make(slot, seed=seed, epochs=20, **{"best_epoch": score, **more})
    training = record.config.training.replace(epochs=20)
    return losing(dataclasses.replace(record, config=record.config.replace(training=training)), score, loss)


def allowed(record: Record, epochs: int) -> Record:
    return dataclasses.replace(
        record, config=record.config.replace(training=record.config.training.replace(epochs=epochs))
    )


@pytest.mark.parametrize(
    ("score", "loss", "end"),
    [(3, 3, "finished"), (18, 18, "finished"), (19, 3, "unfinished"), (3, 19, "unfinished"), (20, 20, "unfinished")],
)
def test_a_run_is_unfinished_where_score_or_loss_still_improved(make: Make, score: int, loss: int, end: str) -> None:
    assert training_end(ended(make, score=score, loss=loss)) == end


def test_other_ends(make: Make) -> None:
    stopped = allowed(ended(make, score=3, loss=20), 200)
    assert training_end(stopped) == "unfinished"  # whose loss fell at its stop
    assert training_end(make(status="diverged", accuracy={})) == "diverged"
    assert training_end(allowed(make(epochs=0), 0)) == "untrained"


def test_a_score_that_was_never_defined_is_no_improvement(make: Make) -> None:
    record = ended(make)
    record.metrics["accuracy"].loc[{"split": "val"}] = np.nan
    assert training_end(record) == "finished"


MORE = "a comparison of unfinished runs is also one of how fast they learn; more `epochs` give them the time"
LATE = "unfinished: the validation score or loss still improved in the last 5 % of the epochs:"


@pytest.mark.parametrize(
    ("ends", "diverged", "untrained", "sentences"),
    [
        ((3,), 0, 0, ["the run was not still improving at its end, in validation score or loss"]),
        ((3, 3), 0, 0, ["none of 2 runs was still improving at its end, in validation score or loss"]),
        (
            (3,),
            1,
            0,
            ["the run was not still improving at its end, in validation score or loss", "not counted: 1 run diverged"],
        ),
        ((20,), 0, 0, [f"1 of 1 run is {LATE} relu (1 of 1)", MORE]),
        ((20, 3, 19), 0, 0, [f"2 of 3 runs are {LATE} relu (2 of 3)", MORE]),
        (
            (20,),
            2,
            1,
            [f"1 of 1 run is {LATE} relu (1 of 1)", "not counted: 2 runs diverged and 1 run had no epoch", MORE],
        ),
        ((), 2, 0, ["whether more epochs would help is known of no run: 2 runs diverged"]),
    ],
)
def test_what_is_said_of_unfinished_runs(
    make: Make, ends: tuple[int, ...], diverged: int, untrained: int, sentences: list[str]
) -> None:
    records = [ended(make, loss=end, seed=seed) for seed, end in enumerate(ends)]
    records += [make("cna", seed=seed, status="diverged", accuracy={}) for seed in range(diverged)]
    records += [allowed(make(seed=seed, epochs=0), 0) for seed in range(untrained)]
    assert unfinished_findings(records) == sentences


def test_slots_beyond_five_are_counted(make: Make) -> None:
    slots = ("relu", "cna", "none", "c", "n", "a", "cn")
    text, *_ = unfinished_findings([ended(make, slot, loss=20) for slot in slots])
    assert text.endswith(" and 2 other slots")


def test_no_runs_are_refused() -> None:
    with pytest.raises(UsageError, match="no runs to report on"):
        unfinished_findings([])


def run(slot: str, lr: float = 0.01, seed: int = 0) -> RunConfig:
    return RunConfig(model=ModelConfig(slot=slot, layers=3), training=TrainingConfig(lr=lr), seed=seed)


def tuned(slot: str, lr: float, trial: int = 2) -> TunedArm:
    arm = {"slot": slot, "layers": 3}
    return TunedArm(arm=arm, chosen={"lr": lr}, metric="accuracy", trial=trial, untuned=0.4, tuned=0.5)


def tuning(*arms: TunedArm) -> Tuning:
    space = {"lr": {"low": 0.001, "high": 1.0}}
    return Tuning.model_validate({"trials": 20, "seeds": [7, 8], "space": space, "arms": list(arms)})


def test_without_a_tuning_no_arm_was_tuned() -> None:
    assert tuning_notes([run("relu"), run("cna")]) == {"relu": "not tuned", "cna": "not tuned"}


def test_tuned_arms_keep_their_names_and_say_how_they_were_tuned() -> None:
    configs = [run(slot, lr, seed) for slot, lr in (("relu", 0.5), ("cna", 0.01)) for seed in (0, 1)]
    how = "tuned: 20 trials of lr on validation accuracy with seeds 7, 8: lr"
    assert tuning_notes(configs, tuning(tuned("relu", 0.5), tuned("cna", 0.01, trial=0))) == {
        "relu": f"{how} 0.5",
        "cna": f"{how} 0.01 (the default: no trial was better)",
    }


def test_an_arm_that_was_changed_since_is_not_called_tuned() -> None:
    changed = run("cna", 0.5).replace(training=TrainingConfig(lr=0.5, epochs=7))
    notes = tuning_notes([run("relu", 0.5), changed], tuning(tuned("relu", 0.5), tuned("cna", 0.5)))
    assert sorted(note[:10] for note in notes.values()) == ["not tuned:", "tuned: 20 "]
    assert "its settings are not those that the tuning chose" in str(notes)


def test_an_arm_that_is_there_tuned_and_as_it_was_is_two_arms() -> None:
    configs, how = [run("cna"), run("cna", 0.5), run("relu")], tuning(tuned("cna", 0.5))
    names = arm_names(configs, how)
    assert [names[config.run_id] for config in configs] == ["cna", "cna, tuned", "relu"]
    notes = tuning_notes(configs, how)
    assert list(notes) == ["cna", "cna, tuned", "relu"]
    assert notes["cna"].startswith("not tuned")
    assert notes["cna, tuned"].startswith("tuned: ")


def test_the_table_has_the_same_names(make: Make) -> None:
    records = [make(slot, seed=seed) for slot in ("relu", "cna") for seed in (0, 1)]
    arms = []
    for slot, lr in (("relu", 0.5), ("cna", 0.2)):
        for record in (one for one in records if one.config.slot == slot):
            before = record.config
            vars(record)["config"] = before.replace(training=before.training.replace(lr=lr))
        values = {"slot": slot, "layers": before.layers, "hidden": before.model.hidden, "clusters": 3}
        arms.append(TunedArm(arm=values, chosen={"lr": lr}, metric="accuracy", trial=1, tuned=0.5))
    how = tuning(*arms)
    table = paired_table(records, tuning=how)
    assert list(table.columns) == ["relu", "cna"] == list(tuning_notes([one.config for one in records], how))
    assert list(paired_table(records).columns) == ["relu, lr 0.5", "cna, lr 0.2"]


CONFIGS = {
    "default": RunConfig(),
    "csbm": RunConfig(data=DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=180, homophily=0.25)), seed=3),
    "factors": RunConfig(model=ModelConfig(slot="cna", layers=16, clusters=5, assignment="random", activation="relu")),
    "words": RunConfig(
        model=ModelConfig(slot="relu", residual=True),
        recording=RecordingConfig(measures="mad,rayleigh", snapshots="ends"),
        training=TrainingConfig(lr=1e-5, batch_size=32),
    ),
    "none": RunConfig(
        data=DataConfig(dataset="karate", features="row-normalized"), training=TrainingConfig(patience=None)
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
