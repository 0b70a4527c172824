"""One tensor is read and checked without the others."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from cna_viz.errors import RecordError
from cna_viz.records.reading.files import tensors_to_bytes
from cna_viz.records.reading.integrity import ManifestEntry
from cna_viz.records.reading.tensors import Snapshot
from cna_viz.records.record import Record, load_record
from cna_viz.records.verify import find_problems
from tests.records.helpers import digest, manifest_line, write_manifest

Make = Callable[..., Record]
Reseal = Callable[[Path], None]
FILE = "snapshots/0005.safetensors"


def place(path: Path, name: str) -> tuple[int, int]:
    """Return where the bytes of a tensor begin and end in a safetensors file."""
    with path.open("rb") as file:
        size = int.from_bytes(file.read(8), "little")
        start, end = json.loads(file.read(size))[name]["data_offsets"]
    return 8 + size + start, 8 + size + end


def flip_in(path: Path, name: str) -> None:
    content, (start, end) = bytearray(path.read_bytes()), place(path, name)
    content[(start + end) // 2] ^= 1
    path.write_bytes(content)


def digests(tensors: dict[str, np.ndarray]) -> dict[str, str]:
    return {name: digest(np.ascontiguousarray(array).tobytes()) for name, array in tensors.items()}


def test_the_manifest_has_a_checksum_of_the_header_and_of_every_tensor(make: Make) -> None:
    record = make()
    entry, content = record.manifest[FILE], (record.folder / FILE).read_bytes()
    assert entry.tensors == digests(load_file(record.folder / FILE))
    assert entry.sha256 == digest(content[: 8 + int.from_bytes(content[:8], "little")])


def test_a_manifest_by_a_foreign_program_is_the_same(make: Make, reseal: Reseal) -> None:
    folder = make().folder
    before = load_record(folder).manifest
    reseal(folder)
    assert load_record(folder).manifest == before


@pytest.mark.parametrize("damaged", ["embedding.slot.0002", "prediction", "cluster_label.0002", "centroid.0002"])
def test_damage_to_another_tensor_does_not_hinder(make: Make, damaged: str) -> None:
    record = make()
    whole = load_file(record.folder / FILE)
    flip_in(record.folder / FILE, damaged)
    record = load_record(record.folder)
    for name, array in whole.items():
        if name == damaged:
            with pytest.raises(RecordError) as caught:
                record.snapshot(5).read(name)
            assert str(caught.value).startswith(f"{record.folder / FILE}: {damaged} was altered since it was written")
        else:
            assert np.array_equal(record.snapshot(5).read(name), array)
    assert np.array_equal(record.embedding(1, "conv", 5), whole["embedding.conv.0001"].astype(np.float32))
    assert find_problems(record.folder) == [
        f"{record.folder / FILE}: {damaged} was altered since it was written (its SHA-256 does not match)"
    ]


def test_truncation_is_found_before_anything_is_read(make: Make) -> None:
    record = make()
    path = record.folder / FILE
    path.write_bytes(path.read_bytes()[:-1])
    for read in (lambda: record.embedding(1, "conv", 5), record.snapshot(5).shapes):
        with pytest.raises(RecordError, match=r"0005\.safetensors: truncated or altered"):
            read()


def rename_in_header(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"embedding.conv.0001", b"embedding.conv.0009"))


def test_a_header_that_lost_a_tensor_is_refused(make: Make) -> None:
    record = make()
    rename_in_header(record.folder / FILE)
    for read in (lambda: record.embedding(1, "conv", 5), lambda: record.prediction(5), record.snapshot(5).shapes):
        with pytest.raises(RecordError, match=r"0005\.safetensors: altered since it was written"):
            read()


def test_a_manifest_that_promises_another_tensor_is_refused(make: Make) -> None:
    folder = make().folder
    rename_in_header(folder / FILE)
    name = "embedding.conv.0001"
    lines = {line["file"]: line for line in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())}
    lines[FILE] = manifest_line(folder, FILE)
    lines[FILE]["tensors"][name] = lines[FILE]["tensors"].pop("embedding.conv.0009")
    write_manifest(folder, [json.dumps(line) for line in lines.values()])
    message = f"{folder / FILE}: tensor 'embedding.conv.0009' is not one that this file can have"
    with pytest.raises(RecordError) as caught:
        load_record(folder).embedding(1, "conv", 5)
    assert [str(caught.value)] == find_problems(folder) == [message]


def test_a_header_that_is_none_is_refused(make: Make) -> None:
    folder = make().folder
    content = (2).to_bytes(8, "little") + b"[]"
    (folder / FILE).write_bytes(content)
    lines = {line["file"]: line for line in map(json.loads, (folder / "manifest.jsonl").read_text().splitlines())}
    lines[FILE] |= {"bytes": len(content), "header": digest(content)}
    write_manifest(folder, [json.dumps(line) for line in lines.values()])
    with pytest.raises(RecordError, match=r"0005\.safetensors: header: not a JSON object"):
        load_record(folder).prediction(5)
    (problem,) = find_problems(folder)
    assert problem == f"{folder / FILE}: header: not a JSON object"


def test_a_huge_sparse_file_is_not_read(tmp_path: Path) -> None:
    # 64 GiB of zeros that take no room on disk; reading all of it would take minutes and more memory than there is.
    (tmp_path / "snapshots").mkdir()
    shape, large = [2, 3], 2**36
    header = {
        "embedding.conv.0001": {"dtype": "F32", "shape": shape, "data_offsets": [0, 24]},
        "embedding.slot.0001": {"dtype": "F16", "shape": [2, large // 4], "data_offsets": [24, 24 + large]},
        "embedding.conv.0002": {"dtype": "F32", "shape": shape, "data_offsets": [24 + large, 48 + large]},
    }
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    last = np.arange(6, dtype=np.float32).reshape(shape)
    with (tmp_path / FILE).open("wb") as file:
        file.write(len(text).to_bytes(8, "little") + text)
        file.truncate(8 + len(text) + 48 + large)
        file.seek(-24, 2)
        file.write(last.tobytes())
    wanted = {"embedding.conv.0001": np.zeros(shape, dtype=np.float32), "embedding.conv.0002": last}
    tensors = {**digests(wanted), "embedding.slot.0001": "0" * 64}
    header_digest = digest(len(text).to_bytes(8, "little") + text)
    snapshot = Snapshot(tmp_path, ManifestEntry(FILE, (tmp_path / FILE).stat().st_size, header_digest, tensors))
    for name, array in wanted.items():
        assert np.array_equal(snapshot.read(name), array)
    assert snapshot.shapes()["embedding.slot.0001"] == (2, large // 4)


def test_without_checksums_of_its_tensors_a_snapshot_is_refused(make: Make) -> None:
    folder = make().folder
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    for line in lines:
        if line.pop("tensors", None):
            # As records of schema version 2 could have it.
            line["sha256"] = digest((folder / line["file"]).read_bytes())
    write_manifest(folder, [json.dumps(line) for line in lines])
    message = r"snapshots/0000\.safetensors: 'tensors' is missing"
    with pytest.raises(RecordError, match=rf"manifest\.jsonl: {message}"):
        load_record(folder)
    (problem,) = find_problems(folder)
    assert re.search(message, problem)


def test_a_tensor_that_is_not_there_is_none(make: Make) -> None:
    record = make()
    assert record.snapshot(5).read("nothing") is None
    assert record.snapshot(5).shapes() == {name: a.shape for name, a in load_file(record.folder / FILE).items()}


def test_types_come_back(tmp_path: Path) -> None:
    tensors = {
        "embedding.conv.0001": np.array([[1.5, -np.inf], [np.nan, 0]], dtype=np.float16),
        "embedding.slot.0001": np.array([[1e-40], [np.inf]], dtype=np.float32),
        "cluster_label.0001": np.array([0, 3], dtype=np.int32),
        "slot_input_histogram.0001": np.full((4, 82), 2**40),
    }
    content = tensors_to_bytes(tensors)
    (tmp_path / "file").write_bytes(content)
    header = content[: 8 + int.from_bytes(content[:8], "little")]
    snapshot = Snapshot(tmp_path, ManifestEntry("file", len(content), digest(header), digests(tensors)))
    for name, array in tensors.items():
        again = snapshot.read(name)
        assert again is not None
        assert (again.dtype, again.shape) == (array.dtype, array.shape)
        assert np.array_equal(again, array, equal_nan=array.dtype.kind == "f")


@pytest.mark.parametrize("left", ["prediction", "all"])
def test_a_tensor_that_the_manifest_does_not_list_is_named(make: Make, left: str) -> None:
    folder = make().folder
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    for line in lines:
        if line["file"] == FILE:
            line["tensors"] = {} if left == "all" else {k: v for k, v in line["tensors"].items() if k != left}
    write_manifest(folder, [json.dumps(line) for line in lines])
    name = "centroid.0001" if left == "all" else left
    message = f"{folder / FILE}: tensor '{name}' is in the file only"
    with pytest.raises(RecordError) as caught:
        load_record(folder).prediction()
    assert [str(caught.value)] == find_problems(folder) == [message]


@pytest.mark.parametrize("damage", [lambda path: path.unlink(), lambda path: path.write_bytes(b"")])
def test_a_snapshot_of_which_no_tensor_is_listed_has_to_be_there(make: Make, damage: Callable[[Path], object]) -> None:
    folder = make().folder
    lines = [json.loads(line) for line in (folder / "manifest.jsonl").read_text().splitlines()]
    write_manifest(folder, [json.dumps({**line, "tensors": {}} if line["file"] == FILE else line) for line in lines])
    damage(folder / FILE)
    (problem,) = find_problems(folder)
    assert problem.startswith(f"{folder / FILE}: ")
