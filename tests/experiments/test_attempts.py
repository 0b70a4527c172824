"""Locks, and what interrupted attempts leave: only what a run wrote is ever moved or removed."""

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from cna_viz.config import RunConfig
from cna_viz.errors import RecordError
from cna_viz.experiments.attempts import forget_attempts, set_aside
from cna_viz.records.schema import COMPLETE_FILE
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.writing.lock import record_lock

CONFIG = RunConfig()
RUN = CONFIG.run_id


def attempt(runs: Path, name: str = RUN) -> Path:
    """Write what an interrupted run leaves, under a name."""
    folder = synthetic_record(runs / "made", CONFIG, nodes=12, epochs=2).folder.rename(runs / name)
    (folder / COMPLETE_FILE).unlink()
    (runs / "made").rmdir()
    return folder


def names(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir())


def contents(runs: Path) -> dict[str, bytes | str | None]:
    """Return every file with its bytes, every link with its target, and every folder."""
    return {
        path.relative_to(runs).as_posix(): os.readlink(path)
        if path.is_symlink()
        else path.read_bytes()
        if path.is_file()
        else None
        for path in runs.rglob("*")
    }


def write(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("mine")


FOREIGN: dict[str, tuple[Callable[[Path], object], str]] = {
    "file": (lambda path: write(path / "thesis" / "ch1.tex"), "holds thesis/ch1.tex, which is not part of a record"),
    "empty folder": (lambda path: (path / "notes").mkdir(), "holds notes, which is not part of a record"),
    "link": (lambda path: (path / "summary.json.bak").symlink_to(path), "holds summary.json.bak, which is"),
    "linked file": (
        lambda path: (
            os.replace(path / "metrics.jsonl", path.parent / "m"),
            (path / "metrics.jsonl").symlink_to(path.parent / "m"),
        ),
        "holds metrics.jsonl, which is",
    ),
    "linked folder": (
        lambda path: (
            os.replace(path / "snapshots", path.parent / "s"),
            (path / "snapshots").symlink_to(path.parent / "s"),
        ),
        "holds snapshots, which is",
    ),
    "pipe": (
        lambda path: os.mkfifo(path / "snapshots" / "0007.safetensors"),
        "holds snapshots/0007.safetensors, which is",
    ),
    "config of another": (
        lambda path: (path / "config.json").write_text('{"my": "app"}'),
        "has a config.json of another run",
    ),
    "no config": (lambda path: (path / "config.json").unlink(), "has no config.json"),
}


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "abc"
    with record_lock(folder) as lock:
        assert not folder.exists()
        with pytest.raises(Timeout):
            FileLock(lock.lock_file).acquire(timeout=0)
        with record_lock(folder.with_name("other")):
            pass
    with FileLock(lock.lock_file).acquire(timeout=0):
        pass
    assert names(tmp_path / "runs") == [".locks"]


def test_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), record_lock(tmp_path / "abc"):
        raise KeyboardInterrupt
    record_lock(tmp_path / "abc").acquire(timeout=0).lock.release()


def test_nothing_to_set_aside(tmp_path: Path) -> None:
    set_aside(tmp_path / RUN)
    assert names(tmp_path) == []


def test_attempts_are_numbered_and_the_record_replaces_them(tmp_path: Path) -> None:
    for number in range(1, 4):
        folder = attempt(tmp_path)
        (folder / "timings.jsonl").write_text(str(number))
        set_aside(folder)
        assert not folder.exists()
    aside = [f"{RUN}.unfinished-{number}" for number in range(1, 4)]
    assert names(tmp_path) == aside
    assert [(tmp_path / name / "timings.jsonl").read_text() for name in aside] == ["1", "2", "3"]
    forget_attempts(tmp_path / RUN)
    assert names(tmp_path) == []


def test_only_attempts_at_this_run_are_forgotten(tmp_path: Path) -> None:
    for name in (RUN, f"{RUN}.unfinished-1", f"abd{RUN[3:]}.unfinished-1", f"x{RUN}.unfinished-1"):
        attempt(tmp_path, name)
    forget_attempts(tmp_path / RUN)
    assert names(tmp_path) == sorted([RUN, f"abd{RUN[3:]}.unfinished-1", f"x{RUN}.unfinished-1"])


