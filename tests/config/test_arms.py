"""Arms: what is left of a config without seeds and recording, and which of its settings do something."""

import pytest

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.config.arms import SEEDS, SILENT, active_settings, arm_of, inactive
from cna_viz.config.fields import settings


def model(**values: object) -> RunConfig:
    return RunConfig(model=ModelConfig.model_validate({"layers": 4, **values}))


def test_runs_that_differ_in_seeds_and_recording_are_one_arm() -> None:
    one = RunConfig(data=DataConfig(split_seed=4), recording=RecordingConfig(every=7, snapshots="none"), seed=3)
    assert arm_of(one) == arm_of(RunConfig())
    assert arm_of(one.replace(model=ModelConfig(layers=3))) != arm_of(one)


def test_an_arm_is_its_own_arm() -> None:
    one = arm_of(model(slot="cna", clusters=3).replace(seed=9))
    assert arm_of(one) == one


def test_silent_settings_are_settings() -> None:
    assert set(settings()) >= SILENT > set(SEEDS)


@pytest.mark.parametrize(
    ("config", "name", "has_effect"),
    [
        (model(slot="cna"), "clusters", True),
        (model(slot="diffgroupnorm"), "clusters", True),
        (model(slot="relu"), "clusters", False),
        (model(slot="cna-labels"), "clusters", False),
        (model(slot="cna", layers=2), "clusters", True),
        (model(slot="cna", layers=1), "clusters", False),
        (model(slot="a"), "lr_activation", True),
        (model(slot="cna", activation="relu"), "lr_activation", False),
        (model(slot="relu"), "lr_activation", False),
        (model(slot="cna"), "recluster_every", True),
        (model(slot="cna", schedule="running"), "recluster_every", False),
        (model(slot="cna-random"), "recluster_every", False),
        (model(backbone="mlp"), "drop_edge", False),
        (model(), "drop_edge", True),
        (RunConfig(training=TrainingConfig(batch_size=4)), "neighbors", True),
        (RunConfig(), "neighbors", False),
        (RunConfig(), "csbm_homophily", False),
        (RunConfig(data=DataConfig(dataset="csbm")), "csbm_homophily", True),
        (RunConfig(), "lr", True),
    ],
)
def test_what_has_an_effect(config: RunConfig, name: str, has_effect: bool) -> None:
    assert (name not in inactive(config)) is has_effect
    assert (name in active_settings(config)) is has_effect


def test_nothing_is_sampled_or_clustered_anew_where_it_can_not_be() -> None:
    graphs = RunConfig(
        data=DataConfig(dataset="motifs"),
        model=ModelConfig(slot="cna", layers=3),
        training=TrainingConfig(batch_size=4),
    )
    assert {"neighbors", "recluster_every"} <= inactive(graphs)
    assert "readout" not in inactive(graphs)
    one = graphs.replace(data=DataConfig(dataset="karate"))
    assert "neighbors" not in inactive(one)
    assert "recluster_every" in inactive(one)  # with mini-batches k-means runs along
    assert "neighbors" in inactive(one.replace(model=one.model.replace(backbone="mlp")))
    assert "recluster_every" not in inactive(one.replace(training=TrainingConfig()))
