"""Forty situations around the folder of a run: foreign files and finished records are never moved or lost."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from cna_viz.config import RunConfig
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.schema import COMPLETE_FILE
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.verify import find_problems
from cna_viz.records.writing.lock import lock_file
from faults.commands import SCRIPT
from faults.row import Row

CASES: Final = 40
STRANGER: Final = 12345
"""Another user of the machine."""
POWERLESS: Final = ("setpriv", "--inh-caps=-all", "--bounding-set=-all")
"""Prefix of a command: root without the right to read and write files of others."""
TINY: Final = {
    "data": {"dataset": "csbm", "csbm": {"nodes": 60}},
    "model": {"hidden": 4, "layers": 2},
    "training": {"epochs": 3},
}
GRID: Final = """
about: Is anything lost?
fixed: {dataset: csbm, csbm_nodes: 60, hidden: 4, layers: 2, epochs: 3}
axes: {seed: [0]}
"""
COMMANDS: Final = (
    ("run", "gc"),
    ("run",),
    ("gc",),
    ("gc", "run"),
    ("sweep",),
    ("run", "list", "verify", "gc"),
)


@dataclass
class Place:
    """A folder of records, and the run tried in it."""

    rng: Random
    work: Path
    config: RunConfig

    @property
    def runs(self) -> Path:
        """The folder of the records."""
        return self.work / "runs"

    @property
    def folder(self) -> Path:
        """Folder of the run's record."""
        return self.runs / self.config.run_id

    def aside(self, number: object) -> Path:
        """Return the path of an attempt that was set aside."""
        return self.folder.with_name(f"{self.folder.name}.unfinished-{number}")

    def attempt(self) -> Path:
        """Write the leftovers of an interrupted run, in place or set aside."""
        made = synthetic_record(self.work / "made", self.config, nodes=12, epochs=2).folder
        (made / COMPLETE_FILE).unlink()
        goal = self.rng.choice([self.folder, self.aside(1), self.aside(12)])
        goal.parent.mkdir(exist_ok=True)
        return made.rename(goal)

    def finished(self, goal: Path) -> Path:
        """Write a finished record of the run to a path."""
        goal.parent.mkdir(exist_ok=True)
        return synthetic_record(self.work / "made", self.config, nodes=12, epochs=2).folder.rename(goal)