def test_setting_aside_after_an_earlier_attempt_was_removed_by_hand(tmp_path: Path) -> None:
    attempt(tmp_path, f"{RUN}.unfinished-2")
    (tmp_path / f"{RUN}.unfinished-1").symlink_to(tmp_path / "nowhere")
    set_aside(attempt(tmp_path))
    assert names(tmp_path) == [f"{RUN}.unfinished-{number}" for number in (1, 2, 3)]


def test_what_systems_leave_does_not_stop_a_new_attempt_and_is_not_removed(tmp_path: Path) -> None:
    folder = attempt(tmp_path)
    write(folder / ".DS_Store")
    set_aside(folder)
    forget_attempts(folder)
    assert (tmp_path / f"{RUN}.unfinished-1" / ".DS_Store").read_text() == "mine"


@pytest.mark.parametrize("kind", FOREIGN)
def test_what_holds_anything_else_is_neither_moved_nor_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    make, reason = FOREIGN[kind]
    folder = attempt(tmp_path)
    make(folder)
    before = contents(tmp_path)
    with pytest.raises(RecordError) as caught:
        set_aside(folder)
    assert f"{folder}: {reason}" in str(caught.value)
    assert contents(tmp_path) == before
    aside = folder.rename(tmp_path / f"{RUN}.unfinished-1")
    before = contents(tmp_path)
    with caplog.at_level(logging.WARNING):
        forget_attempts(folder)
    assert f"{aside}: kept, as it {reason}" in caplog.text
    assert contents(tmp_path) == before


NEIGHBOURS: dict[str, tuple[Callable[[Path], object], str]] = {
    "file of the user": (lambda path: write(path.with_name(f"{RUN}.unfinished-keep") / "data.txt"), "does not have"),
    "file": (lambda path: path.with_name(f"{RUN}.unfinished-4").write_text("mine"), "is not a folder"),
    "link": (lambda path: path.with_name(f"{RUN}.unfinished-7").symlink_to(path.parent), "is a link"),
    "finished record": (
        lambda path: synthetic_record(path.parent, CONFIG).folder.rename(path.with_name(f"{RUN}.unfinished-7")),
        "is a finished record",
    ),
}


@pytest.mark.parametrize("kind", NEIGHBOURS)
def test_what_only_bears_the_name_of_an_attempt_is_kept_and_named(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    make, reason = NEIGHBOURS[kind]
    make(tmp_path / RUN)
    before = contents(tmp_path)
    forget_attempts(tmp_path / RUN)
    assert f"kept, as it {reason}" in caplog.text
    assert contents(tmp_path) == before


@pytest.mark.parametrize("make", [lambda path: path.write_text("mine"), lambda path: path.symlink_to("nowhere")])
def test_what_is_no_folder_stays_where_the_record_belongs(tmp_path: Path, make: Callable[[Path], object]) -> None:
    make(tmp_path / RUN)
    with pytest.raises(RecordError, match="so this run can't be trained there"):
        set_aside(tmp_path / RUN)
    assert names(tmp_path) == [RUN]


@pytest.mark.parametrize("name", ["metrics.jsonl", "snapshots/0000.safetensors"])
def test_what_has_another_name_is_set_aside_and_not_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    folder = attempt(tmp_path)
    os.link(folder / name, tmp_path / "kept")
    set_aside(folder)
    forget_attempts(folder)
    assert f"kept, as it holds {name}, which has another hard link" in caplog.text
    assert names(tmp_path) == [f"{RUN}.unfinished-1", "kept"]


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("name", ["", "metrics.jsonl", "snapshots"])
def test_what_belongs_to_another_user_is_set_aside_and_not_removed(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    folder = attempt(tmp_path)
    os.chown(folder / name, 12345, 12345)
    set_aside(folder)
    forget_attempts(folder)
    assert "belongs to another user" in caplog.text
    assert names(tmp_path) == [f"{RUN}.unfinished-1"]


@pytest.mark.parametrize("name", ["snapshots/.0000.safetensors", ".summary.json"])
def test_what_a_killed_removal_left_stops_no_new_attempt(tmp_path: Path, name: str) -> None:
    folder = attempt(tmp_path)
    write(folder / f"{name}.{'0f' * 16}.tmp")
    set_aside(folder)
    forget_attempts(folder)
    assert names(tmp_path) == []
