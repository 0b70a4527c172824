"""Settings: every field of a config has one flat name, there and back."""

import pytest

from cna_viz.config import CSBMConfig, DataConfig, ModelConfig, RunConfig
from cna_viz.settings import flat, nested, settings


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
