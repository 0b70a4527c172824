"""Full, read-only, removed or shared folders, and jumping clocks: success or a one-line error, consistent records."""

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random
from typing import Final

from faults import mounts, records_folder
from faults.commands import Command, finish, last_line, start
from faults.records_folder import RecordsFolder
from faults.row import Row

TINY: Final = ["--dataset", "csbm", "--csbm-nodes", "60", "--hidden", "4", "--layers", "2"]
GRID: Final = """
about: Does it survive?
fixed: {dataset: csbm, csbm_nodes: 60, hidden: 4, layers: 2, epochs: 4, snapshots: ends}
axes: {slot: [relu, none], seed: [0, 1]}
space: {lr: {values: [0.01, 0.02]}}
"""
REPORT: Final = ["quickstart", "-p", "dataset", "karate", "-p", "layers", "2", "-p", "hidden", "4", "-p", "epochs", "2"]
FULL: Final = (("run", 60), ("run", 60), ("run", 60), ("sweep", 200), ("sweep", 200), ("tune", 60), ("report", 60))
"""Commands tried on a full disk, with the maximum of free kB."""
DISK: Final = 4096
"""Size of the disk in kB."""
BELOW: Final = {"runs": "file/runs", "runs/out": "file/out"}
"""Folders that can't be created, because they lie below a file."""
ENDS: Final = (0, 1, 2)
"""Documented exit codes."""
YEAR: Final = 365 * 86_400
LIMIT: Final = """import resource
resource.setrlimit(resource.RLIMIT_FSIZE, ({size}, resource.RLIM_INFINITY))
"""
CLOCK: Final = """import time
_real, _asked = time.time, 0
def _jumping():
    global _asked
    _asked += 1
    return _real() + ({jump} if _asked > {calls} else 0)
time.time = _jumping
"""


def check(seed: int, work: Path) -> list[Row]:
    """Try every failure of a folder or a clock."""
    rng = Random(f"{seed} folders")
    return [
        _full(seed, rng, work / "full"),
        _read_only(work / "read-only"),
        _removed(seed, rng, work / "removed"),
        _shared(work / "shared"),
        _clock(seed, rng, work / "clock"),
    ]


def _full(seed: int, rng: Random, work: Path) -> Row:
    row = Row("disk full in a run, a sweep, a tuning and a report")
    possible = mounts.may_mount(work)
    row.seen = "exit codes" if possible else "mounting is not allowed here, so file sizes were limited; exit codes"
    for name, most in FULL:
        room = rng.randint(4, most)
        place = work / str(row.cases)
        with mounts.small(place / "runs", DISK):
            folder = records_folder.make(place / "runs")
            if possible:
                _fill(folder.path / "drafts" / "filler", room)
            modules = None if possible else _modules(work / f"modules-{row.cases}", LIMIT.format(size=room * 100))
            command = start(_words(name, place, outputs="runs/drafts"), place, modules)
            code, _ = finish(command)
            _note(row, f"seed {seed}, {name} with {room} kB free", [*_told_badly(command, code), *folder.problems()])
            row.seen += f", {name} {room} kB: {code}"
    return row


def _fill(file: Path, room: int) -> None:
    """Fill the file system of a file, except ``room`` kB."""
    file.write_bytes(bytes(max(0, shutil.disk_usage(file.parent).free - room * 1024)))


def _read_only(work: Path) -> Row:
    row = Row("read-only folder, and a folder below a file")
    (work / "runs").mkdir(parents=True)
    folder = records_folder.make(work / "runs")
    (folder.path / "1111222233334444").mkdir()
    (work / "file").write_text("a file")
    commands = ("run", "sweep", "tune", "report", "list", "verify", "gc", "gc --delete")
    with mounts.read_only(folder.path) as locked:
        for name in commands if locked else ():
            _try(row, name, f"{name} in a read-only folder", work, folder, _words(name, work, outputs="runs/out"))
    for name in commands:
        words = [BELOW.get(word, word) for word in _words(name, work, outputs="runs/out")]
        words[0] = "runs" if words[0] == BELOW["runs"] else words[0]
        _try(row, name, f"{name} below a file", work, folder, words)
    row.seen = "read-only by a bind mount" if locked else "mounting is not allowed here: only below a file"
    return row


def _try(row: Row, name: str, where: str, work: Path, folder: RecordsFolder, words: list[str]) -> None:
    command = start(words, work)
    code, _ = finish(command)
    wrong = [*_told_badly(command, code), *folder.problems()]
    if name in ("run", "sweep", "tune", "report", "gc --delete") and code == 0 and "below" in where:
        wrong.append("it reports success")
    _note(row, where, wrong)


