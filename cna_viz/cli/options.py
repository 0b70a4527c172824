"""Options made from the config, which stays the single source of names, defaults and meanings."""

import argparse
from collections.abc import Callable
from typing import Any, Final

from cna_viz.config import RunConfig
from cna_viz.config.fields import Setting, nested, settings
from cna_viz.errors import UsageError, shown

_WORDS: Final = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
_BOOLEANS: Final = {"true": True, "false": False}


def add_config_options(parser: argparse.ArgumentParser) -> None:
    """Add an option for every field of :class:`~cna_viz.config.RunConfig`."""
    groups: dict[str, argparse._ArgumentGroup] = {}
    for name, setting in settings().items():
        title = " ".join(setting.path[:-1]) or "run"
        if title not in groups:
            groups[title] = parser.add_argument_group(title)
        groups[title].add_argument(
            setting.option,
            dest=name,
            default=argparse.SUPPRESS,
            type=converter(setting, setting.option),
            metavar=setting.type.__name__.upper(),
            help=_help(setting),
        )


def read_config(namespace: argparse.Namespace) -> RunConfig:
    """Build the config from the options that were given.

    Raises:
        UsageError: A name is unknown or a value out of range.
    """
    given = {name: value for name, value in vars(namespace).items() if name in settings()}
    return RunConfig.model_validate(nested(given))


def converter(setting: Setting, name: str) -> Callable[[str], Any]:
    """Return the function that converts text to a value of the setting.

    Args:
        setting: The setting.
        name: Its name in messages.
    """

    def convert(text: str) -> Any:
        try:
            return _BOOLEANS[text] if setting.type is bool else setting.type(text)
        except (ValueError, KeyError):
            raise UsageError(f"{name} = {shown(text)} is not accepted: it must be {_WORDS[setting.type]}") from None

    return convert


def _help(setting: Setting) -> str:
    default = setting.field.get_default()
    words = ", ".join(default) if isinstance(default, tuple) else default
    shown = "" if default is None else f" (default {words})"
    return f"{setting.field.description or 'Seed of the run.'}{shown}".replace("%", "%%")