def _written(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("written by hand")


def _foreign_file(place: Place) -> str:
    names = ("thesis/ch1.tex", "snapshots/plot.png", "notes", ".config.json.tmp", "summary.json.bak", "snapshots/a/b/c")
    name = place.rng.choice(names)
    _written(place.attempt() / name)
    return f"{name} in an attempt"


def _foreign_folder(place: Place) -> str:
    name = place.rng.choice(["keep", "0", "01", "1.bak", "-1", "x/y"])
    _written(place.aside(name) / "data.txt")
    return f"unfinished-{name}"


def _foreign_config(place: Place) -> str:
    content = place.rng.choice(['{"my": "app"}', "", "[]", "\0", place.config.replace(seed=99).to_json()])
    (place.attempt() / "config.json").write_text(content)
    return f"config.json {content[:20]!r}"


def _no_config(place: Place) -> str:
    (place.attempt() / "config.json").unlink()
    return "no config.json"


def _finished(place: Place) -> str:
    number = place.rng.randint(1, 9)
    place.finished(place.aside(number))
    return f"a finished record named unfinished-{number}"


def _link(place: Place) -> str:
    _written(place.work / "elsewhere" / "data.txt")
    goal = place.rng.choice([place.folder, place.aside(3)])
    goal.parent.mkdir(exist_ok=True)
    target = place.rng.choice([place.work / "elsewhere", place.work / "nowhere"])
    goal.symlink_to(target)
    return f"{goal.name} is a link to {target.name}"


def _linked_inside(place: Place) -> str:
    attempt = place.attempt()
    name = place.rng.choice(["metrics.jsonl", "snapshots", "manifest.jsonl"])
    elsewhere = (attempt / name).rename(place.work / "elsewhere")
    (attempt / name).symlink_to(elsewhere)
    return f"{name} of an attempt is a link"


def _hard_link(place: Place) -> str:
    name = place.rng.choice(["metrics.jsonl", "snapshots/0000.safetensors", "graph.safetensors"])
    os.link(place.attempt() / name, place.work / "elsewhere")
    return f"{name} of an attempt has another name"


def _not_a_folder(place: Place) -> str:
    goal = place.rng.choice([place.folder, place.aside(2)])
    _written(goal)
    return f"{goal.name} is a file"


def _device(place: Place) -> str:
    os.mkfifo(place.attempt() / place.rng.choice(["pipe", "snapshots/0009.safetensors"]))
    return "a pipe in an attempt"


def _stranger(place: Place) -> str:
    attempt = place.attempt()
    name = place.rng.choice(["", "snapshots", "metrics.jsonl"])
    if os.geteuid() == 0:
        os.chown(attempt / name, STRANGER, STRANGER)
    else:
        _written(attempt / "not-root")
    return f"{name or 'an attempt'} belongs to another user"


def _lock(place: Place) -> str:
    attempt = place.attempt()
    lock = lock_file(place.folder)
    lock.parent.mkdir()
    lock.write_text("written by hand")
    (place.runs / ".locks" / "notes.lock").write_text("by hand")
    shutil.move(attempt, place.work / "made")
    return "a lock that is not empty"


SITUATIONS: Final[tuple[Callable[[Place], str], ...]] = (
    _foreign_file,
    _foreign_folder,
    _foreign_config,
    _no_config,
    _finished,
    _link,
    _linked_inside,
    _hard_link,
    _not_a_folder,
    _device,
    _stranger,
    _lock,
)


def check(seed: int, work: Path) -> list[Row]:
    """Try all situations, and two users of one folder."""
    rng = Random(f"{seed} leftovers")
    rows = {make: Row(f"around a run: {make.__name__.strip('_').replace('_', ' ')}") for make in SITUATIONS}
    for number in range(CASES):
        make = SITUATIONS[number % len(SITUATIONS)]
        place = Place(rng, work / str(number), RunConfig.model_validate({**TINY, "seed": 0}))
        place.work.mkdir()
        (place.work / "grid.yaml").write_text(GRID)
        what = make(place)
        neighbour = synthetic_record(place.runs, RunConfig(), nodes=12, epochs=2).folder
        before = _contents(place.work)
        names = rng.choice(COMMANDS)
        answers = [_call(name, place) for name in names]
        wrong = [*_lost(before, place.work), *find_problems(neighbour), *_ended_badly(answers, place)]
        rows[make].cases += 1
        rows[make].wrong += [f"seed {seed}, case {number}, {what}, {' then '.join(names)}: {one}" for one in wrong]
    return [*rows.values(), _two_users(work / "users")]


def _contents(folder: Path) -> dict[str, object]:
    """Return every file with its content, every link with its target, and every folder and device."""
    return {path.relative_to(folder).as_posix(): _content(path) for path in folder.rglob("*")}


def _content(path: Path) -> object:
    if path.is_symlink():
        return os.readlink(path)
    return path.read_bytes() if path.is_file() else path.stat().st_mode


def _lost(before: dict[str, object], work: Path) -> list[str]:
    """Return the lost or changed files; an attempt that was set aside counts under its new name."""
    after = _contents(work)
    aside = {
        re.sub(r"\.unfinished-[0-9]+", "", name): content for name, content in after.items() if "unfinished" in name
    }
    lost = [name for name, content in before.items() if content not in (after.get(name), aside.get(name))]
    return [f"{name} is gone or was changed" for name in lost]


def _call(name: str, place: Place, before: tuple[str, ...] = ()) -> "subprocess.CompletedProcess[str]":
    words = {
        "run": ["run", "--dataset", "csbm", "--csbm-nodes", "60", "--hidden", "4", "--layers", "2", "--epochs", "3"],
        "sweep": ["sweep", "grid.yaml", "--workers", "1"],
        "gc": ["runs", "gc", "--delete"],
    }.get(name, ["runs", name])
    own = {"OMP_NUM_THREADS": "1", "CNA_VIZ_CACHE": str(place.work.parent / "cache"), "HOME": str(place.work)}
    path = os.pathsep.join(filter(None, (str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [*before, sys.executable, *SCRIPT, *words, "--runs", "runs"],
        cwd=place.work,
        env={**os.environ, **own, "PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _ended_badly(answers: "list[subprocess.CompletedProcess[str]]", place: Place) -> list[str]:
    wrong = ["a traceback: " + one.stderr[-200:] for one in answers if "Traceback" in one.stderr]
    trained = [one for one in answers if one.args[-4] == "3" or "sweep" in one.args]
    for one in trained:
        if one.returncode == 0 and not is_complete(place.folder):
            wrong.append("it reports success without a record")
        if one.returncode and place.folder.name not in one.stderr and "Permission denied" not in one.stderr:
            wrong.append(f"exit code {one.returncode} without naming the obstacle: {one.stderr[-200:]}")
    return wrong


def _two_users(work: Path) -> Row:
    """Work in a folder of another user, without root's capabilities: everything stays and is named."""
    row = Row("two users of a folder of records")
    if os.geteuid() != 0 or shutil.which("setpriv") is None:
        row.seen = "needs root, who can give files away, and setpriv, which takes his powers"
        return row
    for mode in (0o777, 0o755, 0o000):
        for inside in (0o755, 0o000):
            place = Place(Random(0), work / f"{mode:o}-{inside:o}", RunConfig.model_validate({**TINY, "seed": 0}))
            place.work.mkdir(parents=True)
            (place.work / "grid.yaml").write_text(GRID)
            attempt = place.attempt()
            synthetic_record(place.runs, RunConfig(), nodes=12, epochs=2)
            for path in (place.runs, *place.runs.rglob("*")):
                os.chown(path, STRANGER, STRANGER)
            attempt.chmod(inside)
            place.runs.chmod(mode)
            before = _contents(place.work)
            answers = [_call(name, place, POWERLESS) for name in ("list", "verify", "gc", "run", "sweep")]
            row.cases += len(answers)
            wrong = [*_lost(before, place.work), *_ended_badly(answers, place)]
            row.wrong += [f"runs {mode:o}, attempt {inside:o}: {one}" for one in wrong]
    return row
