"""Grids from YAML: files of the user, and the presets of this library."""

from pathlib import Path

from cna_viz import descriptions
from cna_viz.errors import UsageError, unknown_name
from cna_viz.experiments.grid import Grid


def presets() -> dict[str, Grid]:
    """Return the grids of this library by name."""
    return {name: read(file.read_text("utf-8"), file.name) for name, file in _preset_files().items()}


def _preset_files() -> dict[str, Path]:
    return {file.stem: file for file in sorted(Path(__file__).with_name("presets").glob("*.yaml"))}


def find_grid(name: str) -> Grid:
    """Return the preset, or the grid in the file, of this name.

    Raises:
        UsageError: When neither exists, or the file does not describe a grid.
    """
    known = _preset_files()
    if name in known:
        return read(known[name].read_text("utf-8"), known[name].name)
    path = Path(name)
    if not path.exists():
        raise unknown_name("grid", name, known, "A file ending in .yaml is taken as a grid of your own.")
    return read(descriptions.read_text(path, "a grid"), path.name)


def read(text: str, file: str) -> Grid:
    """Read a grid from YAML; without a name it gets that of the file.

    Raises:
        UsageError: When it is not YAML, or describes no grid.
    """
    data = descriptions.parse(text, file, "a grid", Grid.model_fields)
    try:
        return Grid.model_validate({"name": Path(file).stem, **data})
    except UsageError as error:
        raise UsageError(f"{file}: {error}") from None
