"""A batch: one report, made with every set of parameters of a YAML file.

The file is a list of sets, or shared values and axes of which all combinations are made, as in grids of runs::

    fixed: {epochs: 40}
    axes: {dataset: [digits, karate], depths: [[2, 8], [2, 32]]}     # four reports
"""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from pathlib import Path
from typing import Any, Final

from cna_viz import descriptions
from cna_viz.errors import UsageError, unknown_name
from cna_viz.reports.many.listing import Listing, read_question
from cna_viz.reports.many.many import Many, Say
from cna_viz.reports.many.workers import Job
from cna_viz.reports.notebooks.notebooks import find_notebook
from cna_viz.reports.notebooks.parameters import as_text, convert, read_parameters
from cna_viz.reports.page.provenance import report_command
from cna_viz.reports.written import read_summary

Values = dict[str, Any]
MOST: Final = 1000  # reports of a batch
LONGEST: Final = 60  # letters of a folder's name
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
        given: Parameters that all sets share, in addition to those of the file.
        out: Folder that contains the batch's folder, ``out/name``.
        say: See :data:`.many.Say`.
        notebooks: Folder of the notebooks (default: those of the package).

    Raises:
        UsageError: An unknown report or parameter, a value of the wrong type or range, a file of another form, two
            identical sets, or a folder that contains a single report.
    """
    name, source = find_notebook(name, notebooks)
    declared = read_parameters(source)
    sets = read_sets(grid)
    checked: list[Values] = []
    numbers: dict[str, int] = {}
    for number, values in enumerate(sets, start=1):
        try:
            for key in given:
                if key in values:
                    raise UsageError(f"parameter {key!r} is given twice, in the file and beside it")
            checked.append(convert(declared, {**values, **given}, report=name))
        except UsageError as error:
            raise UsageError(f"{grid}: set {number}: {error}") from None
        first = numbers.setdefault(_key(checked[-1]), number)
        if first != number:
            raise UsageError(f"{grid}: sets {first} and {number} are the same report; leave one of them out")
    place = out / name
    if read_summary(place):
        raise UsageError(f"{place} holds a single report, which the batch would hide: choose another folder with --out")
    texts = [{key: as_text(value) for key, value in values.items()} for values in checked]
    differing = [key for key in texts[0] if len({text[key] for text in texts}) > 1]
    shown = [{key: text[key] for key in differing} for text in texts]
    jobs = [
        Job(name, source, {key: values[key] for key in (*own, *given)}, place, folder, text)
        for own, values, folder, text in zip(sets, checked, folder_names(shown, checked), shown, strict=True)
    ]
    listing = Listing(
        index=place / "index.html",
        name=f"{name}, a batch",
        title=read_question(source)[0],
        text="The same report for several sets of parameters; each card shows how its set differs.",
        command=report_command([name, "-b", str(grid)], given, out),
    )
    return Many(listing, jobs, jobs, say)


def read_sets(file: Path) -> list[Values]:
    """Return the sets of parameters that a YAML file describes, unchecked.

    Raises:
        UsageError: It is not YAML, of another form, or has no sets.
    """
    data = descriptions.parse_any(descriptions.read_text(file, "a batch"), str(file))
    sets = _combined(file, data) if isinstance(data, dict) else data
    if not isinstance(sets, list) or not all(isinstance(values, dict) for values in sets):
        raise UsageError(f"{file}: a batch is a list of sets of parameters, or has the keys {' and '.join(_KEYS)}")
    if not sets:
        raise UsageError(f"{file}: no sets of parameters, so there is nothing to make")
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


def folder_names(shown: Sequence[Mapping[str, str]], sets: Sequence[Values]) -> list[str]:
    """Return a short folder name for each set, from its differing parameters ``shown``, safe on every file system.

    Names that are cut, or that others have too, end in some digits of a hash of the whole set.
    """
    names = [
        "_".join(re.sub(r"[^A-Za-z0-9.]+", "-", f"{name}-{text}").strip("-.") for name, text in texts.items()) or "only"
        for texts in shown
    ]
    lower = [name.lower() for name in names]  # some file systems ignore case
    return [
        name
        if len(name) <= LONGEST and lower.count(name.lower()) == 1
        else f"{name[:LONGEST].rstrip('.-_')}-{hashlib.sha256(_key(values).encode()).hexdigest()[:8]}"
        for name, values in zip(names, sets, strict=True)
    ]


def _key(values: Values) -> str:
    return json.dumps(values, sort_keys=True)
