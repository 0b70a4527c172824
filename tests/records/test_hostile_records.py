"""Records that a hostile program changed and sealed again: each is refused in one line that names the file."""

import json
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import DataConfig, RunConfig
from cna_viz.errors import RecordError
from cna_viz.records.record import Record, load_record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.records.verify import find_problems
from tests.fuzz.command_line import call, complaint_is_fit_to_print
from tests.records.helpers import TWICE, Tensor, manifest_lines, read_tensors, tensor_file, write_manifest

Make = Callable[..., Record]
Reseal = Callable[[Path], None]
Tensors = dict[str, Tensor]
GRAPH, SNAPSHOT = "graph.safetensors", "snapshots/0005.safetensors"


def read_everything(folder: Path) -> None:
    record = load_record(folder)
    _ = record.metrics, record.graph
    for epoch in record.snapshots:
        for name in record.snapshot(epoch).shapes():
            record.snapshot(epoch).read(name)


def refused(folder: Path, file: str, message: str) -> None:
    """Check that the record is refused in a line that names the file, by readers, by the check, and by commands."""
    with pytest.raises(RecordError) as caught:
        read_everything(folder)
    said = str(caught.value)
    assert said.startswith(f"{folder / file}")
    assert message in said
    assert "\n" not in said
    assert len(said) < 600
    assert said in find_problems(folder)
    for words in (["list"], ["show", folder.name], ["verify"]):
        answer = call(["runs", *words, "--runs", str(folder.parent)])
        complaint_is_fit_to_print(answer)
        assert folder.name in answer.out + answer.err
    assert answer.code == 1


def dtype(name: str, code: Any) -> Callable[[Tensors], object]:
    return lambda tensors: tensors[name].__setitem__(0, code)


def shape(name: str, sizes: Any) -> Callable[[Tensors], object]:
    return lambda tensors: tensors[name].__setitem__(1, sizes)


def filled(name: str, byte: int) -> Callable[[Tensors], object]:
    return lambda tensors: tensors[name].__setitem__(2, bytes([byte]) * len(tensors[name][2]))


def copied(name: str, other: str) -> Callable[[Tensors], object]:
    return lambda tensors: tensors.__setitem__(other, tensors[name])


def absent(name: str) -> Callable[[Tensors], object]:
    return lambda tensors: tensors.pop(name)


def of_each(file: str, message: str, *changes: Callable[[Tensors], object]) -> list[tuple[Any, ...]]:
    return [(file, change, message) for change in changes]


