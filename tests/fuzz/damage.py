"""Records that something happened to: bytes that changed, or files that say something else, checksums and all."""

import json
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from hypothesis import strategies as st

from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.records.synthetic import synthetic_record
from tests.fuzz.strategies import plain
from tests.records.helpers import digest, manifest_line

CONFIG: Final = RunConfig(
    model=ModelConfig(slot="cna", layers=2, hidden=3, clusters=2),
    recording=RecordingConfig(snapshots="ends", measures=("mad", "rayleigh"), every=1),
)
JSON: Final = ("config.json", "environment.json", "summary.json", "selected.json")
LINES: Final = ("metrics.jsonl", "timings.jsonl", "manifest.jsonl")
FILES: Final = (
    *JSON,
    *LINES,
    "graph.safetensors",
    "COMPLETE",
    "snapshots/0000.safetensors",
    "snapshots/0001.safetensors",
)
DEEP: Final = b"[" * 100_000
INSTEAD: Final = (
    b"",
    b"\0",
    b"\n",
    b"{}",
    b"[]",
    b"null",
    b"1e999",
    b"NaN",
    DEEP,
    b'{"a":' * 100_000,
    b"\xff\xfe",
    b"9" * 5000,
    b"{}\n" * 3,
)


@cache
def _untouched() -> dict[str, bytes]:
    with TemporaryDirectory() as place:
        folder = synthetic_record(Path(place), CONFIG, nodes=6, epochs=1).folder
        return {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }


def write_untouched(runs: Path) -> Path:
    """Write the record below ``runs``, alone, and return its folder."""
    folder = runs / CONFIG.run_id
    shutil.rmtree(folder, ignore_errors=True)
    (folder / "snapshots").mkdir(parents=True)
    for name, content in _untouched().items():
        (folder / name).write_bytes(content)
    return folder


@dataclass(frozen=True)
class Damage:
    """One change of a file's bytes: those between two places, as shares of its length, become others; or it is gone."""

    file: str
    start: float
    length: int
    instead: bytes
    gone: bool = False

    def apply(self, folder: Path) -> None:
        """Change the file."""
        path = folder / self.file
        if self.gone:
            path.unlink(missing_ok=True)
            return
        content = path.read_bytes() if path.exists() else b""
        start = int(self.start * len(content))
        path.write_bytes(content[:start] + self.instead + content[start + self.length :])


damages = st.builds(
    Damage,
    file=st.sampled_from([*FILES, "new.json", "snapshots/x.safetensors"]),
    start=st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1)),
    length=st.sampled_from([0, 0, 1, 1, 4, 100, 10**9]),
    instead=st.one_of(st.binary(max_size=3), st.sampled_from(INSTEAD)),
    gone=st.sampled_from([False] * 9 + [True]),
)


@dataclass(frozen=True)
class Edit:
    """One value of a file of JSON that becomes another: which one of all its values, counted, and what it becomes."""

    file: str
    number: int
    value: Any
    line: int = 0
    dropped: bool = False

    def apply(self, folder: Path) -> None:
        """Change the file."""
        path = folder / self.file
        lines = path.read_bytes().splitlines() if path.exists() else []
        place = self.line % max(1, len(lines))
        if not lines:  # there is nothing to change
            return
        try:
            data = json.loads(lines[place])
        except ValueError:  # damaged before
            return
        holders = list(_holders(data))
        holder, key = holders[self.number % len(holders)] if self.number and holders else (None, None)
        if holder is None:
            data = self.value
        elif self.dropped:
            del holder[key]
        else:
            holder[key] = self.value
        lines[place] = json.dumps(data).encode()
        path.write_bytes(b"".join(line + b"\n" for line in lines))


def _holders(data: Any) -> Any:
    items = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    for key, value in list(items):
        yield data, key
        yield from _holders(value)


telling = st.one_of(
    plain,
    st.sampled_from(
        ["../x", "/etc/passwd", "a\0b", "snapshots/x.safetensors", "snapshots", "config.json", "complete", "incomplete"]
    ),
    st.sampled_from(
        [{}, [], [[]], -1, 0, 1, 2**63, 10**400, 1e308, True, None, {"train": 1, "val": "x", "test": None}]
    ),
)
edits = st.builds(
    Edit,
    file=st.sampled_from([*JSON, *LINES]),
    number=st.integers(0, 60),
    value=telling,
    line=st.integers(0, 9),
    dropped=st.sampled_from([False, False, False, True]),
)


def seal(folder: Path, manifest: bool = True) -> None:
    """Give a record the checksums that its files have now.

    Args:
        folder: The record.
        manifest: Whether the lines of the manifest are made anew, or only the mark that says what the manifest is.
    """
    path = folder / "manifest.jsonl"
    if manifest:
        names = [name for name in _untouched() if name not in {"manifest.jsonl", "COMPLETE"}]
        path.write_text("".join(f"{json.dumps(manifest_line(folder, name))}\n" for name in names))
    (folder / "COMPLETE").write_text(digest(path.read_bytes()) + "\n")
