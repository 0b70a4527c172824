"""The options with which commands take a grid, change it and share out its runs."""

from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from cna_viz.cli.parser import Parser, converter
from cna_viz.cli.printing import table
from cna_viz.config.fields import settings
from cna_viz.errors import UsageError, plainly, unknown_name
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.grid_files import find_grid, presets


def add_grid(parser: Parser, *, runs: bool = True, trains: str = "") -> None:
    """Add the grid, the options that change it, and those that say where and how its runs are trained.

    ``runs`` is whether the command uses records of the grid, ``trains`` what it trains, in the plural, if anything.
    """
    text = "a grid of this library, or a YAML file; without one, the grids are listed"
    parser.add_argument("grid", nargs="?", metavar="GRID", help=text)
    text = "other values of settings, as in layers=2,4,8"
    parser.add_argument(
        "--set", dest="changes", nargs="+", action="extend", default=[], metavar="NAME=VALUE", help=text
    )
    if runs:
        parser.add_runs()
    if trains:
        parser.add_argument("--workers", type=int, help=f"{trains} at the same time (default: one per core)")
        parser.add_argument("--threads", type=int, default=1, help=f"threads per {trains[:-1]} (default 1)")
        parser.add_data()
    else:
        parser.add_graphs()
    parser.add_json()


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
        name, _, text = word.partition("=")
        name = name.replace("-", "_")
        if not text:
            hint = "write NAME=VALUE, or NAME=VALUE,VALUE for several"
            raise UsageError(f"--set {plainly(word)} is not accepted: {hint}")
        if name not in settings():
            raise unknown_name("setting", name, settings())
        if name in changes:
            raise UsageError(f"--set gives {name} twice")
        convert = converter(settings()[name], name)
        changes[name] = [convert(part) for part in text.split(",")]
    return changes
