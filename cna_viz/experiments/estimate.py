"""Time and disk space of a run or a sweep, estimated from a few epochs that are trained, recorded and thrown away."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Final

from cna_viz.config import RunConfig
from cna_viz.data import catalog
from cna_viz.experiments.sweep import default_workers
from cna_viz.experiments.train import prepare, train
from cna_viz.experiments.trained import missing_of
from cna_viz.progress import bar
from cna_viz.recording.recorder import snapshot_due
from cna_viz.records import schema
from cna_viz.records.reading.files import read_json, read_lines

TRIED: Final = 6
"""Epochs that are tried. The odd ones are only trained, the even ones also measured."""
START: Final = 0.3
"""Seconds that a process takes at most to start, load its graph and end."""


@dataclass(frozen=True)
class Estimate:
    """Maximum time and space of a run; training may stop earlier.

    ``measured`` and ``snapshots`` are numbers of epochs, ``bytes`` the size of the record, ``seconds`` the duration.
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
    """Estimate the time and space of a run; arguments and errors as in :func:`~cna_viz.load_or_run`."""
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
        size = _sizes(folder)
        parameters = int(read_json(folder / schema.SUMMARY_FILE)["parameters"])
    plain = median([value for epoch, value in seconds.items() if epoch % 2] or [0.0])
    even = [value for epoch, value in seconds.items() if epoch and epoch % 2 == 0]
    with_measures = max(plain, median(even or [plain]))
    epochs, kind = config.training.epochs, config.recording.snapshots
    planned = {epoch for epoch in range(epochs + 1) if snapshot_due(kind, epoch, last=epoch == epochs)}
    # The best epoch, unknown before, adds one of each.
    snapshots = min(len(planned) + 1, epochs + 1) if planned else 0
    measured = min(len({*range(0, epochs + 1, config.recording.every), *planned, epochs}) + 1, epochs + 1)
    writing = max(0.0, seconds.get(0, 0.0) - with_measures) * snapshots
    return Estimate(
        parameters=parameters,
        epochs=epochs,
        measured=measured,
        snapshots=snapshots,
        snapshot_bytes=size["snapshot"],
        bytes=size["fixed"]
        + (epochs + 1 - measured) * size["epoch"]
        + measured * size["measured epoch"]
        + snapshots * (size["snapshot"] + size["snapshot entry"]),
        seconds_per_epoch=plain,
        seconds_per_measured_epoch=with_measures,
        seconds=(epochs + 1 - measured) * plain + measured * with_measures + writing,
    )


def _sizes(folder: Path) -> dict[str, int]:
    """Return bytes: of files written once, of the lines of an epoch, of a snapshot, and of its line in the manifest."""
    files = {path.name: path.read_bytes() for path in folder.iterdir() if path.is_file()}
    lines, timings, manifest = (
        [len(line) for line in files.pop(name).splitlines(keepends=True)]
        for name in (schema.METRICS_FILE, schema.TIMINGS_FILE, schema.MANIFEST_FILE)
    )
    snapshots = [path.stat().st_size for path in (folder / schema.SNAPSHOT_FOLDER).iterdir()]
    # The entries of snapshots name their tensors and are the longest.
    entries = sorted(manifest, reverse=True)
    return {
        "fixed": sum(map(len, files.values())) + sum(entries[len(snapshots) :]),
        "epoch": min(lines) + max(timings),
        "measured epoch": max(lines) + max(timings),
        "snapshot": max(snapshots, default=0),
        "snapshot entry": entries[0] if snapshots else 0,
    }


@dataclass(frozen=True)
class Preview:
    """Maximum time and space of a sweep, and how many of its runs have no record yet; trainings may stop earlier."""

    runs: int
    missing: int
    workers: int
    seconds: float
    bytes: int


def preview(
    configs: Sequence[RunConfig],
    runs: Path,
    data: Path | None,
    workers: int | None,
    threads: int,
    *,
    progress: bool = True,
) -> Preview:
    """Estimate a sweep by trying one seed of every missing run; arguments and errors as in ``sweep``."""
    missing = missing_of(configs, runs, data)
    kinds = Counter(config.replace(seed=0) for config in missing)
    seconds, size, workers = 0.0, 0, workers or default_workers(threads)
    with bar(len(kinds), "trying", unit=" runs", disable=not progress) as shown:
        for config, count in kinds.items():
            found = estimate(config, data)
            seconds, size = seconds + count * (found.seconds + START), size + count * found.bytes
            shown.update()
    return Preview(len(configs), len(missing), workers, seconds / workers, size)
