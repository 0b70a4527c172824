"""Every damage to every file is found, named, and refused."""

import json
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import ModelConfig, RecordingConfig, RunConfig, id_of
from cna_viz.errors import RecordError
from cna_viz.records.reading.facts import OLDEST
from cna_viz.records.reading.files import MOST
from cna_viz.records.reading.integrity import is_complete, read_manifest
from cna_viz.records.record import Record, load_record
from cna_viz.records.schema import REQUIRED_FILES, SCHEMA_VERSION
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.verify import find_problems
from cna_viz.records.writing.writer import RecordWriter
from tests.records.helpers import GRAPH, digest, snapshot_of, write_manifest

Make = Callable[..., Record]
Reseal = Callable[[Path], None]
SNAPSHOTS = tuple(f"snapshots/{epoch:04d}.safetensors" for epoch in (0, 1, 5))
FILES = (*REQUIRED_FILES, *SNAPSHOTS, "manifest.jsonl")


def flip(path: Path, position: int) -> None:
    content = bytearray(path.read_bytes())
    content[position] ^= 1
    path.write_bytes(content)


DAMAGES: dict[str, Callable[[Path], object]] = {
    "first bit": lambda path: flip(path, 0),
    "middle bit": lambda path: flip(path, path.stat().st_size // 2),
    "last bit": lambda path: flip(path, -1),
    "last byte cut": lambda path: path.write_bytes(path.read_bytes()[:-1]),
    "emptied": lambda path: path.write_bytes(b""),
    "byte added": lambda path: path.write_bytes(path.read_bytes() + b"\n"),
    "removed": lambda path: path.unlink(),
    "made a folder": lambda path: (path.unlink(), path.mkdir()),
}


def read_everything(folder: Path) -> None:
    record = load_record(folder)
    assert record.metrics is not None
    assert record.graph is not None
    for epoch in record.snapshots:
        snapshot = record.snapshot(epoch)
        for name in snapshot.shapes():
            snapshot.read(name)


@pytest.mark.parametrize("damage", DAMAGES)
@pytest.mark.parametrize("name", FILES)
def test_damage_is_found_named_and_refused(make: Make, name: str, damage: str) -> None:
    folder = make().folder
    assert find_problems(folder) == []
    read_everything(folder)
    DAMAGES[damage](folder / name)
    problems = find_problems(folder)
    assert len(problems) == 1
    assert str(folder / name) in problems[0]
    assert "\n" not in problems[0]
    with pytest.raises(RecordError) as caught:
        read_everything(folder)
    assert str(folder / name) in str(caught.value)


def test_damage_to_any_byte_of_a_snapshot_is_found(tmp_path: Path) -> None:
    config = RunConfig(model=ModelConfig(layers=1))
    folder = tmp_path / config.run_id
    with RecordWriter(folder, config, {}) as writer:
        writer.graph(GRAPH)
        writer.snapshot(0, snapshot_of(1, 2))
        writer.selected(0, {})
        writer.seal({"status": "complete", "best_epoch": 0, "epochs": 0, "warnings": []})
    path = folder / SNAPSHOTS[0]
    whole = path.read_bytes()
    assert find_problems(folder) == []
    # Every seventh byte, another bit each time: the header, the tensors, and every offset within a word.
    for position in range(0, len(whole), 7):
        path.write_bytes(whole[:position] + bytes([whole[position] ^ 1 << position % 8]) + whole[position + 1 :])
        (problem,) = find_problems(folder)
        assert problem.startswith(f"{path}: ")
        assert "altered since it was written (its SHA-256 does not match)" in problem


@pytest.mark.parametrize("position", [0, 7, 8, 40])
def test_damage_to_the_header_of_a_snapshot_is_found_by_whoever_reads_a_tensor(make: Make, position: int) -> None:
    record = make()
    path = record.folder / SNAPSHOTS[2]
    flip(path, position)
    message = f"{path}: altered since it was written (its SHA-256 does not match)"
    assert find_problems(record.folder) == [message]
    for read in (lambda: record.embedding(1, "conv", 5), lambda: record.prediction(5), record.snapshot(5).shapes):
        with pytest.raises(RecordError) as caught:
            read()
        assert str(caught.value) == message
    assert record.embedding(1, "conv", 1) is not None


@pytest.mark.parametrize("name", [name for name in FILES if name not in {*SNAPSHOTS, "environment.json"}])
def test_file_of_another_record_is_refused(make: Make, name: str) -> None:
    record, other = make(seed=0), make(seed=1, layers=4, epochs=6, classes=2)
    assert (record.folder / name).read_bytes() != (other.folder / name).read_bytes()
    shutil.copy(other.folder / name, record.folder / name)
    assert any(str(record.folder / name) in problem for problem in find_problems(record.folder))
    with pytest.raises(RecordError):
        read_everything(record.folder)


def test_snapshots_exchanged_with_each_other_are_refused(make: Make) -> None:
    record = make()
    first, second = (record.folder / name for name in SNAPSHOTS[:2])
    content = first.read_bytes()
    first.write_bytes(second.read_bytes())
    second.write_bytes(content)
    assert len(find_problems(record.folder)) == 2
    for epoch in (0, 1):
        with pytest.raises(RecordError, match=rf"000{epoch}\.safetensors: .*altered since it was written"):
            record.embedding(1, "conv", epoch)
    assert record.embedding(1, "conv", 5) is not None


def test_damage_after_opening_is_found_when_read(make: Make) -> None:
    record = make()
    for name in ("metrics.jsonl", "graph.safetensors", *SNAPSHOTS):
        flip(record.folder / name, -2)
    last = record.snapshot(0).read  # the tensor whose bytes are the last ones of the file
    for read in (lambda: record.metrics, lambda: record.graph, lambda: last("slot_input_histogram.0002")):
        with pytest.raises(RecordError, match="altered since it was written"):
            read()


def test_truncation_says_how_much_is_missing(make: Make) -> None:
    folder = make().folder
    path = folder / "metrics.jsonl"
    size = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(RecordError, match=rf"truncated or altered \({size - 10} bytes instead of {size}\)"):
        load_record(folder)


@pytest.mark.parametrize("damage", [name for name in DAMAGES if name not in {"removed", "made a folder"}])
def test_damaged_mark_is_refused(make: Make, damage: str) -> None:
    folder = make().folder
    DAMAGES[damage](folder / "COMPLETE")
    if damage in {"last byte cut", "byte added"}:  # only the line end changed: the digest is whole
        assert find_problems(folder) == []
        return
    if damage == "last bit":  # of the line end
        assert len(find_problems(folder)) <= 1
        return
    assert len(find_problems(folder)) == 1
    with pytest.raises(RecordError, match=r"manifest\.jsonl: altered since the record was finished"):
        load_record(folder)


@pytest.mark.parametrize("damage", ["removed", "made a folder"])
def test_without_the_mark_it_is_unfinished(make: Make, damage: str) -> None:
    folder = make().folder
    DAMAGES[damage](folder / "COMPLETE")
    assert not is_complete(folder)
    (problem,) = find_problems(folder)
    assert "the run was not finished (no COMPLETE); run it again" in problem
    with pytest.raises(RecordError, match="not finished"):
        load_record(folder)


def test_mark_that_is_no_text(make: Make) -> None:
    folder = make().folder
    (folder / "COMPLETE").write_bytes(b"\xff\xfe")
    with pytest.raises(RecordError, match="not readable"):
        load_record(folder)


@pytest.mark.parametrize(
    ("name", "named"),
    [
        ("notes.txt", "notes.txt"),
        ("snapshots/0002.safetensors", "snapshots/0002.safetensors"),
        (".config.json.123.tmp", ".config.json.123.tmp"),
        ("deep/er/file", "deep"),
        ("snapshots/deeper/file", "snapshots/deeper"),
    ],
)
def test_an_extra_file_is_named_and_refused(make: Make, name: str, named: str) -> None:
    folder = make().folder
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(b"x")
    said = f"{folder / named}: does not belong to the record"
    assert find_problems(folder) == [said]
    with pytest.raises(RecordError, match=f"{re.escape(said)}; move it out of the folder$"):
        load_record(folder)


@pytest.mark.parametrize("name", [".DS_Store", "snapshots/.DS_Store", "Thumbs.db", "desktop.ini"])
def test_what_programs_leave_that_show_folders_hinders_nobody(make: Make, name: str) -> None:
    folder = make().folder
    (folder / name).write_bytes(b"x")
    assert find_problems(folder) == []
    read_everything(folder)


def test_an_extra_file_in_a_record_without_snapshots_is_refused(runs: Path) -> None:
    config = RunConfig(recording=RecordingConfig(snapshots="none"))
    folder = synthetic_record(runs, config).folder
    assert find_problems(folder) == []
    (folder / "snapshots" / "0000.safetensors").write_bytes(b"x")
    assert find_problems(folder) == [f"{folder / 'snapshots/0000.safetensors'}: does not belong to the record"]


def test_missing_folder(runs: Path) -> None:
    with pytest.raises(RecordError, match="no such record; `cna-viz runs list`"):
        load_record(runs / "0123456789abcdef")
    assert len(find_problems(runs / "0123456789abcdef")) == 1


@pytest.mark.parametrize("name", ["../secret", "snapshots/../../secret", "/etc/passwd", ".."])
def test_manifest_that_leads_out_is_refused(make: Make, name: str) -> None:
    folder = make().folder
    (folder.parent / "secret").write_bytes(b"x")
    lines, entry = (folder / "manifest.jsonl").read_text().splitlines(), {"file": name, "bytes": 1}
    as_file = {**entry, "sha256": digest(b"x")}
    as_snapshot = {**entry, "header": digest(b"x"), "tensors": {}}
    for line in (as_snapshot,) if name.startswith("snapshots/") else (as_file, as_snapshot):
        write_manifest(folder, [*lines, json.dumps(line)])
        with pytest.raises(RecordError, match=r"manifest\.jsonl: '.*' is not a file of a record"):
            read_manifest(folder)
        assert len(find_problems(folder)) == 1


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        '{"file": "config.json", "bytes": 1}',
        '{"file": 3, "bytes": 1, "sha256": "%s"}',
        '{"file": "config.json", "bytes": "1", "sha256": "%s"}',
        '{"file": "config.json", "bytes": true, "sha256": "%s"}',
        '{"file": "config.json", "bytes": -1, "sha256": "%s"}',
        '{"file": "config.json", "bytes": 1, "sha256": null}',
        '{"file": "config.json", "bytes": 1, "sha256": "x"}',
        '{"file": "config.json", "bytes": 1, "tensors": {}}',
        '{"file": "config.json", "bytes": 1, "header": "%s", "tensors": {}}',
        '{"file": "snapshots/0003.safetensors", "bytes": 1, "sha256": "%s"}',
        '{"file": "snapshots/0003.safetensors", "bytes": 1, "sha256": "%s", "tensors": {}}',
        '{"file": "snapshots/0003.safetensors", "bytes": 1, "header": "%s"}',
        '{"file": "snapshots/0003.safetensors", "bytes": 1, "header": null, "tensors": {}}',
        '{"file": "snapshots/0003.safetensors", "bytes": 1, "header": "%s", "tensors": null}',
        '{"file": "snapshots/0003.safetensors", "bytes": 1, "header": "%s", "tensors": ["y"]}',
        '{"file": "snapshots/0003.safetensors", "bytes": 1, "header": "%s", "tensors": {"y": 3}}',
        '{"file": "snapshots/0003.safetensors", "bytes": 1, "header": "%s", "tensors": {"y": "x"}}',
        "[]",
        "{",
    ],
)
def test_manifest_lines_that_are_none(make: Make, line: str) -> None:
    folder = make().folder
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    others = [other for other in lines if '"config.json"' not in other]
    write_manifest(folder, [*others, line.replace("%s", "0" * 64)])
    with pytest.raises(RecordError, match=r"manifest\.jsonl(: |, line )") as caught:
        load_record(folder)
    assert "is not listed" not in str(caught.value)


