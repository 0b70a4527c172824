"""One tensor is read and checked without the others."""

import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from cna_viz.errors import RecordError, UsageError
from cna_viz.records.files import tensors_to_bytes
from cna_viz.records.integrity import Entry, find_problems
from cna_viz.records.record import Record, load_record
from cna_viz.records.snapshot import Snapshot

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
    return {name: sha256(np.ascontiguousarray(array).tobytes()).hexdigest() for name, array in tensors.items()}


def test_the_manifest_has_a_checksum_of_every_tensor(make: Make) -> None:
    record = make()
    entry = record.manifest[FILE]
    assert entry.tensors == digests(load_file(record.folder / FILE))


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
        f"{record.folder / FILE}: altered since it was written (its SHA-256 does not match)"
    ]


def test_truncation_is_found_before_anything_is_read(make: Make) -> None:
    record = make()
    path = record.folder / FILE
    path.write_bytes(path.read_bytes()[:-1])
    for read in (lambda: record.embedding(1, "conv", 5), record.snapshot(5).shapes):
        with pytest.raises(RecordError, match=r"0005\.safetensors: truncated or altered"):
            read()


def test_a_header_that_lost_a_tensor_is_refused(make: Make) -> None:
    record = make()
    path = record.folder / FILE
    path.write_bytes(path.read_bytes().replace(b"embedding.conv.0001", b"embedding.conv.0009"))
    with pytest.raises(RecordError, match=r"0005\.safetensors: not readable as safetensors"):
        record.embedding(1, "conv", 5)


def test_a_huge_sparse_file_is_not_read(tmp_path: Path) -> None:
    # 64 GiB of zeros that take no room on disk; reading all of it would take minutes and more memory than there is.
    (tmp_path / "snapshots").mkdir()
    shape, large = [3, 2], 2**36
    header = {
        "embedding.conv.0001": {"dtype": "F32", "shape": shape, "data_offsets": [0, 24]},
        "embedding.slot.0001": {"dtype": "F16", "shape": [large // 2], "data_offsets": [24, 24 + large]},
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
    snapshot = Snapshot(tmp_path, Entry(FILE, (tmp_path / FILE).stat().st_size, "0" * 64, tensors))
    for name, array in wanted.items():
        assert np.array_equal(snapshot.read(name), array)
    assert snapshot.shapes()["embedding.slot.0001"] == (large // 2,)


def test_without_checksums_of_tensors_the_file_is_checked(make: Make, reseal: Reseal) -> None:
    folder = make().folder
    reseal(folder)
    record = load_record(folder)
    assert record.manifest[FILE].tensors is None
    whole = load_file(folder / FILE)
    assert np.array_equal(record.prediction(5), whole["prediction"])
    assert record.snapshot(5).shapes() == {name: array.shape for name, array in whole.items()}
    assert record.snapshot(5).read("nothing") is None
    flip_in(folder / FILE, "embedding.slot.0002")
    with pytest.raises(RecordError, match="altered since it was written"):
        record.embedding(1, "conv", 5)


def test_types_and_empty_tensors(tmp_path: Path) -> None:
    tensors = {
        "half": np.array([[1.5, -np.inf], [np.nan, 0]], dtype=np.float16),
        "byte": np.array([0, -3], dtype=np.int8),
        "long": np.array([2**40]),
        "empty": np.zeros((0, 4), dtype=np.float32),
    }
    content = tensors_to_bytes(tensors)
    (tmp_path / "file").write_bytes(content)
    snapshot = Snapshot(tmp_path, Entry("file", len(content), "", digests(tensors)))
    for name, array in tensors.items():
        again = snapshot.read(name)
        assert again is not None
        assert (again.dtype, again.shape) == (array.dtype, array.shape)
        assert np.array_equal(again, array, equal_nan=array.dtype.kind == "f")


def test_snapshot_without_predictions(make: Make) -> None:
    record = make()
    lines = [json.loads(line) for line in (record.folder / "manifest.jsonl").read_text().splitlines()]
    for line in lines:
        line.get("tensors", {}).pop("prediction", None)
    content = "".join(f"{json.dumps(line)}\n" for line in lines).encode()
    (record.folder / "manifest.jsonl").write_bytes(content)
    (record.folder / "COMPLETE").write_text(f"{sha256(content).hexdigest()}\n")
    with pytest.raises(UsageError, match="keeps no predictions"):
        load_record(record.folder).prediction()
