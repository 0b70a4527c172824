"""Options made from the config, so that the config remains the one truth about names, defaults and meanings."""

import argparse
from collections.abc import Callable
from typing import Any, Final

from cna_viz.config import RunConfig
from cna_viz.config.fields import Setting, settings
from cna_viz.errors import UsageError, shown

_WORDS: Final = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
_BOOLEANS: Final = {"true": True, "false": False}


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for every field of :class:`~cna_viz.config.RunConfig`."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for setting in settings().values():
        title = " ".join(setting.path[:-1]) or "run"
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        groups[title].add_argument(
            flag(setting),
            dest=".".join(("config", *setting.path)),
            type=converter(setting, flag(setting)),
            metavar=setting.type.__name__.upper(),
            help=_help(setting),
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


def flag(setting: Setting) -> str:
    """Return the option of a setting."""
    return setting.option


def _help(setting: Setting) -> str:
    default = setting.field.get_default()
    words = ", ".join(default) if isinstance(default, tuple) else default
    shown = "" if default is None else f" (default {words})"
    return f"{setting.field.description or 'Seed of the run.'}{shown}".replace("%", "%%")


def converter(setting: Setting, name: str) -> Callable[[str], Any]:
    """Return what turns a word into a value of the setting.

    Args:
        setting: The setting.
        name: What messages call it.
    """

    def convert(text: str) -> Any:
        try:
            return _BOOLEANS[text] if setting.type is bool else setting.type(text)
        except (ValueError, KeyError):
            raise UsageError(f"{name} = {shown(text)} is not accepted: it must be {_WORDS[setting.type]}") from None

    return convert
