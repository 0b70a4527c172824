"""The grid that a tuning writes: every arm with its chosen settings, and how they were found."""

import hashlib
import os
import re
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import yaml

from cna_viz.config import RunConfig
from cna_viz.config.arms import SILENT, arm_of
from cna_viz.config.fields import flat, settings
from cna_viz.config.tuning import Tuning
from cna_viz.descriptions import read_text
from cna_viz.errors import UsageError
from cna_viz.experiments.grid import Grid, Values
from cna_viz.experiments.grid_files import find_grid
from cna_viz.files import write_atomically

HEADER: Final = """\
# Written by `cna-viz tune`: `arms` has what was chosen, `tuning` how it was found. Compare the arms with
#   cna-viz sweep {path}
#   cna-viz compare {path}
# What follows has the checksum {digest}: with edits it is not replaced.
"""
_CHECKSUM: Final = re.compile("has the checksum ([0-9a-f]{16}): .*\n")


def described(arm: RunConfig) -> Values:
    """Return slot, dataset, split and all settings that differ from their defaults, by flat name."""
    values, default = flat(arm), flat(RunConfig())
    others = {name: value for name, value in values.items() if value != default.get(name)}
    return {name: values[name] for name in ("slot", "dataset", "split")} | others


def in_words(arm: RunConfig) -> str:
    """Return the name of an arm for messages."""
    return ", ".join(f"{name} {value}" for name, value in described(arm).items())


def file_of(name: str, out: Path) -> Path:
    """Return the file for the tuned grid of this name.

    Raises:
        UsageError: When a file of this name is no tuned grid (perhaps the one to be tuned), or was edited.
    """
    path = out / f"{re.sub(r'[^A-Za-z0-9_.-]+', '-', name).strip('.-') or 'grid'}.yaml"
    reason = _why_not_written(path) if os.path.lexists(path) else ""
    if reason:
        raise UsageError(f"{path} {reason} and would be replaced; move it away, or choose another --out")
    return path


def _why_not_written(path: Path) -> str:
    """Return why a file must not be replaced; empty where it is a tuned grid that nobody has edited."""
    if path.is_symlink() or not path.is_file():
        return "is not a file, or is a link"
    text = read_text(path, "a grid")
    found = _CHECKSUM.search(text)
    if not text.startswith(HEADER.partition("`")[0]) or (found is None and find_grid(str(path)).tuning is None):
        return "was not written by a tuning"
    return "" if found is None or found[1] == _digest(text[found.end() :]) else "was edited since it was written"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def tuned_grid(grid: Grid, runs: Mapping[str, Sequence[RunConfig]], tuning: Tuning) -> Grid:
    """Return a grid of the same runs with the chosen settings; ``runs`` are those of every arm, by its id."""
    chosen = {tuned.before().run_id: tuned.chosen for tuned in tuning.arms}
    arms = [described(arm_of(own[0])) | chosen.get(key, {}) for key, own in runs.items()]
    shared = {
        name: value
        for name, value in arms[0].items()
        if name not in tuning.space and all(name in arm and arm[name] == value for arm in arms)
    }
    arms = [{name: value for name, value in arm.items() if name not in shared} for arm in arms]
    rows = [[_silent(config) for config in own] for own in runs.values()]
    usual = _silent(RunConfig())
    kept = {name for own in rows for row in own for name in row if name == "seed" or row[name] != usual[name]}
    rows = [[{name: row[name] for name in row if name in kept} for row in own] for own in rows]
    common = all(own == rows[0] for own in rows)
    fixed, axes, zipped = _repetitions(rows[0]) if common else ({}, {}, [])
    if not common:
        arms = [arm | row for arm, own in zip(arms, rows, strict=True) for row in own]
    fixed = shared | fixed
    return Grid(name=grid.name, about=grid.about, fixed=fixed, axes=axes, zipped=zipped, arms=arms, tuning=tuning)


def write_grid(grid: Grid, path: Path) -> None:
    """Write a tuned grid, with its checksum, for :func:`~cna_viz.experiments.grid_files.find_grid`."""
    data = grid.model_dump(mode="json", exclude_defaults=True)
    text = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, width=120, allow_unicode=True)
    write_atomically(path, HEADER.format(path=shlex.quote(str(path)), digest=_digest(text)) + text, _why_not_written)


def _silent(config: RunConfig) -> Values:
    """Return the seeds and the recording of a run as YAML has them; None where nothing is set."""
    values = {name: flat(config).get(name) for name in settings() if name in SILENT}
    return {name: ",".join(value) if isinstance(value, tuple) else value for name, value in values.items()}


def _repetitions(rows: Sequence[Values]) -> tuple[Values, dict[str, list[Any]], list[dict[str, list[Any]]]]:
    """Return the settings that all rows share, then those that differ: one as an axis, several row by row."""
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    fixed = {name: values[0] for name, values in columns.items() if all(value == values[0] for value in values)}
    rest = {name: values for name, values in columns.items() if name not in fixed}
    return (fixed, {}, [rest]) if len(rest) > 1 else (fixed, rest, [])
