"""Grids from YAML: files of the user, and the presets of this library."""

import re
from importlib import resources
from pathlib import Path
from typing import Final

import yaml

from cna_viz.errors import UsageError, unknown_name
from cna_viz.experiments.grid import Grid

MOST_BYTES = 1_000_000
"""Size above which a file is no description of a grid."""
_POWER_OF_TEN: Final = re.compile(r"[-+]?[0-9]+(\.[0-9]*)?[eE][-+]?[0-9]+")


class _Loader(yaml.SafeLoader):
    """Reads 1e-4 as a number, as YAML 1.2 does; to PyYAML, which is at YAML 1.1, it is text."""


_Loader.add_implicit_resolver("tag:yaml.org,2002:float", _POWER_OF_TEN, list("-+0123456789"))


def presets() -> dict[str, Grid]:
    """Return the grids of this library by name."""
    folder = resources.files("cna_viz.experiments") / "presets"
    files = sorted(folder.iterdir(), key=lambda file: file.name)
    return {file.name[:-5]: read(file.read_text("utf-8"), file.name) for file in files if file.name.endswith(".yaml")}


def find_grid(name: str) -> Grid:
    """Return the preset of this name, or the grid in the file of this name.

    Raises:
        UsageError: When there is neither, or the file does not describe a grid.
    """
    known = presets()
    if name in known:
        return known[name]
    path = Path(name)
    if not path.is_file():
        raise unknown_name("grid", name, known, "A file ending in .yaml is taken as a grid of your own.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise UsageError(f"{path}: too large for a grid: {path.stat().st_size} bytes, at most {MOST_BYTES}")
        text = path.read_text("utf-8")
    except UnicodeDecodeError:
        raise UsageError(f"{path}: not a text file in UTF-8") from None
    return read(text, path.name)


def read(text: str, file: str) -> Grid:
    """Read the YAML of a grid; its name is that of the file where it gives none.

    Raises:
        UsageError: When it is not YAML, or describes no grid.
    """
    try:
        data = yaml.load(text, _Loader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = "" if mark is None else f", line {mark.line + 1}"
        raise UsageError(f"{file}{where}: not YAML ({getattr(error, 'problem', None) or 'unreadable'})") from None
    except RecursionError:
        raise UsageError(f"{file}: nested too deeply") from None
    if not isinstance(data, dict):
        raise UsageError(f"{file}: a grid needs some of the keys {', '.join(Grid.model_fields)}")
    try:
        return Grid.model_validate({"name": Path(file).stem, **data})
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None
