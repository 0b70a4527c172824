"""Options made from the config, so that the config remains the one truth about names, defaults and meanings."""

import argparse
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from cna_viz.config import RunConfig
from cna_viz.errors import UsageError

_PREFIXED: Final = {"csbm"}
"""Parts whose field names would clash with others and so carry the name of their part."""

_SKIPPED: Final = {"watched"}
"""Parts that describe what other people's programs trained."""

_WORDS: Final = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
_BOOLEANS: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class _Option:
    path: tuple[str, ...]
    field: FieldInfo
    type: type

    @property
    def flag(self) -> str:
        parts = self.path[-2:] if len(self.path) > 1 and self.path[-2] in _PREFIXED else self.path[-1:]
        return "--" + "-".join(parts).replace("_", "-")

    @property
    def help(self) -> str:
        default = self.field.get_default()
        words = ", ".join(default) if isinstance(default, tuple) else default
        shown = "" if default is None else f" (default {words})"
        return f"{self.field.description or 'Seed of the run.'}{shown}".replace("%", "%%")


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for every field of :class:`~cna_viz.config.RunConfig`."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for option in _options(RunConfig, ()):
        title = " ".join(option.path[:-1]) or "run"
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        groups[title].add_argument(
            option.flag,
            dest=".".join(("config", *option.path)),
            type=_converter(option),
            metavar=option.type.__name__.upper(),
            help=option.help,
        )


def read_config(namespace: argparse.Namespace) -> RunConfig:
    """Build the config from the options that were given.

    Raises:
        UsageError: When a name is unknown or a value out of range.
    """
    values: dict[str, Any] = {}
    for name, value in vars(namespace).items():
        first, *parents, field = name.split(".") if "." in name else (name, "")
        if first == "config":
            part = values
            for parent in parents:
                part = part.setdefault(parent, {})
            part[field] = value
    return RunConfig.model_validate(values)


def _options(model: type[BaseModel], path: tuple[str, ...]) -> Iterator[_Option]:
    for name, field in model.model_fields.items():
        if name in _SKIPPED:
            continue
        annotation = _plain(field.annotation)
        if issubclass(annotation, BaseModel):
            yield from _options(annotation, (*path, name))
        else:
            yield _Option((*path, name), field, annotation)


def _plain(annotation: Any) -> type:
    """Return the class behind an annotation, that is X of ``X | None`` and str of a Literal of words."""
    if isinstance(annotation, type):
        return annotation
    first = next(argument for argument in get_args(annotation) if argument is not type(None))
    return type(first) if get_origin(annotation) is Literal else _plain(first)


def _converter(option: _Option) -> Callable[[str], Any]:
    def convert(text: str) -> Any:
        try:
            return _BOOLEANS[text] if option.type is bool else option.type(text)
        except (ValueError, KeyError):
            raise UsageError(f"{option.flag} = {text!r} is not accepted: it must be {_WORDS[option.type]}") from None

    return convert