CONV, LONG = "embedding.conv.0001", "x" * 10_000
LAYERS = ("conv.0000", "conv.0004", "slot.0003", "conv.1", "conv.٠٠٠١", "x.0001", f"conv.{'9' * 5000}")
TENSORS: list[tuple[Any, ...]] = [
    *of_each(
        SNAPSHOT, "it must be I32 or F32", *(dtype("prediction", code) for code in ("BF16", "C64", "I64", "X", 3))
    ),
    *of_each(SNAPSHOT, "it must be F16 or F32", *(dtype(CONV, code) for code in ("F8_E4M3", "F4", "BF16", "F64"))),
    (GRAPH, dtype("split_of_node", "F32"), "split_of_node has dtype 'F32', it must be I8"),
    (GRAPH, dtype("target", "F32"), "target has dtype F32, it must be I64"),
    *of_each(GRAPH, "it must be I64", dtype("degree", "F64"), dtype("degree", None), dtype("degree", ["I64"])),
    *of_each(
        GRAPH, "it must be [node]", *(shape("target", sizes) for sizes in ([12, 1], [], None, [1.5], [-1], [True]))
    ),
    *of_each(SNAPSHOT, "it must be [node, channel]", *(shape(CONV, sizes) for sizes in ([], [12], [12, 8, 1]))),
    (GRAPH, shape("target", [0]), "target has 0 along node, it must have 12"),
    (GRAPH, shape("target", [2**62]), "target has shape [4611686018427387904] of I64, but 96 bytes"),
    (GRAPH, shape("edge_index", [3, 16]), "edge_index has 3 along end, it must have 2"),
    (GRAPH, shape("edge_index", [2.0, 24]), "edge_index has shape [2.0, 24], it must be [end, edge]"),
    (GRAPH, shape("degree", [11]), "along node, it must have"),
    (SNAPSHOT, shape(CONV, [0, 2**62]), f"{CONV} has 0 along node, it must have 12"),
    (SNAPSHOT, shape(CONV, [12, 0]), f"{CONV} has 0 along channel, it must have at least 1"),
    (SNAPSHOT, shape("prediction", [11]), "prediction has 11 along node, it must have 12"),
    (SNAPSHOT, shape("rational_numerator.0001", [4, 5]), "has 5 along coefficient, it must have 6"),
    (SNAPSHOT, shape("slot_input_histogram.0001", [4, 80]), "has 80 along bin, it must have 82"),
    (SNAPSHOT, shape("centroid.0001", [3, 8]), "along cluster, it must have"),
    (GRAPH, filled("split_of_node", 99), "split_of_node holds 99, it must hold integers from 0 to 3"),
    (GRAPH, filled("split_of_node", 247), "split_of_node holds -9, it must hold integers from 0 to 3"),
    (GRAPH, filled("edge_index", 1), "it must hold integers from 0 to 11"),
    (GRAPH, filled("target", 254), "target holds -72340172838076674, it must hold integers from -1 to"),
    (SNAPSHOT, filled("cluster_label.0001", 1), "cluster_label.0001 holds 16843009, it must hold integers from 0 to 3"),
    (SNAPSHOT, filled("slot_input_histogram.0001", 255), "slot_input_histogram.0001 holds -1"),
    (GRAPH, filled("degree", 1), "degree holds 72340172838076673, it must hold integers from 0 to 24"),
    (SNAPSHOT, dtype("prediction", "F32"), "prediction has dtype F32, it must be I32"),
    (GRAPH, absent("degree"), "tensor degree is missing"),
    *((SNAPSHOT, absent(name), f"tensor {name} is missing") for name in ("prediction", CONV, "embedding.slot.0002")),
    *of_each(
        GRAPH,
        "is not one that this file can have",
        *(copied("target", name) for name in ("graph_of_node", "x", "\0", LONG)),
    ),
    *of_each(
        SNAPSHOT,
        "is not one that this file can have",
        *(copied("prediction", name) for name in ("cluster_label.0003", "\0", LONG)),
    ),
    *of_each(SNAPSHOT, "is not one that this file can have", *(copied(CONV, f"embedding.{name}") for name in LAYERS)),
    (GRAPH, copied("target", "\ud800"), "header: not the JSON of a record ('utf-8' codec can't encode"),
    (GRAPH, copied("target", TWICE), "header: not the JSON of a record ('target' occurs twice)"),
    (SNAPSHOT, copied("prediction", TWICE), "header: not the JSON of a record ('prediction' occurs twice)"),
]


@pytest.mark.parametrize("case", TENSORS, ids=range(len(TENSORS)))
def test_tensors_that_the_schema_does_not_have(make: Make, reseal: Reseal, case: tuple[Any, ...]) -> None:
    file, change, message = case
    folder = make().folder
    tensors = read_tensors(folder / file)
    change(tensors)
    (folder / file).write_bytes(tensor_file(tensors, "target" if file == GRAPH else "prediction"))
    reseal(folder)
    refused(folder, file, message)


HEADERS: list[tuple[Callable[[dict[str, Any], bytes], bytes], str]] = [
    (lambda header, text: b"[]", "header: not a JSON object"),
    (lambda header, text: b"{" * 99, "header: not the JSON of a record ("),
    (lambda header, text: text + b"x", "header: not the JSON of a record ("),
    (
        lambda header, text: json.dumps({**header, "__metadata__": {"a": "b"}}).encode(),
        "'__metadata__' is not one that this file can have",
    ),
    (
        lambda header, text: json.dumps({**header, "degree": []}).encode(),
        "tensor degree is [], it must have dtype, shape",
    ),
    (lambda header, text: text.replace(b"[0,", b"[1,"), "bytes"),
    (lambda header, text: text.replace(b"[0,", b"[-1,"), "bytes"),
    (lambda header, text: text.replace(b"[0,", b"[true,"), "bytes"),
    (lambda header, text: json.dumps({**header, "degree": header["target"]}).encode(), "begins at byte"),
]


@pytest.mark.parametrize("case", HEADERS, ids=range(len(HEADERS)))
def test_headers_that_do_not_say_where_tensors_are(make: Make, reseal: Reseal, case: tuple[Any, str]) -> None:
    folder = make().folder
    content = (folder / GRAPH).read_bytes()
    end = 8 + int.from_bytes(content[:8], "little")
    header = case[0](json.loads(content[8:end]), content[8:end].rstrip())
    (folder / GRAPH).write_bytes(len(header).to_bytes(8, "little") + header + content[end:])
    reseal(folder)
    refused(folder, GRAPH, case[1])


