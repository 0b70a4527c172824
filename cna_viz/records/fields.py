"""The fields of a config by name, wherever they are in it."""

from collections.abc import Iterator
from functools import cache
from typing import Any, TypeGuard, get_args

from pydantic import BaseModel

from cna_viz.config import RunConfig, vocabulary


@cache
def config_fields() -> dict[str, tuple[str, ...]]:
    """Return the way to every field; those of a part that not every config has bear its name, as in ``csbm_nodes``."""
    return dict(_leaves(RunConfig, (), ""))


def _leaves(model: type[BaseModel], path: tuple[str, ...], prefix: str) -> Iterator[tuple[str, tuple[str, ...]]]:
    for name, field in model.model_fields.items():
        optional = [part for part in get_args(field.annotation) if _is_part(part)]
        part = field.annotation if _is_part(field.annotation) else next(iter(optional), None)
        if part is None:
            yield prefix + name, (*path, name)
        else:
            yield from _leaves(part, (*path, name), f"{name}_" if optional else "")


def _is_part(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def field_value(config: RunConfig, name: str) -> Any:
    """Return the value a field has in effect, also where it is left to the slot (factors) or to the run's seed."""
    effective = {"split_seed": config.split_seed, **config.facts}
    if name in effective:
        return effective[name]
    if name in vocabulary.FACTORS:
        return config.model.factors.get(name)
    value: Any = config
    for part in config_fields()[name]:
        value = getattr(value, part, None)
    return value