@pytest.mark.parametrize("name", REQUIRED_FILES)
def test_manifest_must_list_what_is_required(make: Make, name: str) -> None:
    folder = make().folder
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    write_manifest(folder, [line for line in lines if json.loads(line)["file"] != name])
    with pytest.raises(RecordError, match=f"manifest.jsonl: {name} is not listed"):
        load_record(folder)


@pytest.mark.parametrize(
    ("version", "advice"),
    [
        (SCHEMA_VERSION + 1, ": it was written by a newer one, install that"),
        (OLDEST - 1, ": train the run again"),
        (0, ": train the run again"),
        (str(SCHEMA_VERSION), ""),
        (None, ""),
        (True, ""),
    ],
)
def test_other_schema_versions_are_refused(make: Make, reseal: Reseal, version: object, advice: str) -> None:
    folder = make().folder
    environment = json.loads((folder / "environment.json").read_text())
    (folder / "environment.json").write_text(json.dumps({**environment, "schema_version": version}))
    reseal(folder)
    said = f"schema version {version!r}; this cna_viz reads versions {OLDEST} to {SCHEMA_VERSION}{advice}"
    with pytest.raises(RecordError, match=f"{re.escape(said)}$"):
        load_record(folder)


@pytest.mark.parametrize("sealed", [True, False])
def test_a_schema_with_other_manifests_is_named_before_its_manifest_is_blamed(make: Make, sealed: bool) -> None:
    folder = make().folder
    environment = json.loads((folder / "environment.json").read_text())
    (folder / "environment.json").write_text(json.dumps({**environment, "schema_version": OLDEST - 1}))
    write_manifest(folder, [json.dumps({"file": "snapshots/0000.safetensors", "bytes": 1, "sha256": "x"})])
    if not sealed:
        (folder / "COMPLETE").unlink()
    with pytest.raises(RecordError, match=f"schema version {OLDEST - 1}; this cna_viz reads"):
        load_record(folder, incomplete=True)


