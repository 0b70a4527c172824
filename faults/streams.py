"""Closed, full, read-only or unread standard streams, or another encoding, lose no work."""

import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from cna_viz.records.synthetic import synthetic_record
from faults.commands import SCRIPT, last_line
from faults.folders import GRID, REPORT, TINY
from faults.records_folder import RecordsFolder
from faults.row import Row

SAMPLE: Final = 5
"""Number of broken streams that long commands are tried on."""
SLOW: Final = ("sweep", "report")
COMMANDS: Final[dict[str, Callable[[str], list[str]]]] = {
    "run": lambda runs: ["run", *TINY, "--epochs", "4", "--runs", runs],
    "runs list": lambda runs: ["runs", "list", "--runs", runs],
    "runs verify": lambda runs: ["runs", "verify", "--runs", runs],
    "sweep": lambda runs: ["sweep", "grid.yaml", "--workers", "2", "--runs", runs],
    "report": lambda runs: ["report", *REPORT, "--runs", runs, "--out", "out"],
}
"""Words of the commands, given the folder of the records."""
TRAINED: Final = {"run": 1, "sweep": 4, "report": 2}
"""Number of records that a command makes."""


@dataclass(frozen=True)
class Broken:
    """Unusual streams of a command.

    Attributes:
        name: What is wrong with them.
        redirected: How a shell makes them so; stdin is a pipe whose reader has left.
        loses: Whether the result can't be written.
        runs: Folder of the records.
        encoding: Encoding of the terminal, where it is another.
    """

    name: str
    redirected: str
    loses: bool = False
    runs: str = "runs"
    encoding: str = ""


BROKEN: Final = (
    Broken("stdin closed", "<&-"),
    Broken("stdout closed", ">&-", loses=True),
    Broken("stderr closed", "2>&-"),
    Broken("all closed", "<&- >&- 2>&-", loses=True),
    Broken("stdout full", ">/dev/full", loses=True),
    Broken("stderr full", "2>/dev/full"),
    Broken("stdout and stderr full", ">/dev/full 2>&1", loses=True),
    Broken("stdout without a reader", ">&0 </dev/null", loses=True),
    Broken("stderr without a reader", "2>&0 </dev/null"),
    Broken("stdout read-only", "1</dev/null", loses=True),
    Broken("stderr read-only", "2</dev/null"),
    Broken("stdout read-only, stderr closed", "1</dev/null 2>&-", loses=True),
    Broken("an ascii terminal", "", runs="läufe-é-数", encoding="ascii"),
    Broken("a latin-1 terminal, stderr closed", "2>&-", runs="läufe-é-数", encoding="latin-1"),
)


def check(seed: int, work: Path) -> list[Row]:
    """Try every command on broken streams: short commands on all, long commands on some."""
    work.mkdir(exist_ok=True)
    rng = Random(f"{seed} streams")
    chosen = {name: rng.sample(BROKEN, SAMPLE) if name in SLOW else BROKEN for name in COMMANDS}
    with ThreadPoolExecutor(len(COMMANDS)) as threads:
        return list(threads.map(lambda name: _try(seed, name, chosen[name], work / name.replace(" ", "-")), COMMANDS))


def _try(seed: int, name: str, chosen: tuple[Broken, ...] | list[Broken], work: Path) -> Row:
    row = Row(f"{name} on broken streams")
    usual = _call(name, Broken("undisturbed", ""), work / "usual")
    if usual.returncode:
        raise RuntimeError(f"an undisturbed {name} ended with exit code {usual.returncode}: {last_line(usual.stderr)}")
    for number, broken in enumerate(chosen):
        place = work / str(number)
        answer = _call(name, broken, place)
        wrong = [*_told_badly(broken, answer), *_lost(name, broken, place, work / "usual")]
        row.cases += 1
        row.wrong += [f"seed {seed}, {name}, {broken.name}: {sentence}" for sentence in wrong]
    row.seen = "; ".join(broken.name for broken in chosen) if name in SLOW else ""
    return row


def _call(name: str, broken: Broken, place: Path) -> "subprocess.CompletedProcess[str]":
    place.mkdir(parents=True)
    (place / "grid.yaml").write_text(GRID)
    synthetic_record(place / broken.runs)
    own = {"CNA_VIZ_CACHE": str(place.parent / "cache"), "OMP_NUM_THREADS": "1"}
    own |= {"PYTHONIOENCODING": broken.encoding} if broken.encoding else {}
    root = str(Path(__file__).resolve().parents[1])
    reader, writer = os.pipe()
    os.close(reader)
    try:
        command = f"{shlex.join([sys.executable, *SCRIPT, *COMMANDS[name](broken.runs)])} {broken.redirected}"
        return subprocess.run(
            ["sh", "-c", command],
            stdin=writer if ">&0" in broken.redirected else subprocess.DEVNULL,
            cwd=place,
            env={**os.environ, "PYTHONPATH": root, **own},
            capture_output=True,
            text=True,
            errors="replace",
            timeout=300,
        )
    finally:
        os.close(writer)


def _told_badly(broken: Broken, answer: "subprocess.CompletedProcess[str]") -> Iterator[str]:
    said = answer.stdout + answer.stderr
    if answer.returncode != broken.loses:
        yield f"exit code {answer.returncode} instead of {int(broken.loses)}: {last_line(said)}"
    if "Traceback" in said or "Exception ignored" in said:
        yield f"a traceback ending in: {last_line(said)}"
    told = "can't write the result" in said
    if broken.loses and "2>" not in broken.redirected and told == (">&0" in broken.redirected):
        yield f"it reports a lost result as: {last_line(said)!r}"
    if not broken.loses and not answer.stdout:
        yield "it printed nothing"


def _lost(name: str, broken: Broken, place: Path, usual: Path) -> Iterator[str]:
    """Yield the work that a command lost or changed because of its streams."""
    runs = place / broken.runs
    yield from RecordsFolder(runs, {}).problems()
    made = {path.parent.name: path.read_bytes() for path in runs.glob("*/metrics.jsonl")}
    wanted = {path.parent.name: path.read_bytes() for path in (usual / "runs").glob("*/metrics.jsonl")}
    if len(made) != TRAINED.get(name, 0) + 1:  # one was there before
        yield f"{len(made)} records"
    yield from (f"record {run} differs" for run, content in made.items() if content != wanted.get(run))
    if name == "report" and not (place / "out" / "quickstart" / "index.html").exists():
        yield "there is no page"
