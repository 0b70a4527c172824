"""The argument parser of all commands, the options they share, and those made from the config.

The config stays the single source of names, defaults and meanings.
"""

import argparse
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from cna_viz.config import RunConfig
from cna_viz.config.fields import Setting, nested, settings
from cna_viz.config.own import GRAPHS_VARIABLE
from cna_viz.data.roots import TRUST_VARIABLE
from cna_viz.errors import UsageError, shown, unknown_name

_WORDS: Final = {int: "a whole number", float: "a number", str: "a word", bool: "true or false"}
_BOOLEANS: Final = {"true": True, "false": False}


class Parser(argparse.ArgumentParser):
    """Argument parser that raises :class:`~cna_viz.errors.UsageError` instead of printing its usage."""

    def __init__(self, command: str, description: str, examples: Sequence[str]) -> None:
        super().__init__(
            prog=f"cna-viz {command}",
            description=description,
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Raise the complaint as one line."""
        raise UsageError(f"{message}; see `{self.prog} --help`")

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse all words; an unknown option is refused with the nearest ones first."""
        for word in words:
            if "\0" in word:
                raise UsageError(f"{shown(word)} is not accepted: it contains a NUL character")
        known, unknown = self.parse_known_args(list(words))
        if unknown and unknown[0].startswith("-"):
            options = [name for action in self._actions for name in action.option_strings if name.startswith("--")]
            raise unknown_name("option", unknown[0].partition("=")[0], options)
        if unknown:
            self.error(f"unexpected {shown(unknown[0])}")
        out = str(getattr(known, "out", None) or "")
        if out != out.encode("utf-8", "replace").decode():
            raise UsageError(f"--out {shown(out)} is not accepted: files written there contain it, and it is not UTF-8")
        if getattr(known, "trust_data", False):  # for the children, too: workers of a sweep, kernels of reports
            os.environ[TRUST_VARIABLE] = "1"
        if getattr(known, "graphs", None) is not None:
            os.environ[GRAPHS_VARIABLE] = str(known.graphs.expanduser().absolute())
        return known

    def add_json(self) -> None:
        """Add ``--json``."""
        self.add_argument("--json", action="store_true", help="print one JSON object")

    def add_runs(self) -> None:
        """Add ``--runs``."""
        self.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the records (default runs)")

    def add_data(self, kind: type[Path] | type[str] = Path, note: str = "") -> None:
        """Add ``--data``, with a note in its help, ``--trust-data`` and ``--graphs``."""
        text = f"data root in PyG's raw layout (default $CNA_VIZ_DATA or the user's cache){note}"
        self.add_argument("--data", type=kind, help=text)
        text = "read Planetoid files that differ from the published ones; they are pickles and can run any code"
        self.add_argument("--trust-data", action="store_true", help=text)
        self.add_graphs()

    def add_graphs(self) -> None:
        """Add ``--graphs``."""
        text = "folder of your own graphs (default $CNA_VIZ_GRAPHS or the user's data)"
        self.add_argument("--graphs", type=Path, help=text)


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
    """Build the config from the options that were given."""
    given = {name: value for name, value in vars(namespace).items() if name in settings()}
    file = given.pop("split_file", None)
    config = RunConfig.model_validate(nested(given))
    if file is None:
        return config
    from cna_viz.graphs import add_split

    given["split_file"] = add_split(file, config.data, namespace.data)
    return RunConfig.model_validate(nested(given))


def converter(setting: Setting, name: str) -> Callable[[str], Any]:
    """Return the function that converts text to a value of the setting, which messages call ``name``."""
    words = _WORDS[setting.type] + (" or none" if setting.can_be_none else "")

    def convert(text: str) -> Any:
        if text == "none" and setting.can_be_none:
            return None
        try:
            return _BOOLEANS[text] if setting.type is bool else setting.type(text)
        except (ValueError, KeyError):
            raise UsageError(f"{name} = {shown(text)} is not accepted: it must be {words}") from None

    return convert


def _help(setting: Setting) -> str:
    default = setting.field.get_default()
    words = ", ".join(default) if isinstance(default, tuple) else default
    shown = "" if default is None else f" (default {words})"
    return f"{setting.field.description or 'Seed of the run.'}{shown}".replace("%", "%%")