@pytest.mark.parametrize("content", [{}, {"epoch": 0, "layers": None}, {"epoch": 0, "layers": {"madness": {}}}])
def test_selected_measures_that_break_the_contract_are_refused(
    make: Make, reseal: Reseal, content: dict[str, object]
) -> None:
    folder = make().folder
    (folder / "selected.json").write_text(json.dumps(content))
    reseal(folder)
    record = load_record(folder)
    with pytest.raises(RecordError, match=r"selected\.json: "):
        assert record.metrics


@pytest.mark.parametrize("status", ["finished", None, 3])
def test_unknown_status_is_refused(make: Make, reseal: Reseal, status: object) -> None:
    folder = make().folder
    (folder / "summary.json").write_text(json.dumps({"status": status, "best_epoch": 0}))
    reseal(folder)
    with pytest.raises(RecordError, match=f"summary.json: 'status' is {status!r}, it must be 'complete', "):
        load_record(folder)


@pytest.mark.parametrize("text", ["{", '{"model": {"layers": 0}}', '{"model": {"slot": "prelu"}}', "[]"])
def test_bad_config_is_refused(make: Make, reseal: Reseal, text: str) -> None:
    folder = make().folder
    (folder / "config.json").write_text(text)
    reseal(folder)
    with pytest.raises(RecordError, match=r"config\.json: "):
        load_record(folder)


