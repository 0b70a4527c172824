"""Write one record: stream while the run goes on, seal at its end."""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, Self

import numpy as np

from cna_viz.config import RESULTS_VERSION, RunConfig
from cna_viz.files import write_atomically
from cna_viz.progress import reserve_descriptors
from cna_viz.records import schema
from cna_viz.records.reading.files import sha256, tensors_to_bytes, to_json
from cna_viz.records.writing.snapshot_stream import SnapshotStream

VERSIONS = {"schema_version": schema.SCHEMA_VERSION, "results_version": RESULTS_VERSION}
"""What a reader must know to understand a record and to tell whose it is."""


class RecordWriter:
    """Writer of ``folder``, to be used as a context manager.

    Every file but the two streams of lines appears at once and whole, followed by its line in the manifest. Leaving the
    context without :meth:`seal` leaves a record that readers recognize as unfinished.

    Args:
        folder: Folder of the record; it must not exist yet.
        config: The run.
        environment: Facts about the machine and the software that made it.
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
            with suppress(OSError):  # of an unfinished record, whose last line could not be written
                stream.close()

    def graph(self, tensors: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Write target, split_of_node, degree and edge_index."""
        self._write(schema.GRAPH_FILE, tensors_to_bytes(tensors))

    def epoch(self, line: Mapping[str, Any], seconds: float) -> None:
        """Append one epoch to the metrics, and its duration to the timings."""
        self._append(schema.METRICS_FILE, line)
        self._append(schema.TIMINGS_FILE, {"epoch": line["epoch"], "seconds": seconds})

    @contextmanager
    def stream(self, epoch: int, names: Sequence[str]) -> Iterator[SnapshotStream]:
        """Give a stream for the snapshot of one epoch; it is entered in the manifest when the context is left.

        Args:
            epoch: The epoch.
            names: The tensors that are expected.
        """
        file = schema.snapshot_file(epoch)
        with SnapshotStream(self.folder / file, list(names)) as stream:
            yield stream
        self._enter({"file": file, "bytes": stream.bytes, "header": stream.header, "tensors": stream.tensors})

    def snapshot(self, epoch: int, tensors: Mapping[str, np.ndarray[Any, Any]]) -> None:
        """Write the snapshot of one epoch, all of whose tensors are there."""
        with self.stream(epoch, list(tensors)) as stream:
            for name, array in tensors.items():
                stream.add(name, array)

    def selected(self, epoch: int, layers: Mapping[str, Any]) -> None:
        """Write the measures of the selected model, the one of this epoch."""
        self._write_json(schema.SELECTED_FILE, {"epoch": epoch, "layers": layers})

    def seal(self, summary: Mapping[str, Any]) -> None:
        """Close the streams, write the summary, enter all in the manifest and mark the record complete."""
        self._finish(summary)
        manifest = (self.folder / schema.MANIFEST_FILE).read_bytes()
        write_atomically(self.folder / schema.COMPLETE_FILE, f"{sha256(manifest)}\n".encode())

    def abandon(self, summary: Mapping[str, Any]) -> None:
        """Write what there is without the mark of a complete record; its status says ``incomplete``."""
        self._finish({**summary, "status": "incomplete"})

    def _finish(self, summary: Mapping[str, Any]) -> None:
        for name, stream in self._streams.items():
            stream.flush()
            os.fsync(stream.fileno())
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
            manifest.flush()
            os.fsync(manifest.fileno())