@pytest.mark.parametrize("length", [0, 7, 2**31, 2**63, 2**64 - 1])
@pytest.mark.parametrize("file", [GRAPH, SNAPSHOT])
def test_headers_of_another_length(make: Make, reseal: Reseal, file: str, length: int) -> None:
    folder = make().folder
    content = (folder / file).read_bytes()
    (folder / file).write_bytes(length.to_bytes(8, "little") + content[8:])
    reseal(folder)
    refused(folder, file, "header")


FACTS: list[tuple[str, str, Any, str]] = [
    ("environment.json", "commit", {"a": 1}, "'commit' is {'a': 1}, it must be a valid string"),
    ("environment.json", "versions", ["torch"], "'versions' is ['torch'], it must be a valid dictionary"),
    ("environment.json", "threads", "two", "'threads' is 'two', it must be a valid integer"),
    ("environment.json", "started", 2026, "'started' is 2026, it must be a valid string"),
    ("environment.json", "content", "abc", "'content' is 'abc', it must match pattern"),
    ("environment.json", "class_names", [1], "'class_names.0' is 1, it must be a valid string"),
    ("environment.json", "new", json.loads("[" * 900 + "]" * 900), "nested too deeply"),
    ("environment.json", "new", math.nan, "NaN is not a JSON number"),
    ("environment.json", "device", "\ud800", "surrogates not allowed"),
    ("summary.json", "warnings", [None], "'warnings.0' is None, it must be a valid string"),
    ("summary.json", "best_epoch", True, "'best_epoch' is True, it must be a valid integer"),
    ("summary.json", "new", 10**400, "an integer has more than 64 bits"),
    ("selected.json", "epoch", "5", "'epoch' is '5', it must be a valid integer"),
    ("selected.json", "layers", {"mad": []}, "'layers.mad' is [], it must be a valid dictionary"),
    ("selected.json", "layers", 3, "'layers' is 3, it must be a valid dictionary"),
    ("selected.json", "layers", {"madness": {}}, "'layers.madness' is unknown"),
    *((f"{name}.json", TWICE, 0, "occurs twice") for name in ("config", "environment", "summary", "selected")),
]


@pytest.mark.parametrize("case", FACTS, ids=lambda case: f"{case[0]} {case[3]}")
def test_facts_that_the_schema_does_not_have(make: Make, reseal: Reseal, case: tuple[str, str, Any, str]) -> None:
    file, key, value, message = case
    folder = make().folder
    stated = json.loads((folder / file).read_text())
    text = json.dumps({**stated, key: value}).replace(f'"{TWICE}"', json.dumps(next(iter(stated))))
    (folder / file).write_text(f"{text}\n")
    reseal(folder)
    refused(folder, file, message)


def test_epochs_that_do_not_ascend(make: Make, reseal: Reseal) -> None:
    folder = make().folder
    lines = (folder / "metrics.jsonl").read_text().splitlines(keepends=True)
    (folder / "metrics.jsonl").write_text("".join([*lines, lines[2]]))
    reseal(folder)
    refused(folder, "metrics.jsonl", "line 7: epoch 2 does not come after the one before")


def test_timings_that_are_none(make: Make, reseal: Reseal) -> None:
    folder = make().folder
    (folder / "timings.jsonl").write_text('{"epoch": 0, "seconds": "long"}\n')
    reseal(folder)
    said = f"{folder / 'timings.jsonl'}, line 1: 'seconds' is 'long', it must be a valid number"
    assert find_problems(folder) == [said]


def test_more_layers_than_any_network_has(runs: Path, reseal: Reseal) -> None:
    watched = {"name": "net", "model": "Net", "dataset": "own", "layers": 2, "key": "0"}
    folder = synthetic_record(runs, RunConfig.model_validate({"watched": watched})).folder
    config = json.loads((folder / "config.json").read_text())
    deep = RunConfig.model_validate({**config, "watched": {**watched, "layers": 10**12}})
    (folder / "config.json").write_text(deep.to_json())
    folder = folder.rename(folder.with_name(deep.run_id))
    reseal(folder)
    refused(folder, "config.json", "1,000,000,000,000 layers; records of at most 16,384 are read")


def snapshot(lines: list[Any]) -> Any:
    return next(line for line in lines if line["file"] == SNAPSHOT)


