"""The argument parser of all commands: complaints of one line, and the options that several commands share."""

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from cna_viz.data.trust import TRUST_VARIABLE
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
        return known

    def add_json(self) -> None:
        """Add ``--json``."""
        self.add_argument("--json", action="store_true", help="print one JSON object")

    def add_runs(self) -> None:
        """Add ``--runs``."""
        self.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the records (default runs)")

    def add_data(self, kind: type[Path] | type[str] = Path, note: str = "") -> None:
        """Add ``--data`` and ``--trust-data``.

        Args:
            kind: Type of the value of ``--data``.
            note: What to add to its help.
        """
        words = f"data root in PyG's raw layout (default $CNA_VIZ_DATA or the user's cache){note}"
        self.add_argument("--data", type=kind, help=words)
        words = "read Planetoid files that differ from the published ones; they are pickles and can run any code"
        self.add_argument("--trust-data", action=_Trust, nargs=0, help=words)


class _Trust(argparse.Action):
    """Trusts for the whole process and its children: workers of a sweep, kernels of reports."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        os.environ[TRUST_VARIABLE] = "1"
