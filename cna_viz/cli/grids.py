"""The words with which commands take a grid and change it."""

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from cna_viz.cli.options import converter
from cna_viz.cli.parser import Parser
from cna_viz.cli.tables import table
from cna_viz.config.fields import settings
from cna_viz.errors import UsageError, plainly, unknown_name
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.grid_files import find_grid, presets


def add_grid(parser: Parser, *, records: bool = True) -> None:
    """Add the grid, what changes it, and where its records are.

    Args:
        parser: The parser.
        records: Whether the command reads or makes records of the grid.
    """
    parser.add_argument(
        "grid", nargs="?", metavar="GRID", default=None, help="a grid of this library, or a YAML file; left out: a list"
    )
    parser.add_argument(
        "--set",
        dest="changes",
        nargs="+",
        action="extend",
        default=[],
        metavar="NAME=VALUE",
        help="other values of settings, as in layers=2,4,8",
    )
    if records:
        parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the records (default runs)")
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON object")


def read_grid(namespace: Namespace) -> Grid:
    """Return the grid with its changes."""
    return find_grid(namespace.grid).having(_changes(namespace.changes))


def list_grids() -> None:
    """Print the grids of this library."""
    rows = [[name, str(len(grid.configs())), grid.about] for name, grid in presets().items()]
    print(table(["grid", "runs", "question"], rows))


def _changes(words: Sequence[str]) -> dict[str, list[Any]]:
    changes: dict[str, list[Any]] = {}
    for word in words:
        name, equals, text = word.partition("=")
        name = name.replace("-", "_")
        if not equals or not text:
            said = f"--set {plainly(word)} is not accepted"
            raise UsageError(f"{said}: write NAME=VALUE, or NAME=VALUE,VALUE for several")
        if name not in settings():
            raise unknown_name("setting", name, settings())
        if name in changes:
            raise UsageError(f"--set gives {name} twice")
        convert = converter(settings()[name], name)
        changes[name] = [convert(part) for part in text.split(",")]
    return changes
