"""Checks the parameters that are settings of a run against the config, before a cell runs.

So a report refuses ``depths = 0`` with the config's message for ``layers = 0``.
"""

from collections.abc import Mapping
from typing import Final

from cna_viz.config import Config, DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.errors import UsageError

_OF_RUNS: Final[Mapping[str, type[Config]]] = {
    **{
        field: part
        for part in (DataConfig, ModelConfig, TrainingConfig, RecordingConfig)
        for field in part.model_fields
    },
    "seed": RunConfig,
}
"""The config that bounds each setting of a run."""


def check(values: Mapping[str, object]) -> None:
    """Refuse values of a report's parameters that no run could have.

    Raises:
        UsageError: A setting is out of range, an unknown name or an empty list, or the dataset lacks the split; the
            message is the config's own.
    """
    for name, value in values.items():
        field = setting(name)
        if not field or value is None:
            continue
        if value == []:
            raise UsageError(f"parameter {name} is empty: it needs at least one value")
        for item in value if isinstance(value, list) else [value]:
            try:
                _OF_RUNS[field].model_validate({field: item})
            except UsageError as error:
                raise UsageError(str(error) if name == field else f"parameter {name}: {error}") from None
    if "dataset" in values and "split" in values:
        from cna_viz.data import catalog

        given = {field: values[field] for field in ("dataset", "split", "split_seed") if values.get(field) is not None}
        catalog.check(DataConfig.model_validate(given))


def setting(name: str) -> str:
    """Return the setting whose value, or values (``seeds``), a parameter gives; empty where it gives none."""
    names = (name, name.removesuffix("s"), {"depth": "layers", "depths": "layers"}.get(name, ""))
    return next((field for field in names if field in _OF_RUNS), "")
