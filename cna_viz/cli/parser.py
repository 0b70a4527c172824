"""An argument parser whose complaints are one line, nearest correction first."""

import argparse
from collections.abc import Sequence
from typing import NoReturn

from cna_viz.errors import UsageError, shown, unknown_name


class Parser(argparse.ArgumentParser):
    """Argument parser that raises :class:`~cna_viz.errors.UsageError` instead of printing its usage.

    Args:
        command: The command, for instance ``run``.
        description: What it does.
        examples: Lines to show at the end of the help.
    """

    def __init__(self, command: str, description: str, examples: Sequence[str]) -> None:
        super().__init__(
            prog=f"cna-viz {command}",
            description=description,
            epilog="examples:\n" + "\n".join(f"  {line}" for line in examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            allow_abbrev=False,
            argument_default=argparse.SUPPRESS,
        )

    def error(self, message: str) -> NoReturn:
        """Raise the complaint as one line."""
        raise UsageError(f"{message}; see `{self.prog} --help`")

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse all words; an option that does not exist is refused with the options that do."""
        for word in words:
            if "\0" in word:
                raise UsageError(f"{shown(word)} is not accepted: it contains a NUL character")
        known, unknown = self.parse_known_args(list(words))
        if unknown:
            options = [
                option for action in self._actions for option in action.option_strings if option.startswith("--")
            ]
            if unknown[0].startswith("-"):
                raise unknown_name("option", unknown[0].partition("=")[0], options)
            raise UsageError(f"unexpected {shown(unknown[0])}; see `{self.prog} --help`")
        out = str(getattr(known, "out", None) or "")
        if out != out.encode("utf-8", "replace").decode():
            raise UsageError(f"--out {shown(out)} is not accepted: what is written there names it, and it is not UTF-8")
        return known
