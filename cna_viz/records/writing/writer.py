"""Write one record: stream during the run, seal at its end."""

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from io import BufferedRandom
from pathlib import Path
from typing import IO, Any, Final, Self

import numpy as np

from cna_viz.config import RESULTS_VERSION, RunConfig
from cna_viz.errors import RecordError
from cna_viz.files import atomic_paths, write_atomically
from cna_viz.progress import reserve_descriptors
from cna_viz.records import schema
from cna_viz.records.reading.files import sha256, tensors_to_bytes, to_json

VERSIONS: Final = {"schema_version": schema.SCHEMA_VERSION, "results_version": RESULTS_VERSION}
"""Versions that a reader needs to understand a record and to compute its id."""
_DTYPES: Final = {"float16": "F16", "float32": "F32", "float64": "F64", "int8": "I8", "int32": "I32", "int64": "I64"}
_ENTRY: Final = 160
"""Maximum size in bytes of a tensor's entry in the header, without its name."""

Array = np.ndarray[Any, Any]


class SnapshotStream:
    """Writer of a safetensors file, tensor by tensor, so that only one has to be in memory.

    The header that begins the file is written at the end, into space reserved for the expected ``names`` and padded
    with blanks; if other tensors make it longer, the file is copied. After the end ``bytes`` is the size of the file,
    ``header`` and ``tensors`` are the SHA-256 of the header and of every tensor.
    """

    def __init__(self, path: Path, file: BufferedRandom, names: Sequence[str]) -> None:
        self.path, self.tensors = path, dict[str, str]()
        self.bytes, self.header = 0, ""
        self._file, self._entries = file, dict[str, dict[str, Any]]()
        self._room = -(-sum(len(name) + _ENTRY for name in [*names, "room"]) // 8) * 8
        self._end = 0
        file.seek(8 + self._room)

    def add(self, name: str, array: Array) -> None:
        """Append a tensor; raises RecordError if the name is taken or its dtype can't be stored."""
        dtype = _DTYPES.get(array.dtype.name)
        if name in self._entries or dtype is None:
            problem = "is written twice" if name in self._entries else f"has type {array.dtype}, which can't be stored"
            raise RecordError(f"{self.path}: tensor {name!r} {problem}")
        little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"), copy=False)
        content = little.reshape(-1).view(np.uint8).data
        start, self._end = self._end, self._end + content.nbytes
        self._entries[name] = {"dtype": dtype, "shape": list(array.shape), "data_offsets": [start, self._end]}
        self.tensors[name] = hashlib.sha256(content).hexdigest()
        self._file.write(content)

    def finish(self) -> None:
        """Write the header and force the file to disk."""
        entries = json.dumps(self._entries, separators=(",", ":")).encode()
        if len(entries) > self._room:
            self._make_room(len(entries))
        header = self._room.to_bytes(8, "little") + entries.ljust(self._room)
        self._file.seek(0)
        self._file.write(header)
        _to_disk(self._file)
        if hasattr(os, "posix_fadvise"):
            # Drop it from the page cache: a sweep writes more than the memory holds.
            os.posix_fadvise(self._file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
        # The tensors have their checksums already: reading them again would double the time of a snapshot.
        self.bytes, self.header = 8 + self._room + self._end, sha256(header)

    def _make_room(self, size: int) -> None:
        """Move the tensors behind a header of this size."""
        room = -(-size // 8) * 8
        with tempfile.TemporaryFile(dir=self.path.parent) as copy:
            self._file.seek(8 + self._room)
            shutil.copyfileobj(self._file, copy)
            copy.seek(0)
            self._file.seek(8 + room)
            shutil.copyfileobj(copy, self._file)
        self._room = room


@contextmanager
def snapshot_stream(path: Path, names: Sequence[str]) -> Iterator[SnapshotStream]:
    """Give a stream to a file with these expected tensors; the file appears when the context is left normally."""
    with atomic_paths(path) as (atomic_path,):
        file = atomic_path.open("x+b")
        try:
            stream = SnapshotStream(path, file, names)
            yield stream
            stream.finish()
        finally:
            # A failure to write the rest of the buffer must not hide the exception that ended the context.
            with suppress(OSError):
                file.close()


class RecordWriter:
    """Writer of a record, a context manager.

    Every file except the two line streams appears at once, followed by its line in the manifest. Leaving the context
    without :meth:`seal` leaves a record that readers recognize as unfinished. ``folder`` must not exist yet.
    """

    def __init__(self, folder: Path, config: RunConfig, environment: Mapping[str, Any]) -> None:
        self.folder = folder
        self.config, self.environment = config, dict(environment)
        self._streams: dict[str, IO[bytes]] = {}

    def __enter__(self) -> Self:
        reserve_descriptors()
        (self.folder / schema.SNAPSHOT_FOLDER).mkdir(parents=True)
        for name in (schema.METRICS_FILE, schema.TIMINGS_FILE):
            self._streams[name] = (self.folder / name).open("xb")
        self._write(schema.CONFIG_FILE, self.config.to_json().encode())
        self._write_json(schema.ENVIRONMENT_FILE, {**VERSIONS, **self.environment})
        return self

    def __exit__(self, *exception: object) -> None:
        for stream in self._streams.values():
            with suppress(OSError):  # the last line of an unfinished record could not be written
                stream.close()

    def graph(self, tensors: Mapping[str, Array]) -> None:
        """Write the tensors of :func:`.schema.graph_tensors`."""
        self._write(schema.GRAPH_FILE, tensors_to_bytes(tensors))

    def epoch(self, line: Mapping[str, Any], seconds: float) -> None:
        """Append one epoch to the metrics, and its duration to the timings."""
        self._append(schema.METRICS_FILE, line)
        self._append(schema.TIMINGS_FILE, {"epoch": line["epoch"], "seconds": seconds})

    @contextmanager
    def stream(self, epoch: int, names: Sequence[str]) -> Iterator[SnapshotStream]:
        """Give a stream for the snapshot of one epoch, which is listed in the manifest when the context is left."""
        file = schema.snapshot_file(epoch)
        with snapshot_stream(self.folder / file, names) as stream:
            yield stream
        self._enter({"file": file, "bytes": stream.bytes, "header": stream.header, "tensors": stream.tensors})

    def snapshot(self, epoch: int, tensors: Mapping[str, Array]) -> None:
        """Write the whole snapshot of one epoch."""
        with self.stream(epoch, list(tensors)) as stream:
            for name, array in tensors.items():
                stream.add(name, array)

    def selected(self, epoch: int, layers: Mapping[str, Any]) -> None:
        """Write the measures of the selected model, that of this epoch."""
        self._write_json(schema.SELECTED_FILE, {"epoch": epoch, "layers": layers})

    def seal(self, summary: Mapping[str, Any]) -> None:
        """Write the summary, list all files in the manifest and mark the record complete."""
        self._finish(summary)
        manifest = (self.folder / schema.MANIFEST_FILE).read_bytes()
        write_atomically(self.folder / schema.COMPLETE_FILE, f"{sha256(manifest)}\n".encode())

    def abandon(self, summary: Mapping[str, Any]) -> None:
        """Write the summary without the mark of a complete record; its status is ``incomplete``."""
        self._finish({**summary, "status": "incomplete"})

    def _finish(self, summary: Mapping[str, Any]) -> None:
        for name, stream in self._streams.items():
            _to_disk(stream)
            stream.close()
            self._enter_content(name, (self.folder / name).read_bytes())
        self._write_json(schema.SUMMARY_FILE, summary)

    def _append(self, name: str, line: Mapping[str, Any]) -> None:
        self._streams[name].write(f"{to_json(line)}\n".encode())
        self._streams[name].flush()

    def _write_json(self, name: str, value: Mapping[str, Any]) -> None:
        self._write(name, f"{to_json(value)}\n".encode())

    def _write(self, name: str, content: bytes) -> None:
        write_atomically(self.folder / name, content)
        self._enter_content(name, content)

    def _enter_content(self, name: str, content: bytes) -> None:
        self._enter({"file": name, "bytes": len(content), "sha256": sha256(content)})

    def _enter(self, entry: Mapping[str, Any]) -> None:
        with (self.folder / schema.MANIFEST_FILE).open("ab") as manifest:
            manifest.write(f"{to_json(entry)}\n".encode())
            _to_disk(manifest)


def _to_disk(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())
