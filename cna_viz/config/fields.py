"""The settings of a run by the flat names that users type, on the command line and in grids."""

import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cna_viz.config import vocabulary
from cna_viz.config.run import RunConfig

_PREFIXED: Final = {"csbm", "watched", "own"}
"""Optional parts of a config; the flat names of their fields begin with the name of the part."""

_UNUSED: Final = {"data", "model", "training"}
"""Parts of a config that say nothing of a watched network."""


@dataclass(frozen=True)
class Setting:
    """A field of :class:`~cna_viz.config.RunConfig`: the names that lead to it, its definition and its type."""

    path: tuple[str, ...]
    field: FieldInfo
    type: type

    @property
    def name(self) -> str:
        """The flat name: that of the field, after that of its part where it would clash (``csbm_homophily``)."""
        parts = self.path[-2:] if len(self.path) > 1 and self.path[-2] in _PREFIXED else self.path[-1:]
        return "_".join(parts)

    @property
    def option(self) -> str:
        """The option of the command line."""
        return "--" + self.name.replace("_", "-")

    @property
    def can_be_none(self) -> bool:
        """Whether None is a choice and not the default: typed as ``none``."""
        return type(None) in get_args(self.field.annotation) and self.field.default is not None

    def of(self, config: RunConfig) -> Any:
        """Return the value in a config; None where the config lacks its part."""
        value: Any = config
        for step in self.path:
            value = getattr(value, step, None)
        return value


@lru_cache(maxsize=1)
def config_fields() -> Mapping[str, Setting]:
    """Return all fields by flat name, in the order of the config."""
    return {setting.name: setting for setting in _walk(RunConfig, ())}


@lru_cache(maxsize=1)
def settings() -> Mapping[str, Setting]:
    """Return the fields that users set: all but those that describe a watched network or a graph of their own."""
    return {name: found for name, found in config_fields().items() if not {"watched", "own"} & {*found.path[:-1]}}


def field_value(config: RunConfig, name: str) -> Any:
    """Return the value that a field takes in a run, also where it follows the slot (factors) or the run's seed.

    None where the config lacks its part, and for settings of a watched network and its training, which are unknown.
    """
    derived = {"split_seed": config.split_seed, **config.facts} if config.watched is None else config.facts
    if name in derived:
        return derived[name]
    if config.watched is not None and config_fields()[name].path[0] in _UNUSED:
        return None
    if name in vocabulary.FACTORS:
        return config.model.factors.get(name)
    return config_fields()[name].of(config)


def known_settings(config: RunConfig) -> dict[str, Any]:
    """Return the config as JSON values: of a watched network what is known, its seed if stated."""
    values = config.model_dump(mode="json")
    if config.watched is None:
        return values
    stated = {name: getattr(config.watched, name) for name in type(config.watched).model_fields}
    return {"watched": stated, "recording": values["recording"], "seed": config.stated_seed}


def nested(values: Mapping[str, Any]) -> dict[str, Any]:
    """Turn values by flat name into the nested values of a :class:`~cna_viz.config.RunConfig`."""
    data: dict[str, Any] = {}
    for name, value in values.items():
        *parents, field = settings()[name].path
        part = data
        for parent in parents:
            part = part.setdefault(parent, {})
        part[field] = value
    return data


def run_config(values: Mapping[str, Any]) -> RunConfig:
    """Return the run with these values by flat name, without warnings: one arm may need what another ignores."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return RunConfig.model_validate(nested(values))


def flat(config: RunConfig) -> dict[str, Any]:
    """Return the values of a config by flat name, without those of parts that it lacks or that are left out."""
    values = {name: setting.of(config) for name, setting in settings().items()}
    return {name: value for name, value in values.items() if value is not None or settings()[name].can_be_none}


def _walk(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[Setting]:
    for name, field in model.model_fields.items():
        annotation = _plain(field.annotation)
        if issubclass(annotation, BaseModel):
            yield from _walk(annotation, (*path, name))
        else:
            yield Setting((*path, name), field, annotation)


def _plain(annotation: Any) -> type:
    """Return the class behind an annotation, that is X of ``X | None`` and str of a Literal of words."""
    if isinstance(annotation, type):
        return annotation
    first = next(argument for argument in get_args(annotation) if argument is not type(None))
    return type(first) if get_origin(annotation) is Literal else _plain(first)
