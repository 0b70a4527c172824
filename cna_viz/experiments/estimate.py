"""What a run will take, found by trying: a few epochs are trained and recorded, and thrown away."""

import tempfile
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from cna_viz.config import RunConfig
from cna_viz.data import catalog
from cna_viz.experiments.train import prepare, train
from cna_viz.recording.recorder import snapshot_due
from cna_viz.records import schema
from cna_viz.records.reading.files import read_json, read_lines

TRIED = 6
"""Epochs that are tried. The odd ones are only trained, the even ones measured, too."""


@dataclass(frozen=True)
class Estimate:
    """What a run will take at most: training may stop earlier.

    Attributes:
        parameters: Number of learned numbers.
        epochs: Most epochs.
        measured: Epochs at which layers are measured.
        snapshots: Epochs at which embeddings are kept.
        snapshot_bytes: Size of a snapshot on disk.
        bytes: Size of the record on disk.
        seconds_per_epoch: Of an epoch without measures.
        seconds_per_measured_epoch: Of one with measures.
        seconds: Of the run.
    """

    parameters: int
    epochs: int
    measured: int
    snapshots: int
    snapshot_bytes: int
    bytes: int
    seconds_per_epoch: float
    seconds_per_measured_epoch: float
    seconds: float


def estimate(config: RunConfig, data: Path | str | None = None) -> Estimate:
    """Try a run and return what it will take; arguments and errors as in :func:`~cna_viz.load_or_run`."""
    catalog.check(config.data)
    graph, split = prepare(config, None if data is None else Path(data), {})
    kept = "none" if config.recording.snapshots == "none" else "ends"
    trial = config.replace(
        training=config.training.replace(epochs=min(TRIED, config.training.epochs), patience=TRIED),
        recording=config.recording.replace(every=2, snapshots=kept),
    )
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / trial.run_id
        train(trial, graph, split, folder, [])
        seconds = {line["epoch"]: line["seconds"] for line in read_lines(folder / schema.TIMINGS_FILE)}
        sizes = _sizes(folder)
        parameters = int(read_json(folder / schema.SUMMARY_FILE)["parameters"])
    plain = median([value for epoch, value in seconds.items() if epoch % 2] or [0.0])
    even = [value for epoch, value in seconds.items() if epoch and epoch % 2 == 0]
    with_measures = max(plain, median(even or [plain]))
    epochs, planned = config.training.epochs, _snapshots(config)
    # The best epoch, which nobody knows before, has both.
    snapshots = min(len(planned) + 1, epochs + 1) if planned else 0
    measured = min(len({*range(0, epochs + 1, config.recording.every), *planned, epochs}) + 1, epochs + 1)
    writing = max(0.0, seconds.get(0, 0.0) - with_measures) * snapshots
    return Estimate(
        parameters=parameters,
        epochs=epochs,
        measured=measured,
        snapshots=snapshots,
        snapshot_bytes=sizes.snapshot,
        bytes=sizes.fixed
        + (epochs + 1 - measured) * sizes.epoch
        + measured * sizes.measured_epoch
        + snapshots * (sizes.snapshot + sizes.snapshot_entry),
        seconds_per_epoch=plain,
        seconds_per_measured_epoch=with_measures,
        seconds=(epochs + 1 - measured) * plain + measured * with_measures + writing,
    )


@dataclass(frozen=True)
class _Sizes:
    """Bytes: of what a run has once, of the lines of an epoch, of a snapshot, and of its line in the manifest."""

    fixed: int
    epoch: int
    measured_epoch: int
    snapshot: int
    snapshot_entry: int


def _sizes(folder: Path) -> _Sizes:
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    lines, timings, manifest = (
        [len(line) for line in files.pop(name).splitlines(keepends=True)]
        for name in (schema.METRICS_FILE, schema.TIMINGS_FILE, schema.MANIFEST_FILE)
    )
    snapshots = [path.stat().st_size for path in (folder / schema.SNAPSHOT_FOLDER).iterdir()]
    # The entries of snapshots name their tensors and are the longest.
    entries = sorted(manifest, reverse=True)
    return _Sizes(
        fixed=sum(map(len, files.values())) + sum(entries[len(snapshots) :]),
        epoch=min(lines) + max(timings),
        measured_epoch=max(lines) + max(timings),
        snapshot=max(snapshots, default=0),
        snapshot_entry=entries[0] if snapshots else 0,
    )


def _snapshots(config: RunConfig) -> set[int]:
    """Return the epochs of the snapshots, that of the best epoch apart, which nobody knows before."""
    epochs, kind = config.training.epochs, config.recording.snapshots
    return {epoch for epoch in range(epochs + 1) if snapshot_due(kind, epoch, last=epoch == epochs)}
