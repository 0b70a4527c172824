"""The snapshot stream: what is appended tensor by tensor is a safetensors file, or there is no file."""

import hashlib
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from cna_viz.config import ModelConfig, RunConfig
from cna_viz.errors import RecordError
from cna_viz.records.writing import writer as module
from cna_viz.records.writing.writer import RecordWriter, SnapshotStream, snapshot_stream

ARRAYS: dict[str, np.ndarray] = {
    "half": np.array([[1, -2.5, np.nan], [np.inf, 0, 6e-8]], dtype=np.float16),
    "single": np.linspace(-1, 1, 7, dtype=np.float32),
    "double": np.array([np.pi]),
    "tiny": np.array([[-128, 127]], dtype=np.int8),
    "label": np.arange(-3, 30, dtype=np.int32).reshape(3, 11),
    "long": np.array([2**62, -1]),
}


def header_of(path: Path) -> bytes:
    """Return what stands before the tensors."""
    content = path.read_bytes()
    return content[: 8 + int.from_bytes(content[:8], "little")]


def write(path: Path, arrays: dict[str, np.ndarray], names: list[str] | None = None) -> SnapshotStream:
    with snapshot_stream(path, list(arrays) if names is None else names) as stream:
        for name, array in arrays.items():
            stream.add(name, array)
    return stream


def same(path: Path, arrays: dict[str, np.ndarray]) -> bool:
    """Whether a file holds these arrays, in this order, and nothing else lies beside it."""
    held = load_file(path)
    with safe_open(path, framework="np") as file:
        assert file.keys() == list(arrays) or sorted(file.keys()) == sorted(arrays)
    assert held.keys() == arrays.keys()
    for name, array in arrays.items():
        assert held[name].shape == array.shape
        assert held[name].dtype == array.dtype.newbyteorder("=")
        np.testing.assert_array_equal(held[name], array)
    return [found.name for found in path.parent.iterdir()] == [path.name]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    (tmp_path / "snapshots").mkdir()
    return tmp_path / "snapshots" / "0003.safetensors"


def test_arrays_of_every_type_come_back(path: Path) -> None:
    write(path, ARRAYS)
    assert same(path, ARRAYS)


def test_no_tensor_at_all_is_a_file_without_tensors(path: Path) -> None:
    write(path, {})
    assert load_file(path) == {}


@pytest.mark.parametrize("shape", [(0,), (0, 5), (5, 0), (0, 0)])
def test_empty_tensors_come_back_between_others(path: Path, shape: tuple[int, ...]) -> None:
    arrays = {"a": np.ones(3, dtype=np.float32), "none": np.zeros(shape, dtype=np.float16), "b": np.arange(2)}
    write(path, arrays)
    assert same(path, arrays)


def test_a_scalar_keeps_its_shape(path: Path) -> None:
    write(path, {"scalar": np.array(2.5, dtype=np.float32)})
    assert same(path, {"scalar": np.array(2.5, dtype=np.float32)})


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=np.float32).reshape(3, 4).T,
        np.arange(24, dtype=np.int32)[::-2],
        np.arange(24, dtype=np.float16).reshape(4, 6)[1:, ::3],
        np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        np.broadcast_to(np.float32(7), (2, 3)),
    ],
)
def test_arrays_that_are_not_contiguous_come_back(path: Path, array: np.ndarray) -> None:
    write(path, {"x": array})
    assert same(path, {"x": array})


@pytest.mark.parametrize("kind", [">f2", ">f4", ">f8", ">i4", ">i8", "<f4"])
def test_numbers_in_another_byte_order_come_back(path: Path, kind: str) -> None:
    array = np.array([[1, -2, 300]], dtype=kind)
    write(path, {"x": array})
    assert same(path, {"x": array})


def test_a_header_longer_than_its_room_is_moved_before_the_tensors(path: Path) -> None:
    arrays = {f"tensor.{number:04d}": np.full((number, 3), number, dtype=np.float32) for number in range(50)}
    stream = write(path, arrays, names=[])
    assert same(path, arrays)
    assert stream.bytes == path.stat().st_size
    assert stream.header == hashlib.sha256(header_of(path)).hexdigest()


