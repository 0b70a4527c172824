"""``cna-viz runs``: list, show and verify records; a broken one is named and hides no other."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.records import schema
from cna_viz.records.record import Record

Call = Callable[..., Any]


@pytest.fixture
def relu(records: list[Record]) -> Record:
    return records[0]


@pytest.fixture
def cna(records: list[Record]) -> Record:
    return records[1]


def truncate(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("lst", "unknown action 'lst'; choices, nearest first: list, "),
        ("", "the following arguments are required: {list,show,verify,export,reproduce,gc}; see `cna-viz runs --help`"),
        ("show", "show needs exactly one ID; see `cna-viz runs --help`"),
        ("show a b", "show needs exactly one ID; see `cna-viz runs --help`"),
        ("list a", "list takes no ID, got 'a'; see `cna-viz runs --help`"),
        ("reproduce", "reproduce needs at least one ID; see `cna-viz runs --help`"),
        ("list --data a", "--data goes with reproduce only; see `cna-viz runs --help`"),
        ("gc a", "gc takes no ID, got 'a'; see `cna-viz runs --help`"),
    ],
)
def test_what_means_nothing_is_refused(call: Call, words: str, message: str) -> None:
    answer = call("runs", *words.split())
    assert answer.code == 2
    assert answer.complaint.startswith(message)


@pytest.mark.parametrize("words", ["list", "show abc", "verify", "verify abc", "list --json"])
def test_a_folder_that_is_not_there_is_one_line(call: Call, words: str) -> None:
    answer = call("runs", *words.split(), "--runs", "nowhere")
    assert answer.code == 1
    assert answer.complaint == "nowhere: no such folder; `cna-viz run --runs nowhere` makes a first record there"


def test_list(call: Call, records: list[Record]) -> None:
    answer = call("runs", "list")
    assert (answer.code, answer.err) == (0, "")
    header, *lines = answer.out.splitlines()
    assert header.split() == [
        "id",
        "status",
        "dataset",
        "split",
        "backbone",
        "slot",
        "layers",
        "seed",
        "epochs",
        "test",
        "metric",
    ]
    assert [line.split()[0] for line in lines] == sorted(record.id for record in records)
    rows = {line.split()[0]: line.split()[1:] for line in lines}
    for record in records[:2]:
        share = f"{100 * record.summary['accuracy']['test']:.1f}"
        slot = record.config.model.slot
        expected = ["complete", "digits", "random-60-20-20", "gcn", slot, "3", "0", "5", share, "%", "accuracy"]
        assert rows[record.id] == expected
    assert rows[records[2].id] == [
        "diverged",
        "digits",
        "random-60-20-20",
        "gcn",
        "none",
        "3",
        "0",
        "5",
        "–",
        "accuracy",
    ]


def test_list_as_json(call: Call, records: list[Record]) -> None:
    answer = call("runs", "list", "--json")
    assert (answer.code, answer.err, answer.out.count("\n")) == (0, "", 1)
    listed = {entry["id"]: entry for entry in json.loads(answer.out)["runs"]}
    assert set(listed) == {record.id for record in records}
    for record in records:
        entry = listed[record.id]
        assert entry["path"] == f"runs/{record.id}"
        assert entry["status"] == record.summary["status"]
        assert entry["config"] == record.config.model_dump(mode="json")
        assert entry["accuracy"] == record.summary["accuracy"]
        assert entry["epochs"] == 5


def test_an_empty_folder_lists_nothing(call: Call, tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    assert call("runs", "list").out.count("\n") == 1
    assert json.loads(call("runs", "list", "--json").out) == {"runs": []}
    assert call("runs", "verify").out == "0 verified, 0 with problems\n"


def interrupt(record: Record, epochs: int) -> None:
    """Leave what a run leaves that was killed in the middle of a line."""
    for name in (schema.COMPLETE_FILE, schema.SUMMARY_FILE, schema.SELECTED_FILE):
        (record.folder / name).unlink()
    for name in (schema.METRICS_FILE, schema.TIMINGS_FILE):
        lines = (record.folder / name).read_bytes().splitlines(keepends=True)
        (record.folder / name).write_bytes(b"".join(lines[: epochs + 1]) + lines[epochs + 1][:9])
    manifest = record.folder / schema.MANIFEST_FILE
    gone = (schema.SUMMARY_FILE, schema.SELECTED_FILE, schema.METRICS_FILE, schema.TIMINGS_FILE)
    kept = [line for line in manifest.read_text().splitlines(True) if json.loads(line)["file"] not in gone]
    manifest.write_text("".join(kept) + '{"bytes": 12, "fi')


def test_an_incomplete_run_is_listed_with_what_there_is_and_is_no_error(call: Call, relu: Record) -> None:
    interrupt(relu, epochs=3)
    answer = call("runs", "list")
    assert (answer.code, answer.err) == (0, "")
    row = next(line for line in answer.out.splitlines() if line.startswith(relu.id))
    assert row.split()[1:] == ["incomplete", "digits", "random-60-20-20", "gcn", "relu", "3", "0", "3", "–", "accuracy"]
    listed = {entry["id"]: entry for entry in json.loads(call("runs", "list", "--json").out)["runs"]}
    assert (listed[relu.id]["status"], listed[relu.id]["epochs"], listed[relu.id]["accuracy"]) == ("incomplete", 3, {})


def test_an_incomplete_run_is_shown_which_is_said(call: Call, relu: Record) -> None:
    interrupt(relu, epochs=3)
    answer = call("runs", "show", relu.id, "--json")
    assert answer.code == 0
    assert answer.err == f"cna-viz: runs/{relu.id}: the run was not finished; this is its record up to epoch 3\n"
    facts = json.loads(answer.out)
    assert facts["summary"]["status"] == "incomplete"
    assert facts["config"] == relu.config.model_dump(mode="json")


def test_a_run_that_has_only_just_begun_is_no_error(call: Call, tmp_path: Path) -> None:
    (tmp_path / "runs" / "0123456789abcdef" / "snapshots").mkdir(parents=True)
    answer = call("runs", "list")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out.splitlines()[1].split() == ["0123456789abcdef", "incomplete", *("–",) * 9]


def test_an_incomplete_run_is_not_verified(call: Call, relu: Record) -> None:
    (relu.folder / schema.COMPLETE_FILE).unlink()
    answer = call("runs", "verify")
    assert (answer.code, answer.out) == (0, "2 verified, 0 with problems\n")
    assert answer.err == f"cna-viz: runs/{relu.id}: incomplete, not verified\n"
    named = call("runs", "verify", relu.id)
    assert named.code == 1
    assert "the run was not finished" in named.out


def test_a_broken_record_is_named_and_hides_no_other(call: Call, records: list[Record], relu: Record) -> None:
    truncate(relu.folder / schema.METRICS_FILE)
    answer = call("runs", "list")
    assert answer.code == 0
    assert [line.split()[0] for line in answer.out.splitlines()[1:]] == sorted(record.id for record in records)
    assert f"{relu.id}  broken" in answer.out
    assert answer.err.startswith(f"cna-viz: runs/{relu.id}/metrics.jsonl: truncated or altered (")
    assert answer.err.count("\n") == 1
    listed = {entry["id"]: entry for entry in json.loads(call("runs", "list", "--json").out)["runs"]}
    assert listed[relu.id]["status"] == "broken"
    assert "metrics.jsonl" in listed[relu.id]["problem"]
    assert sum(entry["status"] == "broken" for entry in listed.values()) == 1


@pytest.mark.parametrize("name", [*schema.REQUIRED_FILES, "snapshots/0005.safetensors"])
def test_verify_names_the_file_that_was_truncated(call: Call, relu: Record, name: str) -> None:
    truncate(relu.folder / name)
    answer = call("runs", "verify")
    assert (answer.code, answer.err) == (1, "")
    problem, total = answer.out.splitlines()
    assert problem.startswith(f"runs/{relu.id}/{name}: truncated or altered (")
    assert total == "3 verified, 1 with problems"
    result = json.loads(call("runs", "verify", "--json").out)
    assert result == {"verified": 3, "problems": {relu.id: [problem]}}


def test_verify_finds_what_was_altered_added_or_removed(call: Call, records: list[Record]) -> None:
    altered, added, removed = (record.folder for record in records)
    content = bytearray((altered / "summary.json").read_bytes())
    content[5] ^= 1
    (altered / "summary.json").write_bytes(content)
    (added / "notes.txt").write_text("mine")
    (removed / "snapshots" / "0000.safetensors").unlink()
    answer = call("runs", "verify")
    assert answer.code == 1
    assert f"runs/{altered.name}/summary.json: altered since it was written" in answer.out
    assert f"runs/{added.name}/notes.txt: does not belong to the record" in answer.out
    assert f"runs/{removed.name}/snapshots/0000.safetensors: not readable" in answer.out
    assert answer.out.endswith("3 verified, 3 with problems\n")


def test_verify_when_all_is_well(call: Call, records: list[Record]) -> None:
    assert call("runs", "verify").out == "3 verified, 0 with problems\n"
    answer = call("runs", "verify", records[0].id, records[1].id[:8], "--json")
    assert (answer.code, json.loads(answer.out)) == (0, {"verified": 2, "problems": {}})


def test_only_the_runs_that_are_named_are_verified(call: Call, relu: Record, cna: Record) -> None:
    truncate(relu.folder / schema.METRICS_FILE)
    assert call("runs", "verify", cna.id).code == 0
    assert call("runs", "verify", relu.id).code == 1


@pytest.mark.parametrize("length", [6, 16])
@pytest.mark.parametrize("option", [[], ["--json"]])
def test_show_by_id_or_its_beginning(call: Call, cna: Record, length: int, option: list[str]) -> None:
    answer = call("runs", "show", cna.id[:length], *option)
    assert (answer.code, answer.err) == (0, "")
    assert (answer.out.count("\n") == 1) == bool(option)
    facts = json.loads(answer.out)
    assert (facts["id"], facts["path"]) == (cna.id, f"runs/{cna.id}")
    assert facts["config"] == cna.config.model_dump(mode="json")
    assert facts["summary"] == cna.summary
    assert facts["environment"] == cna.environment
    assert facts["snapshots"] == list(cna.snapshots)


def test_show_a_run_that_is_not_there(call: Call, records: list[Record]) -> None:
    answer = call("runs", "show", "xyz")
    assert answer.code == 2
    assert answer.complaint.startswith("unknown run 'xyz'; choices, nearest first: ")
    assert all(record.id in answer.complaint for record in records)


def test_a_beginning_that_several_share_is_refused_with_those(call: Call, relu: Record, tmp_path: Path) -> None:
    twin = tmp_path / "runs" / f"{relu.id[:-1]}-"
    twin.mkdir()
    answer = call("runs", "show", relu.id[:15])
    assert answer.code == 2
    assert answer.complaint.endswith("Several ids begin with it.")
    assert relu.id in answer.complaint
    assert twin.name in answer.complaint
    assert call("runs", "show", relu.id).code == 0  # the whole id is no beginning


def test_show_a_broken_record(call: Call, relu: Record) -> None:
    truncate(relu.folder / schema.SUMMARY_FILE)
    answer = call("runs", "show", relu.id)
    assert answer.code == 1
    assert answer.complaint.startswith(f"runs/{relu.id}/summary.json: truncated or altered (")


@pytest.mark.parametrize("action", ["show", "verify"])
def test_a_record_in_a_folder_of_another_name_is_refused(call: Call, relu: Record, action: str) -> None:
    relu.folder.rename(relu.folder.with_name("0123456789abcdef"))
    assert call("runs", action, "0123456789abcdef").code == 1


@pytest.mark.parametrize("patience", [0.0, 60.0])
def test_what_takes_long_shows_how_far_it_is(
    call: Call, records: list[Record], monkeypatch: pytest.MonkeyPatch, patience: float
) -> None:
    for module in ("cna_viz.cli.runs", "cna_viz.records.exporting.exporting"):
        monkeypatch.setattr(f"{module}.PATIENCE", patience)
    verified = call("runs", "verify")
    exported = call("runs", "export", records[0].id, "--to", "csv", "--out", "out")
    assert ("verify: 100%" in verified.err, "export: 100%" in exported.err) == (patience == 0,) * 2
    assert verified.out == "3 verified, 0 with problems\n"


def test_the_content_of_the_graph_is_shown_or_unknown(call: Call, cna: Record) -> None:
    assert json.loads(call("runs", "show", cna.id).out)["content"] == "unknown"
    listed = json.loads(call("runs", "list", "--json").out)["runs"]
    assert {one["content"] for one in listed if "config" in one} == {"unknown"}