MANIFESTS: list[tuple[Callable[[list[Any]], object], str]] = [
    *(
        (lambda lines, file=file: lines.append({**lines[-1], "file": file}), "is not a file of a record")
        for file in (
            *("a\0b", "\x1b[2J", "x" * 10_000, 3, "snapshots/", "snapshots/x.safetensors", "snapshots/1.safetensors"),
            *("snapshots/00001.safetensors", f"snapshots/{'9' * 4000}.safetensors", "snapshots/٠٠٠١.safetensors"),
            *("snapshots/9999999999999999999.safetensors", "../secret", "snapshots/../config.json", "COMPLETE"),
        )
    ),
    (lambda lines: lines.append({**lines[-1], "file": "\ud800"}), "surrogates not allowed"),
    (lambda lines: lines.append({**lines[-1], TWICE: "config.json"}), "'file' occurs twice"),
    (lambda lines: lines.insert(0, {**lines[0], "sha256": "0" * 64}), "config.json is listed twice"),
    (lambda lines: lines.insert(0, {**snapshot(lines), "tensors": {}}), "is listed twice"),
    (lambda lines: lines[0].update(bytes=True), "config.json: 'bytes' is True, it must be a valid integer"),
    (lambda lines: lines[0].update(bytes=-1), "config.json: 'bytes' is -1, it must be greater than or equal to 0"),
    (lambda lines: lines[0].update(sha256="0" * 63), "'sha256' is '000"),
    (
        lambda lines: snapshot(lines)["tensors"].update(prediction="x"),
        "'tensors.prediction' is 'x', it must match pattern '^[0-9a-f]{64}$'",
    ),
]


@pytest.mark.parametrize("case", MANIFESTS, ids=range(len(MANIFESTS)))
def test_manifests_that_list_what_no_record_has(make: Make, case: tuple[Any, str]) -> None:
    folder = make().folder
    lines = manifest_lines(folder)
    case[0](lines)
    write_manifest(folder, [json.dumps(line).replace(f'"{TWICE}"', '"file"') for line in lines])
    refused(folder, "manifest.jsonl", case[1])


def test_a_watched_record_may_lack_what_was_no_tensor_of_features(runs: Path, reseal: Reseal) -> None:
    watched = {"name": "net", "model": "Net", "dataset": "own", "layers": 2, "key": "0"}
    folder = synthetic_record(runs, RunConfig.model_validate({"watched": watched})).folder
    for name, message in (("embedding.slot.0001", None), ("prediction", "tensor prediction is missing")):
        tensors = read_tensors(folder / SNAPSHOT)
        tensors.pop(name)
        (folder / SNAPSHOT).write_bytes(tensor_file(tensors))
        reseal(folder)
        if message is None:
            assert find_problems(folder) == []
        else:
            refused(folder, SNAPSHOT, message)


def test_an_unfinished_record_is_checked_as_much(make: Make) -> None:
    folder = make().folder
    write_manifest(folder, [json.dumps(line) for line in (*manifest_lines(folder), manifest_lines(folder)[0])])
    (folder / "COMPLETE").unlink()
    with pytest.raises(RecordError, match=r"manifest\.jsonl: config\.json is listed twice"):
        load_record(folder, incomplete=True)


@pytest.mark.parametrize(("dataset", "names", "target"), [("motifs", 5, "I64"), ("chameleon-traffic", 4, "F32")])
def test_the_graph_is_that_of_the_task(runs: Path, reseal: Reseal, dataset: str, names: int, target: str) -> None:
    folder = synthetic_record(runs, RunConfig(data=DataConfig(dataset=dataset))).folder
    assert find_problems(folder) == []
    tensors = read_tensors(folder / GRAPH)
    assert (len(tensors), tensors["target"][0]) == (names, target)
    other = synthetic_record(runs).folder
    (folder / GRAPH).write_bytes((other / GRAPH).read_bytes())
    reseal(folder)
    refused(folder, GRAPH, "tensor ")


def test_graphs_of_nodes_ascend(runs: Path, reseal: Reseal) -> None:
    folder = synthetic_record(runs, RunConfig(data=DataConfig(dataset="motifs"))).folder
    tensors = read_tensors(folder / GRAPH)
    content = tensors["graph_of_node"][2]
    tensors["graph_of_node"][2] = content[8:] + content[:8]
    (folder / GRAPH).write_bytes(tensor_file(tensors))
    reseal(folder)
    refused(folder, GRAPH, "tensor graph_of_node does not ascend")


def test_a_hostile_record_hides_no_other(make: Make, reseal: Reseal) -> None:
    folder, other = make().folder, make("relu").folder
    (folder / "environment.json").write_text('{"schema_version": 4, "results_version": 1, "device": "\\ud800"}')
    reseal(folder)
    answer = call(["runs", "list", "--runs", str(folder.parent)])
    assert re.search(rf"{folder.name} +broken", answer.out)
    assert re.search(rf"{other.name} +complete", answer.out)
    assert answer.err.startswith(f"cna-viz: {folder / 'environment.json'}: not the JSON of a record")