def test_metrics_that_break_the_contract_are_refused(make: Make, reseal: Reseal) -> None:
    folder = make(layers=3).folder
    lines = (folder / "metrics.jsonl").read_text().splitlines()
    broken = json.loads(lines[2])
    broken["layers"] = json.loads(lines[0])["layers"]
    broken["layers"]["mad"]["conv"].append(1.0)
    (folder / "metrics.jsonl").write_text("\n".join([*lines[:2], json.dumps(broken), *lines[3:]]) + "\n")
    reseal(folder)
    record = load_record(folder)
    with pytest.raises(
        RecordError,
        match=r"metrics\.jsonl, line 3: 'layers\.mad\.conv' is .*, it must be a list of 3 values, one per layer",
    ):
        assert record.metrics


def test_selected_measures_altered_after_opening_are_found(make: Make) -> None:
    record = make()
    path = record.folder / "selected.json"
    path.write_text(path.read_text().replace("0.", "1."))
    with pytest.raises(RecordError, match="altered since it was written"):
        assert record.metrics


def test_record_in_the_folder_of_another_run_is_refused(make: Make) -> None:
    record = make()
    other = record.folder.with_name(RunConfig(seed=99).run_id)
    shutil.copytree(record.folder, other)  # load_or_run of that config would return the wrong run
    with pytest.raises(RecordError, match=f"{other}: this is the record of run {record.id}"):
        load_record(other)


