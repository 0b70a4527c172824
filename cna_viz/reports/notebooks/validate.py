"""Whether the values of a report mean something: well-known parameters are held against the config before a cell runs.

The config is the one truth about ranges and names, so a report refuses ``depths = 0`` with the words of ``layers = 0``.
"""

from collections.abc import Mapping
from typing import Final

from cna_viz.config import Config, DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.errors import UsageError

FIELDS: Final[Mapping[str, tuple[type[Config], str]]] = {
    "dataset": (DataConfig, "dataset"),
    "datasets": (DataConfig, "dataset"),
    "split": (DataConfig, "split"),
    "split_seed": (DataConfig, "split_seed"),
    "backbone": (ModelConfig, "backbone"),
    "backbones": (ModelConfig, "backbone"),
    "slot": (ModelConfig, "slot"),
    "slots": (ModelConfig, "slot"),
    "layers": (ModelConfig, "layers"),
    "depth": (ModelConfig, "layers"),
    "depths": (ModelConfig, "layers"),
    "hidden": (ModelConfig, "hidden"),
    "clusters": (ModelConfig, "clusters"),
    "dropout": (ModelConfig, "dropout"),
    "epochs": (TrainingConfig, "epochs"),
    "lr": (TrainingConfig, "lr"),
    "lr_activation": (TrainingConfig, "lr_activation"),
    "weight_decay": (TrainingConfig, "weight_decay"),
    "patience": (TrainingConfig, "patience"),
    "every": (RecordingConfig, "every"),
    "precision": (RecordingConfig, "precision"),
    "seed": (RunConfig, "seed"),
    "seeds": (RunConfig, "seed"),
}
"""Parameter name to the config and the field that bound its value (of a list: each of its values)."""


def check(values: Mapping[str, object]) -> None:
    """Refuse values that no run could have.

    Args:
        values: All parameters of a report, defaults included.

    Raises:
        UsageError: A value is out of range or no known name, a list that must not be empty is, or the dataset lacks the
            split; the message is the config's own.
    """
    for name, value in values.items():
        if name in FIELDS and value is not None:
            _check_field(name, value)
    if "dataset" in values and "split" in values:
        _check_split(values)


def _check_field(name: str, value: object) -> None:
    config, field = FIELDS[name]
    each = value if isinstance(value, list) else [value]
    if not each:
        raise UsageError(f"parameter {name} is empty: it needs at least one value")
    for item in each:
        try:
            config.model_validate({field: item})
        except UsageError as error:
            raise UsageError(str(error) if name == field else f"parameter {name}: {error}") from None


def _check_split(values: Mapping[str, object]) -> None:
    from cna_viz.data import catalog  # beside the config, the only other room that is asked

    given = {field: values[field] for field in ("dataset", "split", "split_seed") if values.get(field) is not None}
    catalog.check(DataConfig.model_validate(given))