def _removed(seed: int, rng: Random, work: Path) -> Row:
    row = Row("folder of the records removed during a run or a sweep")
    for name in ("run", "run", "sweep"):
        place = work / str(row.cases)
        words = ["run", *TINY, "--epochs", "3000", "--every", "1"] if name == "run" else _words("sweep", place)
        words += ["--set", "epochs=3000", "every=1"] if name == "sweep" else []
        (place / "runs").mkdir(parents=True)
        (place / "grid.yaml").write_text(GRID)
        command = start(words, place)
        _wait_for(place / "runs", command)
        time.sleep(rng.uniform(0.0, 0.5))
        shutil.rmtree(place / "runs", ignore_errors=True)
        code, _ = finish(command, 120)
        (place / "runs").mkdir(exist_ok=True)
        folder = RecordsFolder(place / "runs", {})
        _note(row, f"seed {seed}, {name} {row.cases}", [*_told_badly(command, code), *folder.problems()])
        row.seen += f"{name}: {code}, {last_line(command.said())[:60]}; "
    return row


def _wait_for(runs: Path, command: Command) -> None:
    """Wait until a record exists, or the command has ended."""
    while not any(runs.glob("[0-9a-f]*/metrics.jsonl")) and command.wait(0.02) is None:
        pass


def _shared(work: Path) -> Row:
    row = Row("two processes on one config, or one grid, at once")
    for name, records in (("run", 1), ("run", 1), ("sweep", 4)):
        place = work / str(row.cases)
        folder = records_folder.make(place / "runs")
        commands = [start(_words(name, place), place) for _ in range(2)]
        wrong = []
        for command in commands:
            code, _ = finish(command)
            wrong += [f"exit code {code}: {last_line(command.said())}"] if code else []
            wrong += _told_badly(command, code)
        made = len(folder.finished()) - 1
        wrong += [f"{made} records instead of {records}"] if made != records else []
        _note(row, f"two of {name}", wrong + folder.problems())
    return row


def _clock(seed: int, rng: Random, work: Path) -> Row:
    row = Row("clock jumps by a year during a run, a sweep, a tuning and a report")
    for name in ("run", "sweep", "tune", "report"):
        for jump in (-YEAR, YEAR):
            calls = rng.randint(1, 60)
            place = work / str(row.cases)
            folder = records_folder.make(place / "runs")
            modules = _modules(work / f"modules-{row.cases}", CLOCK.format(jump=jump, calls=calls))
            command = start(_words(name, place), place, modules)
            code, _ = finish(command)
            wrong = [f"exit code {code}: {last_line(command.said())}"] if code else []
            wrong += [*_told_badly(command, code), *folder.problems()]
            _note(row, f"seed {seed}, {name}, jump of {jump} s after {calls} calls of time.time", wrong)
    return row


def _words(name: str, place: Path, outputs: str = "out") -> list[str]:
    """Return the words of a command run in ``place``; outputs other than records go to ``outputs``."""
    place.mkdir(parents=True, exist_ok=True)
    if not (place / "grid.yaml").exists():
        (place / "grid.yaml").write_text(GRID)
    makers: dict[str, Callable[[], list[str]]] = {
        "run": lambda: ["run", *TINY, "--epochs", "4"],
        "sweep": lambda: ["sweep", "grid.yaml", "--workers", "2"],
        "tune": lambda: ["tune", "grid.yaml", "--trials", "2", "--seeds", "7", "--workers", "2", "--out", outputs],
        "report": lambda: ["report", *REPORT, "--runs", "runs", "--out", outputs],
    }
    words = makers[name]() if name in makers else ["runs", *name.split()]
    return words if name in ("tune", "report") else [*words, "--runs", "runs"]


def _modules(folder: Path, text: str) -> Path:
    """Return a folder with a module that every Python process of a command imports first."""
    folder.mkdir(parents=True)
    (folder / "sitecustomize.py").write_text(text)
    return folder


def _told_badly(command: Command, code: int | None) -> Iterator[str]:
    """Yield the violations in the way a command ended."""
    said = command.said()
    if code is None:
        yield "it did not end"
    elif code not in ENDS:
        yield f"exit code {code}"
    if "Traceback" in said or "Exception ignored" in said:
        yield f"a traceback ending in: {last_line(said)}"
    elif code and "cna-viz: " not in said:
        yield f"exit code {code} without an error message; the last line: {last_line(said)!r}"
    yield from (f"process {process} is left over" for process in command.left())


def _note(row: Row, where: str, wrong: list[str]) -> None:
    row.cases += 1
    row.wrong += [f"{where}: {sentence}" for sentence in wrong]