def test_folder_may_be_reached_by_any_path(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make()
    link = record.folder.parent.parent / "link"
    link.symlink_to(record.folder)
    monkeypatch.chdir(record.folder)
    for path in (link, Path("."), Path("..") / record.folder.name):
        assert load_record(path).config == record.config


@pytest.mark.parametrize("version", [None, "one", 1.5, [1]])
def test_results_version_that_is_none(make: Make, reseal: Reseal, version: object) -> None:
    folder = make().folder
    environment = json.loads((folder / "environment.json").read_text())
    (folder / "environment.json").write_text(json.dumps({**environment, "results_version": version}))
    reseal(folder)
    with pytest.raises(RecordError, match=r"environment\.json: 'results_version' is .*, it must be a valid integer"):
        load_record(folder)


def test_record_of_an_older_results_version_stays_readable(make: Make, reseal: Reseal) -> None:
    record = make()
    older = record.folder.with_name(id_of(record.config.to_json().encode(), 0))
    shutil.copytree(record.folder, older)
    environment = json.loads((older / "environment.json").read_text())
    (older / "environment.json").write_text(json.dumps({**environment, "results_version": 0}))
    reseal(older)
    assert load_record(older).id == older.name != record.id


@pytest.mark.parametrize("name", [*FILES, "COMPLETE"])
def test_a_link_is_not_followed_even_to_the_right_content(make: Make, name: str, tmp_path: Path) -> None:
    folder = make().folder
    elsewhere = tmp_path / "elsewhere"
    shutil.move(folder / name, elsewhere)
    (folder / name).symlink_to(elsewhere)
    assert any("not a regular file" in problem and name in problem for problem in find_problems(folder))
    with pytest.raises(RecordError, match="not a regular file; links and devices are not read"):
        read_everything(folder)


def test_a_folder_of_snapshots_elsewhere_is_not_followed(make: Make, tmp_path: Path) -> None:
    folder = make().folder
    shutil.move(folder / "snapshots", tmp_path / "elsewhere")
    (folder / "snapshots").symlink_to(tmp_path / "elsewhere")
    assert any("a link, which is not followed" in problem for problem in find_problems(folder))
    with pytest.raises(RecordError, match="a link, which is not followed"):
        read_everything(folder)


def test_a_link_that_does_not_belong_to_the_record_is_named(make: Make, tmp_path: Path) -> None:
    folder = make().folder
    (folder / "more").symlink_to(tmp_path, target_is_directory=True)
    assert find_problems(folder) == [f"{folder / 'more'}: does not belong to the record"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes with a name on this system")
@pytest.mark.parametrize("name", [*FILES, "COMPLETE"])
def test_a_pipe_is_not_waited_for(make: Make, name: str) -> None:
    folder = make().folder
    (folder / name).unlink()
    os.mkfifo(folder / name)
    assert find_problems(folder)
    with pytest.raises(RecordError, match=r"not a regular file|was not finished"):
        read_everything(folder)


def test_a_manifest_larger_than_any_is_not_read(make: Make) -> None:
    folder = make().folder
    os.truncate(folder / "manifest.jsonl", MOST + 1)  # a hole, which takes no room on the disk
    with pytest.raises(RecordError, match=r"not read: it has 4,294,967,297 bytes"):
        load_record(folder)


@pytest.mark.parametrize("name", ["environment.json", "config.json", "summary.json"])
def test_json_that_is_nested_without_end_is_refused(tmp_path: Path, name: str) -> None:
    folder = synthetic_record(tmp_path).folder
    (folder / name).write_bytes(b'{"a":' * 100_000)
    with pytest.raises(RecordError, match=name):
        load_record(folder)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"best_epoch": "five"}, "'best_epoch' is 'five', it must be a valid integer"),
        ({"parameters": 2**63}, "an integer has more than 64 bits"),
        ({"parameters": -1}, "'parameters' is -1, it must be greater than or equal to 0"),
        ({"accuracy": None}, "'accuracy' is None, it must be a valid dictionary"),
        ({"accuracy": {"test": "high"}}, "'accuracy.test' is 'high', it must be a valid number"),
        ({"accuracy": {"best": 1.0}}, "'accuracy.best.[key]' is 'best', it must be 'train', 'val' or 'test'"),
        ({"warnings": "one"}, "'warnings' is 'one', it must be a valid list"),
        ({"warnings": [1]}, "'warnings.0' is 1, it must be a valid string"),
        ({"split_sizes": {"test": 0.5}}, "'split_sizes.test' is 0.5, it must be a valid integer"),
        ({"split_seed": "0"}, "'split_seed' is '0', it must be a valid integer"),
        ({"seconds_per_epoch": True}, "'seconds_per_epoch' is True, it must be a valid number"),
    ],
)
def test_a_summary_that_says_what_no_run_says_is_refused(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(RecordError, match=r"summary.json: ") as caught:
        synthetic_record(tmp_path, **change)
    assert message in str(caught.value)


def test_the_graph_lists_its_variables_in_the_same_order_every_time(tmp_path: Path) -> None:
    folder = synthetic_record(tmp_path).folder
    assert {tuple(load_record(folder).graph) for _ in range(20)} == {
        ("degree", "edge_index", "split_of_node", "target")
    }
