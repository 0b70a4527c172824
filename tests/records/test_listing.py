"""The list of a folder: what is broken or unfinished hides nothing else."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cna_viz.errors import RecordError, UsageError
from cna_viz.records import listing as module
from cna_viz.records.listing import find_run, list_runs
from cna_viz.records.record import Record

Make = Callable[..., Record]


def test_all_kinds(make: Make, runs: Path) -> None:
    good = make(seed=0)
    diverged = make(seed=1, status="diverged")
    incomplete = make(seed=2)
    (incomplete.folder / "COMPLETE").unlink()
    broken = make(seed=3)
    (broken.folder / "summary.json").write_text("{}")
    (runs / ".locks").mkdir()
    (runs / "notes.txt").write_text("x")
    (runs / "empty").mkdir()
    listed = {entry.folder.name: entry for entry in list_runs(runs)}
    assert list(listed) == sorted([good.id, diverged.id, incomplete.id, broken.id, "empty"])
    assert {name: entry.status for name, entry in listed.items()} == {
        good.id: "complete",
        diverged.id: "diverged",
        incomplete.id: "incomplete",
        broken.id: "broken",
        "empty": "incomplete",  # a run that is about to begin looks so
    }
    opened = {name for name, entry in listed.items() if entry.record is not None}
    assert opened == {good.id, diverged.id, incomplete.id}
    assert str(broken.folder / "summary.json") in listed[broken.id].problem
    assert all(entry.problem == "" for name, entry in listed.items() if name != broken.id)
    record = listed[good.id].record
    assert record is not None
    assert record.config == good.config


def test_a_folder_that_may_not_be_looked_into_hides_no_other(make: Make, runs: Path) -> None:
    good, locked = make(seed=0), make(seed=1)
    locked.folder.chmod(0)
    with _somebody_else(runs):
        listed = {entry.folder.name: entry for entry in list_runs(runs)}
    locked.folder.chmod(0o700)
    assert {name: entry.status for name, entry in listed.items()} == {good.id: "complete", locked.id: "broken"}
    assert listed[locked.id].problem == f"{locked.folder}: not readable (Permission denied)"


@contextmanager
def _somebody_else(readable: Path) -> Iterator[None]:
    """Be a user without rights for a while where we are the one who has them all."""
    if os.geteuid() != 0:
        yield
        return
    modes = {folder: folder.stat().st_mode for folder in (readable, *readable.parents)}
    for folder, mode in modes.items():
        folder.chmod(mode | 0o055)
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
        for folder, mode in modes.items():
            folder.chmod(mode)


def test_empty_folder(tmp_path: Path) -> None:
    assert list_runs(tmp_path) == []


def test_missing_folder(runs: Path) -> None:
    for look in (lambda: list_runs(runs), lambda: find_run(runs, "a")):
        with pytest.raises(RecordError, match=r"no such folder; `cna-viz run --runs .*` makes a first record there"):
            look()


def test_find_by_id_or_beginning(runs: Path) -> None:
    for name in ("abc1", "abc2", "b000", "abc"):
        (runs / name).mkdir(parents=True)
    assert find_run(runs, "abc1") == runs / "abc1"
    assert find_run(runs, "b") == runs / "b000"
    assert find_run(runs, "abc") == runs / "abc"  # an id that is the beginning of others
    with pytest.raises(
        UsageError, match=r"unknown run 'ab'; choices, nearest first: abc, abc1, abc2\. Several begin so\."
    ):
        find_run(runs, "ab")
    with pytest.raises(UsageError, match="unknown run 'abd1'; choices, nearest first: abc1, "):
        find_run(runs, "abd1")
    with pytest.raises(UsageError, match="unknown run ''"):
        find_run(runs, "")


@pytest.mark.parametrize("name", ["../abc1", ".", "..", "/", "abc1/", "*", "abc?"])
def test_find_takes_no_paths(runs: Path, name: str) -> None:
    (runs / "abc1").mkdir(parents=True)
    with pytest.raises(UsageError, match="unknown run"):
        find_run(runs, name)


def test_attempts_set_aside_do_not_hide_their_run(make: Make, runs: Path) -> None:
    record = make()
    record.folder.with_name(f"{record.id}.unfinished-1").mkdir()
    assert find_run(runs, record.id) == record.folder
    assert find_run(runs, record.id[:8]) == record.folder
    listed = {entry.folder.name: entry.status for entry in list_runs(runs)}
    assert listed == {record.id: "complete", f"{record.id}.unfinished-1": "incomplete"}


@pytest.mark.parametrize("name", ["config.json", "environment.json"])
def test_what_contradicts_itself_is_broken_also_without_the_mark(make: Make, runs: Path, name: str) -> None:
    folder = make().folder
    (folder / "COMPLETE").unlink()
    (folder / name).write_text("{}")
    (entry,) = list_runs(runs)
    assert (entry.status, entry.record) == ("broken", None)
    assert str(folder / name) in entry.problem


def test_finding_opens_no_record(make: Make, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make()
    monkeypatch.delattr(module, "load_record")
    assert find_run(runs, record.id[:4]) == record.folder
