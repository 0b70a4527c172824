"""Five hundred randomly damaged records: verification finds each, and reading them is refused."""

import json
import random
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from cna_viz.errors import RecordError
from cna_viz.records.record import load_record
from cna_viz.records.stored import stored_runs
from cna_viz.records.verify import find_problems
from faults.row import Row

CASES: Final = 500
Damage = Callable[[random.Random, Path, list[str]], str]


def check(seed: int, work: Path) -> list[Row]:
    """Damage copies of the package's own records, one damage each."""
    rng = random.Random(seed)
    records = sorted(path for path in stored_runs().iterdir() if path.is_dir())
    rows = {name: Row(f"a record {what}") for name, (what, _) in DAMAGES.items()}
    for number in range(CASES):
        name = rng.choice(list(DAMAGES))
        folder = work / rng.choice(records).name
        shutil.copytree(stored_runs() / folder.name, folder)
        files = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
        done = DAMAGES[name][1](rng, folder, files)
        rows[name].cases += 1
        rows[name].wrong += [f"case {number}, {folder.name}: {done}: {wrong}" for wrong in _missed(folder)]
        shutil.rmtree(folder)
    return list(rows.values())


def read_everything(folder: Path) -> None:
    """Read everything in a record, as figures do.

    Raises:
        RecordError: When anything was changed.
    """
    record = load_record(folder)
    _ = record.metrics, record.graph
    for epoch in record.snapshots:
        snapshot = record.snapshot(epoch)
        for name in snapshot.shapes():
            snapshot.read(name)


def _missed(folder: Path) -> list[str]:
    wrong = [] if find_problems(folder) else ["the check found nothing"]
    try:
        read_everything(folder)
    except RecordError:
        return wrong
    except Exception as error:  # any other error is a fault
        return [*wrong, f"read with {type(error).__name__}: {error}"]
    return [*wrong, "it was read"]


def _flip(rng: random.Random, folder: Path, files: list[str]) -> str:
    name = rng.choice(files)
    content = bytearray((folder / name).read_bytes())
    place, bit = rng.randrange(len(content)), rng.randrange(8)
    content[place] ^= 1 << bit
    (folder / name).write_bytes(content)
    return f"bit {bit} of byte {place} of {name}"


def _truncate(rng: random.Random, folder: Path, files: list[str]) -> str:
    name = rng.choice(files)
    content = (folder / name).read_bytes()
    left = rng.randrange(len(content))
    (folder / name).write_bytes(content[:left])
    return f"{name} cut to {left} of {len(content)} bytes"


def _swap(rng: random.Random, folder: Path, files: list[str]) -> str:
    contents = {name: (folder / name).read_bytes() for name in files}
    one = rng.choice(files)
    other = rng.choice([name for name in files if contents[name] != contents[one]])
    (folder / one).write_bytes(contents[other])
    (folder / other).write_bytes(contents[one])
    return f"{one} and {other} exchanged"


def _remove(rng: random.Random, folder: Path, files: list[str]) -> str:
    name = rng.choice(files)
    (folder / name).unlink()
    return f"{name} removed"


def _add(rng: random.Random, folder: Path, files: list[str]) -> str:
    place, kind = rng.choice(["", "snapshots/", "more/"]), rng.choice(["json", "safetensors", "py"])
    name = f"{place}{rng.randrange(10**6):06}.{kind}"
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).write_bytes(rng.randbytes(rng.randrange(100)))
    return f"{name} added"


def _edit(rng: random.Random, folder: Path, files: list[str]) -> str:
    name = rng.choice([name for name in files if name.endswith((".json", ".jsonl"))])
    lines = (folder / name).read_text(encoding="utf-8").splitlines()
    place = rng.randrange(len(lines))
    values = json.loads(lines[place])
    key = rng.choice(sorted(values))
    values[key] = rng.choice([None, -1, 0.5, "other", [], {}, True, 10**30])
    before = lines[place]
    lines[place] = json.dumps(values, sort_keys=True)
    if lines[place] == before:
        lines[place] += " "
    (folder / name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return f"{key} of line {place + 1} of {name} edited"


def _link(rng: random.Random, folder: Path, files: list[str]) -> str:
    name = rng.choice(files)
    target = stored_runs() / folder.name / name
    (folder / name).unlink()
    (folder / name).symlink_to(target)
    return f"{name} replaced by a link to its own content"


DAMAGES: Final[dict[str, tuple[str, Damage]]] = {
    "flip": ("with a bit flipped", _flip),
    "truncate": ("with a file cut", _truncate),
    "swap": ("with two files exchanged", _swap),
    "remove": ("with a file removed", _remove),
    "extra": ("with a file added", _add),
    "edit": ("with a value edited in its JSON", _edit),
    "link": ("with a file made a link", _link),
}