def test_names_that_take_more_room_than_letters_come_back(path: Path) -> None:
    arrays = {'a"\\b' * 200: np.arange(3), "λ" * 300: np.arange(4), "plain": np.arange(5)}
    write(path, arrays)
    assert same(path, arrays)


def test_tensors_begin_where_processors_like_to_read(path: Path) -> None:
    for names in ([], list(ARRAYS), ["x" * 13]):
        write(path, ARRAYS, names)
        assert int.from_bytes(path.read_bytes()[:8], "little") % 8 == 0
        path.unlink()


def test_no_room_is_wasted_on_the_header(path: Path) -> None:
    arrays = {f"embedding.conv.{layer:04d}": np.zeros((2, 2), dtype=np.float16) for layer in range(64)}
    write(path, arrays)
    room = int.from_bytes(path.read_bytes()[:8], "little")
    assert room < 64 * 200
    assert path.stat().st_size == 8 + room + 64 * 8


def test_checksums_are_those_of_the_tensors_and_the_header(path: Path) -> None:
    stream = write(path, ARRAYS)
    assert stream.tensors == {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in ARRAYS.items()}
    assert stream.bytes == path.stat().st_size
    assert stream.header == hashlib.sha256(header_of(path)).hexdigest()


def test_a_tensor_is_not_changed_and_not_kept(path: Path) -> None:
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    with snapshot_stream(path, ["x"]) as stream:
        stream.add("x", array)
        array[:] = -1  # the caller may use its memory again
    np.testing.assert_array_equal(load_file(path)["x"], np.arange(6, dtype=np.float32).reshape(2, 3))


def test_a_tensor_of_a_name_that_is_taken_is_refused(path: Path) -> None:
    with pytest.raises(RecordError, match="tensor 'x' is written twice"), snapshot_stream(path, ["x"]) as stream:  # noqa: PT012
        stream.add("x", np.arange(3))
        stream.add("x", np.arange(3))
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("array", [np.array([True]), np.array([1j]), np.array(["x"]), np.array([None])])
def test_what_has_no_type_here_is_refused(path: Path, array: np.ndarray) -> None:
    with pytest.raises(RecordError, match="which can't be stored"), snapshot_stream(path, ["x"]) as stream:
        stream.add("x", array)
    assert list(path.parent.iterdir()) == []


def test_a_refused_tensor_does_not_spoil_the_others(path: Path) -> None:
    with snapshot_stream(path, ["a", "b"]) as stream:
        stream.add("a", np.arange(3))
        with pytest.raises(RecordError):
            stream.add("b", np.array([True]))
        stream.add("c", np.arange(4))
    assert same(path, {"a": np.arange(3), "c": np.arange(4)})


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, OSError])
def test_after_an_exception_there_is_neither_file_nor_draft(path: Path, error: type[BaseException]) -> None:
    with pytest.raises(error), snapshot_stream(path, ["x"]) as stream:  # noqa: PT012
        stream.add("x", np.arange(3))
        raise error
    assert list(path.parent.iterdir()) == []


def test_a_file_that_was_there_stays_after_an_exception(path: Path) -> None:
    path.write_bytes(b"before")
    with pytest.raises(ValueError, match="stop"), snapshot_stream(path, ["x"]):
        raise ValueError("stop")
    assert path.read_bytes() == b"before"


def test_the_file_has_its_name_only_when_it_is_whole(path: Path) -> None:
    with snapshot_stream(path, ["x"]) as stream:
        stream.add("x", np.arange(3))
        assert not path.exists()
    assert path.exists()


