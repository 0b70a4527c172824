"""Power cuts: kill runs, sweeps and reports at random moments, and inspect their folders."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from faults import records_folder
from faults.commands import Command, finish, last_line, start
from faults.records_folder import RecordsFolder
from faults.row import Row

KILLS: Final = {"run": 90, "sweep": 80, "report": 30}
"""Number of kills of each: more for shorter commands."""
EARLIEST: Final = 0.5
"""Seconds from the start to the earliest kill."""
GRID: Final = """
about: Does it survive?
fixed: {dataset: csbm, csbm_nodes: 60, hidden: 4, layers: 2, epochs: 6, snapshots: ends}
axes: {slot: [relu, cna], seed: [0, 1]}
"""
TINY: Final = ["--dataset", "csbm", "--csbm-nodes", "60", "--hidden", "4", "--layers", "2", "--epochs", "6"]
REPORT: Final = ["-p", "dataset", "karate", "-p", "layers", "2", "-p", "hidden", "4", "-p", "epochs", "5"]

Words = Callable[[int], list[str]]


@dataclass
class Series:
    """A command that is killed repeatedly.

    Attributes:
        name: Name of the command.
        words: Its words; each number gives another run, sweep or report.
        work: Working directory.
        folder: Its folder of records.
        length: Undisturbed duration in seconds.
    """

    name: str
    words: Words
    work: Path
    folder: RecordsFolder
    length: float = 0.0


def check(seed: int, work: Path) -> list[Row]:
    """Kill, inspect and continue, all commands in parallel, as they mostly wait and import."""
    with ThreadPoolExecutor(len(KILLS)) as threads:
        return list(threads.map(lambda name: kill_often(name, KILLS[name], seed, work / name), KILLS))


def kill_often(name: str, kills: int, seed: int, work: Path) -> Row:
    """Kill a command ``kills`` times, then let it finish, clean up, and inspect once more."""
    row = Row(f"{name} killed at a random moment")
    series = _series(name, work)
    rng = Random(f"{seed} {name}")
    number = finished = 0
    for case in range(2 * kills):
        if row.cases == kills:
            break
        # The first half is imports, where little can go wrong: every other kill falls into the second half.
        delay = rng.uniform(series.length / 2 if case % 2 else EARLIEST, series.length)
        ended, wrong = _kill(series, number, delay)
        where = f"seed {seed}, kill {case} of {name}, {delay:.2f} s after its start"
        row.wrong += [f"{where}: {sentence}" for sentence in wrong]
        if ended:
            # A finished command would only load its result: begin another.
            number, finished = number + 1, finished + 1
        row.cases += not ended
    row.wrong += [f"seed {seed}, after the kills of {name}: {sentence}" for sentence in _end(series, number)]
    beside = series.work.parent / f"{series.work.name}-beside" / "tmp"
    row.seen = (
        f"undisturbed {series.length:.1f} s; {finished} finished before their kill; "
        f"{len(series.folder.finished()) - 1} records at the end; "
        f"{len(list(beside.iterdir()))} temporary folders of killed processes in TMPDIR"
    )
    return row


def _series(name: str, work: Path) -> Series:
    (work / "place").mkdir(parents=True)
    (work / "place" / "grid.yaml").write_text(GRID)
    words: dict[str, Words] = {
        "run": lambda number: ["run", *TINY, "--seed", str(number)],
        "sweep": lambda number: [
            *("sweep", "grid.yaml", "--workers", "2"),
            *("--set", f"seed={2 * number},{2 * number + 1}"),
        ],
        "report": lambda number: [*("report", "quickstart"), *REPORT, "-p", "seed", str(number), "--runs", "runs"],
    }
    series = Series(name, words[name], work / "place", records_folder.make(work / "place" / "runs"))
    for number in (10_001, 10_002):  # the first fills caches, the second measures the duration
        code, series.length = finish(start(series.words(number), series.work))
        if code != 0:
            raise RuntimeError(f"an undisturbed {name} ended with exit code {code}")
    return series


def _kill(series: Series, number: int, delay: float) -> tuple[bool, list[str]]:
    """Start and kill; return whether it had finished before, and the violations found afterwards."""
    command, started = start(series.words(number), series.work), time.monotonic()
    code = command.wait(delay)
    if code == 0:
        series.length = min(series.length, time.monotonic() - started)  # the machine was busier during the measurement
    command.kill()
    left = command.left()
    wrong = [f"process {process} is left over" for process in left]
    if code not in (0, None):
        wrong.append(f"it ended by itself with exit code {code}: {last_line(command.said())}")
    return code == 0, [*wrong, *series.folder.problems(), *_torn_pages(series.work)]


def _end(series: Series, number: int) -> list[str]:
    """Let the command finish, clean up, and return the violations."""
    before = series.folder.finished()
    wrong = [*_must_end_well(start(series.words(number), series.work)), *_missing(series, before)]
    wrong += _must_end_well(start(["runs", "gc", "--delete"], series.work))
    wrong += _must_end_well(start(["runs", "verify"], series.work))
    return [*wrong, *series.folder.problems_at_the_end()]


def _missing(series: Series, before: set[str]) -> list[str]:
    return [f"record {name} is gone" for name in sorted(before - series.folder.finished())]


def _must_end_well(command: Command) -> list[str]:
    code, _ = finish(command)
    if code == 0:
        return []
    return [f"`cna-viz {' '.join(command.words)}` ended with exit code {code}: {last_line(command.said())}"]


def _torn_pages(work: Path) -> list[str]:
    """Return the incomplete files of reports."""
    found = []
    for path in work.glob("reports/*/*"):
        if path.name == "index.html" and not path.read_text("utf-8").rstrip().endswith("</html>"):
            found.append(f"{path.name} is torn")
        if path.name in ("summary.json", "report.ipynb", "failed.ipynb"):
            try:
                json.loads(path.read_text("utf-8"))
            except ValueError:
                found.append(f"{path.name} is torn")
    return found
