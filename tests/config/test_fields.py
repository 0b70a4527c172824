"""Settings: every field of a config has one flat name, there and back."""

import pytest

from cna_viz.config import CSBMConfig, DataConfig, ModelConfig, RunConfig
from cna_viz.config.fields import flat, nested, run_config, settings
from cna_viz.errors import UsageError


def test_names_are_those_of_the_fields_and_of_csbm_behind_its_own() -> None:
    assert {"dataset", "slot", "layers", "lr", "every", "seed", "csbm_nodes", "csbm_seed"} <= set(settings())
    assert all(setting.name == name for name, setting in settings().items())
    assert not any(name.startswith("watched") for name in settings())


def test_no_two_settings_share_a_name() -> None:
    assert len({setting.path for setting in settings().values()}) == len(settings())


@pytest.mark.parametrize(
    "config",
    [
        RunConfig(),
        RunConfig(model=ModelConfig(slot="cna", layers=7, clusters=3), seed=4),
        RunConfig(data=DataConfig(dataset="csbm", csbm=CSBMConfig(homophily=0.2))),
    ],
)
def test_flat_values_make_the_same_config(config: RunConfig) -> None:
    assert RunConfig.model_validate(nested(flat(config))) == config


def test_parts_that_a_config_lacks_have_no_values() -> None:
    assert not any(name.startswith("csbm") for name in flat(RunConfig()))


def test_runs_are_made_from_flat_values_without_a_word_on_idle_ones(recwarn: pytest.WarningsRecorder) -> None:
    config = run_config({"slot": "na", "clusters": 14, "layers": 7, "csbm_nodes": 50, "dataset": "csbm", "seed": 4})
    assert (config.slot, config.layers, config.seed) == ("na", 7, 4)
    assert config.data.csbm is not None
    assert config.data.csbm.nodes == 50
    assert not recwarn.list
    with pytest.raises(UsageError, match="layers = 0 is out of range"):
        run_config({"layers": 0})
