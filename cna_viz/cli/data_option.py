"""``--data`` and ``--trust-data``: where datasets lie, and whether files that can run code are read."""

import argparse
import os
from pathlib import Path
from typing import Any

from cna_viz.data.roots import TRUST_VARIABLE


class _Trust(argparse.Action):
    """Trust for the whole process and those that it starts: workers of a sweep, kernels of reports."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option: str | None = None) -> None:
        os.environ[TRUST_VARIABLE] = "1"


def add_data(parser: argparse.ArgumentParser, kind: type[Path] | type[str] = Path, note: str = "") -> None:
    """Add both options.

    Args:
        parser: Parser of a command.
        kind: What ``--data`` becomes.
        note: What to add to its help.
    """
    words = f"data root in PyG's raw layout (default $CNA_VIZ_DATA or the user's cache){note}"
    parser.add_argument("--data", type=kind, default=None, help=words)
    parser.add_argument(
        "--trust-data",
        action=_Trust,
        nargs=0,
        help="read Planetoid files that are not those published; they are pickles, which can run any code",
    )
