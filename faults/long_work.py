"""Long work: a sweep of many runs does not grow, and Ctrl-C at a random moment ends every command at once."""

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

import psutil

from faults import records_folder
from faults.commands import Command, finish, last_line, start
from faults.records_folder import RecordsFolder
from faults.row import Row

RUNS: Final = 500
FIRST: Final = 100
"""Run after which memory and open files are first measured."""
GROWTH: Final = 20.0
"""Maximum growth in MB from there to the end of the sweep."""
FILES: Final = 5
"""Maximum number of additional open files."""
INTERRUPTS: Final = 10
"""Interrupts per command."""
PROMPT: Final = 2.0
"""Seconds within which an interrupted command must end."""
EARLIEST: Final = 0.3
"""Seconds from the start to the earliest interrupt; before, Python itself starts."""
RECORDS: Final = 150
"""Number of records for `runs verify`."""
TINY: Final = ["--dataset", "csbm", "--csbm-nodes", "60", "--hidden", "4", "--layers", "2", "--every", "1"]
MANY: Final = f"""
about: Does a long sweep grow?
fixed: {{dataset: csbm, csbm_nodes: 60, hidden: 4, layers: 1, epochs: 1, slot: none, snapshots: none}}
axes: {{seed: {list(range(RUNS))}}}
"""
FEW: Final = """
about: Is it interrupted at once?
fixed: {dataset: csbm, csbm_nodes: 60, hidden: 4, layers: 2, epochs: 40, every: 1}
axes: {slot: [relu, none], seed: [0, 1, 2]}
space: {lr: {values: [0.01, 0.02]}}
"""
COMMANDS: Final[dict[str, Callable[[int], list[str]]]] = {
    "run": lambda case: ["run", *TINY, "--epochs", "100", "--seed", str(case)],
    "sweep": lambda case: ["sweep", "few.yaml", "--workers", "2", "--set", f"seed={10 * case},{10 * case + 1}"],
    "report": lambda case: [
        *("report", "quickstart", "-p", "dataset", "karate", "-p", "layers", "2", "-p", "epochs", "5"),
        *("-p", "seed", str(case), "--runs", "runs"),
    ],
    "tune": lambda case: ["tune", "few.yaml", "--trials", "2", "--workers", "2", "--seeds", "7", "--out", f"out{case}"],
    "verify": lambda case: ["runs", "verify", "--runs", "many"],
}
"""Words of the commands; each number gives other work."""


@dataclass(frozen=True)
class Held:
    """Resources of a sweep: memory of its process and of its fork server, and open files."""

    runs: int
    megabytes: float
    server: float
    files: int


def check(seed: int, work: Path) -> list[Row]:
    """Run a long sweep, then interrupt each command repeatedly."""
    return [_many(work / "many"), *(_interrupted(name, seed, work / name) for name in COMMANDS)]


def _many(work: Path) -> Row:
    row = Row(f"sweep of {RUNS} short runs", 1)
    (work / "place").mkdir(parents=True)
    (work / "place" / "many.yaml").write_text(MANY)
    folder = records_folder.make(work / "place" / "runs")
    command = start(["sweep", "many.yaml"], work / "place")
    first, last, seconds = _watched(command, folder)
    if command.process.returncode != 0:
        row.wrong.append(f"exit code {command.process.returncode}: {last_line(command.said())}")
    if (made := len(folder.finished()) - 1) != RUNS:
        row.wrong.append(f"{made} records instead of {RUNS}")
    row.wrong += folder.problems()
    for what, grown in (("process", last.megabytes - first.megabytes), ("server", last.server - first.server)):
        if grown >= GROWTH:
            row.wrong.append(f"the {what} of the sweep grew by {grown:.1f} MB from run {first.runs} to {last.runs}")
    if last.files - first.files >= FILES:
        row.wrong.append(f"{last.files - first.files} more files are open at run {last.runs} than at {first.runs}")
    row.wrong += [f"process {process} is left over" for process in command.left()]
    row.seen = (
        f"{seconds:.0f} s; from run {first.runs} to {last.runs}: "
        f"process {first.megabytes:.1f} to {last.megabytes:.1f} MB, "
        f"server {first.server:.1f} to {last.server:.1f} MB, {first.files} to {last.files} open files"
    )
    return row


def _watched(command: Command, folder: RecordsFolder) -> tuple[Held, Held, float]:
    """Wait for the end of a sweep; return its resources after run 100 and at the end, and its duration."""
    started, first, last = time.monotonic(), Held(0, 0, 0, 0), Held(0, 0, 0, 0)
    process = psutil.Process(command.process.pid)
    while command.wait(0.2) is None:
        try:
            last = _held(process, len(list(folder.path.glob("*/COMPLETE"))) - 1)
        except psutil.Error:
            continue  # it has just ended
        first = last if first.runs < FIRST else first
    return first, last, time.monotonic() - started


def _held(process: psutil.Process, runs: int) -> Held:
    children = process.children()
    server = max((child.memory_info().rss for child in children), default=0)
    return Held(runs, process.memory_info().rss / 1e6, server / 1e6, process.num_fds())


def _interrupted(name: str, seed: int, work: Path) -> Row:
    row = Row(f"{name} interrupted at a random moment", INTERRUPTS)
    place, rng = work / "place", Random(f"{seed} {name}")
    place.mkdir(parents=True)
    (place / "few.yaml").write_text(FEW)
    folder = records_folder.make(place / "runs")
    if name == "verify":
        _fill(place / "many")
    finish(start(COMMANDS[name](1001), place))  # fills caches
    _, length = finish(start(COMMANDS[name](1002), place))
    slowest, ended = 0.0, 0
    for case in range(INTERRUPTS):
        delay = rng.uniform(EARLIEST, length)
        command = start(COMMANDS[name](case), place)
        if command.wait(delay) is not None:
            ended += 1  # faster than the measured one
            continue
        command.signal(signal.SIGINT)
        code, seconds = finish(command, 60)
        slowest = max(slowest, seconds)
        where = f"seed {seed}, Ctrl-C {case} in {name}, {delay:.2f} s after its start"
        row.wrong += [f"{where}: {sentence}" for sentence in _badly(command, code, seconds) + folder.problems()]
    row.seen = f"gone after {slowest:.2f} s at most; {ended} had ended before"
    return row


def _badly(command: Command, code: int | None, seconds: float) -> list[str]:
    """Return the violations in the way a command ended after an interrupt."""
    said = command.said()
    wrong = [f"process {process} is left over" for process in command.left()]
    # 0, or ended by the signal itself: the command was done, only Python was still shutting down.
    if code not in (0, 130, -signal.SIGINT):
        wrong.append(f"exit code {code} instead of 130: {last_line(said)}")
    if seconds > PROMPT:
        wrong.append(f"it took {seconds:.1f} s to end")
    if "Traceback" in said or "Exception ignored" in said:
        wrong.append(f"a traceback ending in: {last_line(said[said.find('Traceback') :])}")
    return wrong


def _fill(folder: Path) -> None:
    """Write many records."""
    from cna_viz.config import ModelConfig, RunConfig
    from cna_viz.records.synthetic import synthetic_record

    for seed in range(RECORDS):
        synthetic_record(folder, RunConfig(seed=seed, model=ModelConfig(layers=8)))
