"""``cna-viz runs gc``: what interrupted runs have left is listed and, when told so, removed, and nothing else is."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.records import schema
from cna_viz.records.lock import claim
from cna_viz.records.record import Record
from cna_viz.records.verify import find_problems

Call = Callable[..., Any]

RUN = "0123456789abcdef"


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
    shutil.copytree(records[2].folder, runs / f"{RUN}.unfinished-2")
    for run in (records[0].id, RUN):
        with claim(runs / run):
            pass
    return runs


def test_what_was_left_is_listed_and_nothing_is_changed(call: Call, runs: Path, records: list[Record]) -> None:
    before = contents(runs)
    answer = call("runs", "gc")
    assert (answer.code, answer.err) == (0, "")
    header, aside, unfinished, summary = answer.out.splitlines()
    assert header.split() == ["what", "kB", "status", "path"]
    assert aside.startswith("earlier attempt ")
    assert aside.endswith(f"nobody writes it  runs/{RUN}.unfinished-2")
    assert unfinished.startswith("unfinished run ")
    assert unfinished.endswith(f"nobody writes it  runs/{records[2].id}")
    size = sum(len(content or b"") for name, content in before.items() if name.startswith(records[2].id))
    assert summary == f"2 leftovers, {2 * size / 1000:,.1f} kB, and 2 locks of nobody; --delete removes them"
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
    assert call("runs", "gc").out == "0 leftovers, 0.0 kB, and 0 locks of nobody\n"


def test_a_run_that_goes_on_is_named_and_never_touched(call: Call, runs: Path, records: list[Record]) -> None:
    before = contents(records[2].folder)
    shutil.copytree(records[2].folder, runs / f"{records[2].id}.unfinished-1")
    with claim(records[2].folder):
        listed = call("runs", "gc").out.splitlines()
        answer = call("runs", "gc", "--delete")
        assert contents(records[2].folder) == before
        assert contents(runs / f"{records[2].id}.unfinished-1") == before
        assert (runs / ".locks" / f"{records[2].id}.lock").exists()
    assert len([line for line in listed if "its run goes on" in line]) == 2
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
    assert f"holds {Path(name).parts[0] if name.startswith('more') else name}, which is not of a record" in answer.out
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
