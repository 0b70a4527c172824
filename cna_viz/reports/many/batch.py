"""A batch: one report, made with every set of parameters of a YAML file.

The file is a list of sets, or says what they share and what is combined, as grids of runs do::

    fixed: {epochs: 40}
    axes: {dataset: [digits, karate], depths: [[2, 8], [2, 32]]}     # all with all: four reports
"""

import hashlib
import json
import re
import shlex
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Final

from cna_viz import descriptions
from cna_viz.errors import UsageError, unknown_name
from cna_viz.reports.many.cards import read_question
from cna_viz.reports.many.jobs import Job
from cna_viz.reports.many.listing import Listing
from cna_viz.reports.many.many import Many, Say
from cna_viz.reports.notebooks import types
from cna_viz.reports.notebooks.notebooks import find_notebook
from cna_viz.reports.notebooks.parameters import convert, read_parameters
from cna_viz.reports.summary import read_summary

Values = dict[str, Any]
"""Parameters by name."""
MOST: Final = 1000
"""Reports of a batch."""
LONGEST: Final = 60
"""Letters of a folder's name."""
_KEYS: Final = ("fixed", "axes")


def batch(
    name: str,
    grid: Path,
    given: Mapping[str, object],
    out: Path,
    *,
    say: Say = lambda line: None,
    notebooks: Path | None = None,
) -> Many:
    """Return the reports of a batch, ready to be made; all sets are checked and nothing has run.

    Args:
        name: The report.
        grid: The YAML file.
        given: Parameters that all sets share, beside those of the file.
        out: Folder that the batch's own folder, ``out/name``, is in.
        say: Receives lines that say how far it has come.
        notebooks: Folder of the notebooks; those of the package when left out.

    Raises:
        UsageError: No such report or parameter, a value of the wrong type or meaning, a file of another form, two sets
            that are the same, or a folder that holds a single report.
    """
    name, source = find_notebook(name, notebooks)
    declared = read_parameters(source)
    sets = read_sets(grid)
    checked = []
    for number, values in enumerate(sets, start=1):
        try:
            checked.append(convert(declared, _joined(values, given), report=name))
        except UsageError as error:
            raise UsageError(f"{grid}: set {number}: {error}") from None
    _check_apart(grid, checked)
    place = out / name
    if read_summary(place):
        raise UsageError(f"{place} holds a single report, which the batch would hide: choose another folder with --out")
    differing = [key for key in checked[0] if len({types.as_text(values[key]) for values in checked}) > 1]
    shown = [{key: types.as_text(values[key]) for key in differing} for values in checked]
    jobs = [
        Job(name, source, {key: values[key] for key in (*own, *given)}, place, folder, texts)
        for own, values, folder, texts in zip(sets, checked, folder_names(shown, checked), shown, strict=True)
    ]
    return Many(_listing(name, source, grid, given, out), jobs, say=say)


def read_sets(file: Path) -> list[Values]:
    """Return the sets of parameters that a YAML file describes, as they stand there.

    Raises:
        UsageError: When it is not YAML, or of another form, or has no sets.
    """
    data = descriptions.parse_any(descriptions.read_text(file, "a batch"), str(file))
    sets = _combined(file, data) if isinstance(data, dict) else data
    if not isinstance(sets, list) or not all(isinstance(values, dict) for values in sets):
        raise UsageError(f"{file}: a batch is a list of sets of parameters, or has the keys {' and '.join(_KEYS)}")
    if not sets:
        raise UsageError(f"{file}: there is no set of parameters, so there is nothing to make")
    if len(sets) > MOST:
        raise UsageError(f"{file}: {len(sets)} sets are too many for a batch: at most {MOST}")
    return [{str(key): value for key, value in values.items()} for values in sets]


def _combined(file: Path, data: Mapping[str, Any]) -> list[Values]:
    for key, value in data.items():
        if key not in _KEYS:
            raise unknown_name(f"key of {file}", str(key), _KEYS)
        if not isinstance(value, dict):
            raise UsageError(f"{file}: {key} needs parameters with their values, as in {key}: {{epochs: ...}}")
    fixed, axes = data.get("fixed", {}), data.get("axes", {})
    for name, values in axes.items():
        if name in fixed:
            raise UsageError(f"{file}: {name} is both fixed and an axis; leave one of them out")
        if not isinstance(values, list) or not values:
            raise UsageError(f"{file}: axis {name} needs a list of values, as in {name}: [...]")
    count = prod(len(values) for values in axes.values())
    if count > MOST:
        raise UsageError(f"{file}: {count} combinations are too many for a batch: at most {MOST}")
    return [{**fixed, **dict(zip(axes, values, strict=True))} for values in product(*axes.values())]


def _joined(values: Values, given: Mapping[str, object]) -> Values:
    for name in given:
        if name in values:
            raise UsageError(f"parameter {name!r} is given twice, in the file and beside it")
    return {**values, **given}


def _check_apart(file: Path, sets: Sequence[Values]) -> None:
    seen: dict[str, int] = {}
    for number, values in enumerate(sets, start=1):
        before = seen.setdefault(_key(values), number)
        if before != number:
            raise UsageError(f"{file}: sets {before} and {number} are the same report; leave one of them out")


def folder_names(shown: Sequence[Mapping[str, str]], sets: Sequence[Values]) -> list[str]:
    """Return a short name for the folder of each set: what it differs in, in letters that every file system takes.

    Names that are cut, or that others have too, end in some digits of a hash of the whole set.

    Args:
        shown: The parameters, as text, that each set differs in.
        sets: All parameters of each set.
    """
    names = ["_".join(_plain(f"{name}-{text}") for name, text in texts.items()) or "only" for texts in shown]
    lower = [name.lower() for name in names]  # some file systems don't tell capitals
    return [
        name
        if len(name) <= LONGEST and lower.count(name.lower()) == 1
        else f"{name[:LONGEST].rstrip('.-_')}-{hashlib.sha256(_key(values).encode()).hexdigest()[:8]}"
        for name, values in zip(names, sets, strict=True)
    ]


def _plain(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", text).strip("-.")


def _key(values: Values) -> str:
    return json.dumps(values, sort_keys=True)


def _listing(name: str, source: Path, grid: Path, given: Mapping[str, object], out: Path) -> Listing:
    words = ["cna-viz", "report", name, "-b", str(grid)]
    words += [word for key, value in given.items() for word in ("-p", key, types.as_text(value))]
    return Listing(
        index=out / name / "index.html",
        name=f"{name}, a batch",
        title=read_question(source)[0],
        text="The same report for several sets of parameters; each card says what its set differs in.",
        command=shlex.join([*words, "--out", str(out)]),
    )
