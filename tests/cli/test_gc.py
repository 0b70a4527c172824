"""``cna-viz runs gc``: what interrupted runs have left is listed and, when told so, removed, and nothing else is."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import ModelConfig, RunConfig
from cna_viz.records import schema
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.verify import find_problems
from cna_viz.records.writing.lock import record_lock

Call = Callable[..., Any]

OTHER = RunConfig(model=ModelConfig(slot="none", layers=3, hidden=4), seed=7)
RUN = OTHER.run_id


def contents(folder: Path) -> dict[str, bytes | None]:
    """Return every file with its bytes and every folder."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() if path.is_file() else None for path in folder.rglob("*")
    }


@pytest.fixture
def runs(records: list[Record], tmp_path: Path) -> Path:
    """Return a folder with two finished runs, an unfinished one, an earlier attempt of another, and two locks."""
    runs = tmp_path / "runs"
    (records[2].folder / schema.COMPLETE_FILE).unlink()
    attempt = synthetic_record(runs, OTHER).folder.rename(runs / f"{RUN}.unfinished-2")
    (attempt / schema.COMPLETE_FILE).unlink()
    for run in (records[0].id, RUN):
        with record_lock(runs / run):
            pass
    return runs


def test_what_was_left_is_listed_and_nothing_is_changed(call: Call, runs: Path, records: list[Record]) -> None:
    before = contents(runs)
    answer = call("runs", "gc")
    assert (answer.code, answer.err) == (0, "")
    header, *listed, summary = answer.out.splitlines()
    aside, unfinished = sorted(listed)
    assert header.split() == ["what", "kB", "status", "path"]
    assert aside.startswith("earlier attempt ")
    assert aside.endswith(f"not in use  runs/{RUN}.unfinished-2")
    assert unfinished.startswith("unfinished run ")
    assert unfinished.endswith(f"not in use  runs/{records[2].id}")
    size = sum(len(content or b"") for name, content in before.items() if name.startswith((records[2].id, RUN)))
    assert summary == f"2 leftovers, {size / 1000:,.1f} kB, and 2 unused locks; --delete removes them"
    assert contents(runs) == before


def test_what_was_left_is_removed_and_only_finished_records_stay(call: Call, runs: Path, records: list[Record]) -> None:
    before = contents(runs)
    answer = call("runs", "gc", "--delete")
    assert answer.code == 0
    assert answer.out.splitlines()[-1].startswith("2 leftovers and 2 locks deleted, ")
    finished = (records[0].id, records[1].id)
    assert contents(runs) == {
        ".locks": None,
        **{name: content for name, content in before.items() if name.startswith(finished)},
    }
    assert call("runs", "gc").out == "0 leftovers, 0.0 kB, and 0 unused locks\n"


def test_a_run_that_goes_on_is_named_and_never_touched(call: Call, runs: Path, records: list[Record]) -> None:
    before = contents(records[2].folder)
    shutil.copytree(records[2].folder, runs / f"{records[2].id}.unfinished-1")
    with record_lock(records[2].folder):
        listed = call("runs", "gc").out.splitlines()
        answer = call("runs", "gc", "--delete")
        assert contents(records[2].folder) == before
        assert contents(runs / f"{records[2].id}.unfinished-1") == before
        assert (runs / ".locks" / f"{records[2].id}.lock").exists()
    assert len([line for line in listed if "its run is in progress" in line]) == 2
    assert answer.out.splitlines()[-1].endswith("; 2 not touched")
    assert not (runs / f"{RUN}.unfinished-2").exists()


@pytest.mark.parametrize("name", ["notes.txt", "snapshots/0007.png", "more/config.json", ".config.json.mine.tmp"])
def test_a_folder_that_holds_something_else_is_kept_whole(
    call: Call, runs: Path, records: list[Record], name: str
) -> None:
    path = records[2].folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text("mine")
    before = contents(records[2].folder)
    answer = call("runs", "gc", "--delete")
    assert f"holds {name}, which is not part of a record" in answer.out
    assert contents(records[2].folder) == before