def test_a_file_that_cannot_be_forced_to_disk_does_not_appear(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(descriptor: int) -> None:
        raise OSError("no space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    with pytest.raises(OSError, match="no space left"):
        write(path, ARRAYS)
    assert list(path.parent.iterdir()) == []


@pytest.mark.parametrize("error", [None, KeyboardInterrupt])
def test_a_full_disk_does_not_hide_why_it_ended(path: Path, error: type[BaseException] | None) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(error or OSError):  # noqa: PT012
        try:
            with snapshot_stream(path, ["x"]) as stream:
                resource.setrlimit(resource.RLIMIT_FSIZE, (0, hard))
                stream.add("x", np.zeros(3))  # so few bytes that they wait in a buffer
                if error is not None:
                    raise error
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(path.parent.iterdir()) == []


def test_tensors_are_added_inside_the_context_only(path: Path) -> None:
    stream = write(path, ARRAYS)
    with pytest.raises(ValueError, match="closed file"):
        stream.add("x", np.arange(3))
    assert same(path, ARRAYS)


class Crowd:
    """Counts the arrays that are held at once."""

    def __init__(self) -> None:
        self.now = self.most = 0

    def array(self) -> np.ndarray:
        import weakref

        array = np.zeros((100, 100))
        self.now += 1
        self.most = max(self.most, self.now)
        weakref.finalize(array, self._gone)
        return array

    def _gone(self) -> None:
        self.now -= 1


def test_no_more_than_one_tensor_is_held(path: Path) -> None:
    crowd = Crowd()
    with snapshot_stream(path, [str(number) for number in range(9)]) as stream:
        for number in range(9):
            stream.add(str(number), crowd.array())
    assert crowd.most == 1


# Within a record


def entries(folder: Path) -> dict[str, dict[str, Any]]:
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    return {entry["file"]: entry for entry in map(json.loads, lines)}


def test_the_manifest_says_what_the_snapshot_is(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RecordWriter(folder, RunConfig(model=ModelConfig(layers=2)), {}) as writer:
        with writer.stream(7, list(ARRAYS)) as stream:
            for name, array in ARRAYS.items():
                stream.add(name, array)
            assert "snapshots/0007.safetensors" not in entries(folder)
        writer.snapshot(8, {"prediction": np.arange(3, dtype=np.int32)})
    path = folder / "snapshots" / "0007.safetensors"
    assert entries(folder)["snapshots/0007.safetensors"] == {
        "file": "snapshots/0007.safetensors",
        "bytes": path.stat().st_size,
        "header": hashlib.sha256(header_of(path)).hexdigest(),
        "tensors": {name: hashlib.sha256(array.tobytes()).hexdigest() for name, array in ARRAYS.items()},
    }
    assert set(entries(folder)["snapshots/0008.safetensors"]["tensors"]) == {"prediction"}


def test_a_snapshot_that_failed_is_not_in_the_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RecordWriter(folder, RunConfig(), {}) as writer:
        with pytest.raises(ZeroDivisionError), writer.stream(7, ["x"]) as stream:  # noqa: PT012
            stream.add("x", np.arange(3))
            raise ZeroDivisionError
        assert set(entries(folder)) == {"config.json", "environment.json"}
    assert list((folder / "snapshots").iterdir()) == []


def test_an_abandoned_record_has_no_mark_and_says_that_it_is_incomplete(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    with RecordWriter(folder, RunConfig(), {}) as writer:
        writer.epoch({"epoch": 0}, seconds=0.5)
        writer.abandon({"status": "complete", "epochs": 0})
    assert json.loads((folder / "summary.json").read_text()) == {"status": "incomplete", "epochs": 0}
    assert not (folder / "COMPLETE").exists()
    for name in ("metrics.jsonl", "timings.jsonl", "summary.json"):
        content = (folder / name).read_bytes()
        assert entries(folder)[name]["sha256"] == hashlib.sha256(content).hexdigest()
    assert (folder / "metrics.jsonl").read_text() == '{"epoch": 0}\n'


def test_a_full_disk_does_not_keep_the_streams_open_or_hide_why_it_ended(tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with pytest.raises(OSError, match="too large") as caught:  # noqa: PT012
        try:
            with RecordWriter(tmp_path / "run", RunConfig(), {}) as writer:
                streams = list(writer._streams.values())
                resource.setrlimit(resource.RLIMIT_FSIZE, (5, hard))
                writer.epoch({"epoch": 0}, seconds=0.5)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert caught.value.__context__ is None
    assert all(stream.closed for stream in streams)
    assert len(streams) == 2
