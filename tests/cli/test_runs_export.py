"""``cna-viz runs export``: paths on stdout, everything else on stderr."""

import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.records.record import Record

Call = Callable[..., Any]
TABLES = ("runs", "metrics_epochs", "metrics_layers", "nodes", "edges")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("export", "export needs an ID, --to csv, parquet or netcdf, and --out FOLDER; see `cna-viz runs --help`"),
        ("export abc --to csv", "export needs an ID, --to csv"),
        ("export abc --out x", "export needs an ID, --to csv"),
        ("export --to csv --out x", "export needs an ID, --to csv"),
        ("list --to csv", "--to goes with export only"),
        ("show abc --out x", "--out goes with export only"),
        ("verify --snapshots", "--snapshots goes with export only"),
        ("verify --force", "--force goes with export only"),
    ],
)
def test_what_means_nothing_is_refused(call: Call, words: str, message: str) -> None:
    answer = call("runs", *words.split())
    assert answer.code == 2
    assert answer.complaint.startswith(message)


@pytest.mark.parametrize("to", ["csv", "parquet"])
def test_tables(call: Call, records: list[Record], to: str) -> None:
    answer = call("runs", "export", records[0].id[:6], records[1].id, "--to", to, "--out", "out")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines() == [f"out/{name}.{to}" for name in TABLES]
    assert all(Path(path).is_file() for path in answer.out.splitlines())


def test_netcdf_says_what_it_changes(call: Call, records: list[Record]) -> None:
    answer = call("runs", "export", records[1].id, "--to", "netcdf", "--out", "out", "--snapshots", "--json")
    assert answer.code == 0
    printed = json.loads(answer.out)
    assert printed["files"] == [f"out/{records[1].id}{end}.nc" for end in ("", "_0000", "_0001", "_0005")]
    assert answer.err.splitlines() == [f"cna-viz: {note}" for note in printed["notes"]]
    assert any(note.startswith("netCDF 3: int64 becomes int32 in ") for note in printed["notes"])


def test_one_run_named_twice_is_exported_once(call: Call, records: list[Record]) -> None:
    answer = call("runs", "export", records[0].id, records[0].id, "--to", "netcdf", "--out", "out")
    assert answer.out == f"out/{records[0].id}.nc\n"


def test_nothing_is_exported_into_a_record_or_over_a_link(call: Call, records: list[Record]) -> None:
    answer = call("runs", "export", records[0].id, "--to", "csv", "--out", records[0].folder)
    assert "is the folder of a record, which may hold nothing else" in answer.complaint
    Path("out").mkdir()
    Path("out/runs.csv").symlink_to("nowhere")
    answer = call("runs", "export", records[0].id, "--to", "csv", "--out", "out")
    assert "exists already and is not replaced without --force" in answer.complaint
    assert Path("out/runs.csv").is_symlink()


def test_what_is_written_to_names_that_are_not_utf8_is_refused_at_once(call: Call, records: list[Record]) -> None:
    answer = call("runs", "export", records[0].id, "--to", "csv", "--out", "o\udcff")
    assert answer.code == 2
    assert answer.complaint.startswith("--out 'o\\udcff' is not accepted: files written there contain it")


def test_files_that_are_there_are_kept_unless_forced(call: Call, records: list[Record]) -> None:
    words = ("runs", "export", records[0].id, "--to", "csv", "--out", "out")
    assert call(*words).code == 0
    answer = call(*words)
    assert answer.code == 2
    assert answer.complaint == "out/runs.csv exists already and is not replaced without --force"
    assert call(*words, "--force").code == 0


def test_an_incomplete_run_is_exported_which_is_said(call: Call, records: list[Record]) -> None:
    (records[0].folder / "COMPLETE").unlink()
    answer = call("runs", "export", records[0].id, "--to", "csv", "--out", "out")
    assert answer.code == 0
    assert answer.err.startswith(f"cna-viz: runs/{records[0].id}: the run was not finished")
    assert "incomplete" in Path("out/runs.csv").read_text()


def test_unknown_format_and_missing_pyarrow(call: Call, records: list[Record], monkeypatch: pytest.MonkeyPatch) -> None:
    words = ("runs", "export", records[0].id, "--out", "out", "--to")
    assert call(*words, "excel").complaint.startswith("unknown format 'excel'; choices, nearest first: ")
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    answer = call(*words, "parquet")
    assert answer.code == 2
    assert answer.complaint == "parquet needs pyarrow, which is not installed: pip install 'cna-viz[export]'"


def test_a_damaged_record_fails(call: Call, records: list[Record]) -> None:
    path = records[0].folder / "metrics.jsonl"
    path.write_bytes(path.read_bytes()[:-3])
    answer = call("runs", "export", records[0].id, "--to", "csv", "--out", "out")
    assert answer.code == 1
    assert "metrics.jsonl: truncated or altered" in answer.complaint


def test_help_has_examples(call: Call) -> None:
    text = call("runs", "--help").out
    for word in ("cna-viz runs export ", "--to csv", "--to netcdf --snapshots", "cna-viz[export]", "--force"):
        assert word in text
