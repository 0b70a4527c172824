"""Every arm of a comparison says whether and how it was tuned, by the name it has in the table."""

from collections.abc import Callable

from cna_viz.analysis.sentences.tuning_notes import tuning_notes
from cna_viz.analysis.tables.comparison import arm_names, paired_table
from cna_viz.config import ModelConfig, RunConfig, TrainingConfig
from cna_viz.config.tuning import TunedArm, Tuning
from cna_viz.records.record import Record

Make = Callable[..., Record]


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
        "cna": f"{how} 0.01 (as before: no other was better)",
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