def test_what_the_library_did_not_write_is_not_listed(call: Call, runs: Path, tmp_path: Path) -> None:
    for name in ("notes", "0123456789abcde", f"{RUN}.unfinished-x", f"{RUN}-copy", ".cache"):
        (runs / name).mkdir()
        (runs / name / "config.json").write_text("{}")
    (runs / "fedcba9876543210").write_text("a file")
    (runs / ".locks" / "own.lock").touch()
    (runs / ".locks" / "fedcba9876543210.lock").write_text("not empty")
    (tmp_path / "elsewhere").mkdir()
    (runs / "aaaaaaaaaaaaaaaa").symlink_to(tmp_path / "elsewhere")
    listed = json.loads(call("runs", "gc", "--json").out)["left"]
    assert len(listed) == 4
    assert call("runs", "gc", "--delete").code == 0
    assert {path.name for path in runs.iterdir()} >= {"notes", "0123456789abcde", ".cache", "aaaaaaaaaaaaaaaa"}
    assert sorted(path.name for path in (runs / ".locks").iterdir()) == ["fedcba9876543210.lock", "own.lock"]
    assert (tmp_path / "elsewhere").is_dir()


@pytest.mark.parametrize("content", [b'{"my": "app"}', b"\xff", b"", b"{}"])
def test_a_folder_of_another_program_is_kept_and_named(call: Call, runs: Path, content: bytes) -> None:
    folder = runs / "fedcba9876543210"
    folder.mkdir()
    (folder / "config.json").write_bytes(content)
    answer = call("runs", "gc", "--delete")
    assert "has a config.json of another run" in answer.out
    assert contents(folder) == {"config.json": content}


def test_an_attempt_that_is_finished_is_kept_and_named(call: Call, runs: Path) -> None:
    folder = synthetic_record(runs, OTHER).folder.rename(runs / f"{RUN}.unfinished-7")
    before = contents(folder)
    assert "is a finished record" in call("runs", "gc", "--delete").out
    assert contents(folder) == before


def test_a_removal_that_was_killed_is_finished(call: Call, runs: Path, records: list[Record]) -> None:
    records[2].folder.rename(runs / f".{records[2].id}.{'0f' * 16}.tmp")
    assert call("runs", "gc", "--delete").out.splitlines()[-1].startswith("2 leftovers and 2 locks deleted")
    assert not [path for path in runs.iterdir() if records[2].id in path.name]


def test_what_another_gc_removes_meanwhile_is_no_error(
    call: Call, runs: Path, records: list[Record], monkeypatch: pytest.MonkeyPatch
) -> None:
    listdir = os.listdir

    def removed_meanwhile(path: Path) -> list[str]:
        names = listdir(path)
        if Path(path).name == records[2].id and Path(path).exists():
            shutil.rmtree(path)
        return names

    monkeypatch.setattr(os, "listdir", removed_meanwhile)
    answer = call("runs", "gc", "--delete")
    assert (answer.code, answer.err) == (0, "")
    assert not records[2].folder.exists()


def test_drafts_of_every_kind_go_with_their_folder(call: Call, runs: Path, records: list[Record]) -> None:
    for name in (".summary.json", "snapshots/.0003.safetensors"):
        path = records[2].folder / f"{name}.{'0f' * 16}.tmp"
        path.write_text("half")
    assert call("runs", "gc", "--delete").code == 0
    assert not records[2].folder.exists()


def test_a_draft_in_a_finished_record_is_removed_and_the_record_verifies(
    call: Call, runs: Path, records: list[Record]
) -> None:
    (records[0].folder / f".summary.json.{'0f' * 16}.tmp").write_text("half")
    assert find_problems(records[0].folder)
    assert "temporary file" in call("runs", "gc", "--delete").out
    assert find_problems(records[0].folder) == []


def test_the_json_says_what_was_deleted(call: Call, runs: Path, records: list[Record]) -> None:
    answer = json.loads(call("runs", "gc", "--json", "--delete").out)
    assert answer["deleted"] is True
    kinds = {entry["path"]: (entry["kind"], entry["run"], entry["deleted"]) for entry in answer["left"]}
    assert kinds == {
        f"runs/{RUN}.unfinished-2": ("earlier attempt", RUN, True),
        f"runs/{records[2].id}": ("unfinished run", records[2].id, True),
        f"runs/.locks/{records[0].id}.lock": ("lock", records[0].id, True),
        f"runs/.locks/{RUN}.lock": ("lock", RUN, True),
    }


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        ("gc --runs nowhere", 1, "nowhere: no such folder, so nothing can have been left there"),
        ("gc abc", 2, "gc takes no ID, got 'abc'; see `cna-viz runs --help`"),
        ("list --delete", 2, "--delete goes with gc only; see `cna-viz runs --help`"),
    ],
)
def test_what_means_nothing_is_refused(call: Call, words: str, code: int, message: str) -> None:
    answer = call("runs", *words.split())
    assert (answer.code, answer.complaint) == (code, message)
