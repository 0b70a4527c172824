"""Sweeps: every run is trained once, whoever dies meanwhile, and what can't be trained is said."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from importlib import import_module
from multiprocessing import active_children
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import DataConfig, RunConfig
from cna_viz.errors import DataError, UsageError
from cna_viz.experiments.grid import Grid
from cna_viz.experiments.sweep import Sweep, sweep
from cna_viz.experiments.tasks import TaskResult, train_one
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.verify import find_problems
from cna_viz.records.writing.lock import record_lock

pytestmark = pytest.mark.subprocess

module = import_module("cna_viz.experiments.sweep")
"""The module: its room exports the function of the same name."""

Configure = Callable[..., RunConfig]
FOREVER = 1_000_000


@pytest.fixture
def configs() -> list[RunConfig]:
    """Return six short runs on the karate club."""
    fixed = {"dataset": "karate", "layers": 2, "hidden": 4, "epochs": 3, "snapshots": "none"}
    return Grid(fixed=fixed, axes={"slot": ["relu", "none"], "seed": [0, 1, 2]}).configs()


def long(config: RunConfig) -> RunConfig:
    """Return a run that does not end by itself."""
    return config.replace(training=config.training.replace(epochs=FOREVER, patience=FOREVER))


def go(configs: list[RunConfig], runs: Path, **options: Any) -> Sweep:
    return sweep(configs, runs=runs, **{"workers": 2, "progress": False, **options})


def all_there(configs: list[RunConfig], runs: Path) -> bool:
    return all(find_problems(runs / config.run_id) == [] for config in configs)


def until(condition: Callable[[], bool]) -> None:
    """Wait for something that must come."""
    for _ in range(1200):
        if condition():
            return
        time.sleep(0.05)
    pytest.fail("it did not come")


def test_all_are_trained_once_and_then_skipped(configs: list[RunConfig], runs: Path) -> None:
    first = go(configs, runs)
    assert sorted(first.trained) == sorted(config.run_id for config in configs)
    assert (first.skipped, first.failed) == ([], {})
    assert all_there(configs, runs)
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*.json*")}
    second = go(configs, runs)
    assert (second.trained, second.failed, len(second.skipped)) == ([], {}, 6)
    assert {path: path.stat().st_mtime_ns for path in runs.rglob("*.json*")} == before
    assert active_children() == []


def test_records_are_equal_whatever_the_number_of_workers(configs: list[RunConfig], tmp_path: Path) -> None:
    cna = Grid(fixed={"dataset": "karate", "epochs": 5, "slot": "cna", "clusters": 4, "every": 1}).configs()
    for workers in (1, 3):
        go([*configs, *cna], tmp_path / str(workers), workers=workers)
    places = [tmp_path / str(workers) for workers in (1, 3)]
    names = [path.relative_to(places[0]) for path in places[0].glob("*/**/*") if path.is_file()]
    # All but what says when and how fast: snapshots, graph, metrics, measures of the selected model.
    same = [name for name in names if name.suffix == ".safetensors" or name.name in ("metrics.jsonl", "selected.json")]
    assert len([name for name in same if name.parts[0] == cna[0].run_id]) > 5
    assert all((places[0] / name).read_bytes() == (places[1] / name).read_bytes() for name in same)


def test_a_config_that_stands_there_twice_is_trained_once(configs: list[RunConfig], runs: Path) -> None:
    assert len(go([configs[0], configs[0]], runs).trained) == 1


def test_what_can_not_be_run_is_refused_before_anything_is_trained(configs: list[RunConfig], runs: Path) -> None:
    bad = configs[0].replace(model=configs[0].model.replace(slot="cna", clusters=50))
    with pytest.raises(UsageError, match="clusters = 50 is out of range: it must be at most 34"):
        go([*configs, bad], runs)
    absent = configs[0].replace(data=DataConfig(dataset="cora", split="public"))
    with pytest.raises(DataError):
        go([*configs, absent], runs, data=runs / "nowhere")
    assert not runs.exists()


@pytest.mark.parametrize(("name", "value"), [("workers", 0), ("threads", 0), ("workers", -3)])
def test_numbers_out_of_range(configs: list[RunConfig], runs: Path, name: str, value: int) -> None:
    with pytest.raises(UsageError, match=f"{name} = {value} is out of range: it must be at least 1"):
        go(configs, runs, **{name: value})


def holders(path: Path) -> list[int]:
    """Return the processes that have this file open."""
    found = []
    for link in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # it has ended meanwhile
            if os.readlink(link) == str(path):
                found.append(int(link.parts[2]))
    return found


def kill_holder_of(runs: Path, name: str) -> None:
    """Kill the process that writes this record, once it does."""
    metrics = runs / name / "metrics.jsonl"
    until(lambda: bool(holders(metrics)))
    for process in holders(metrics):
        os.kill(process, signal.SIGKILL)


class Started:
    """Wraps a sweep's tasks: does something after a run was started."""

    def __init__(self, inner: Any, action: Callable[[RunConfig], None]) -> None:
        self.inner, self.action = inner, action

    def __enter__(self) -> "Started":
        self.inner.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self.inner.__exit__(*exception)

    def __len__(self) -> int:
        return len(self.inner)

    @property
    def full(self) -> bool:
        full: bool = self.inner.full
        return full

    def start(self, key: Any, task: Callable[..., TaskResult], *arguments: object) -> None:
        self.inner.start(key, task, *arguments)
        if task is train_one:
            self.action(key)

    def finished(self) -> list[tuple[Any, TaskResult | None]]:
        found: list[tuple[Any, TaskResult | None]] = self.inner.finished()
        return found


@contextmanager
def after_start(monkeypatch: pytest.MonkeyPatch, action: Callable[[RunConfig], None]) -> Iterator[None]:
    real = module.Processes
    with monkeypatch.context() as patch:
        patch.setattr(module, "Processes", lambda workers: Started(real(workers), action))
        yield


linux = pytest.mark.skipif(sys.platform != "linux", reason="finds processes in /proc")


def test_the_environment_says_how_many_runs_are_trained_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    assert [module.default_workers(threads) for threads in (1, 3, 16)] == [8, 2, 1]
    monkeypatch.setenv("CNA_VIZ_WORKERS", "3")
    assert module.default_workers(1) == 3
    for wrong in ("0", "-1", "two", ""):
        monkeypatch.setenv("CNA_VIZ_WORKERS", wrong)
        with pytest.raises(UsageError, match=f"CNA_VIZ_WORKERS = {wrong!r} is no number of workers"):
            module.default_workers(1)


@linux
def test_a_killed_run_is_tried_again_and_the_others_are_kept(
    configs: list[RunConfig], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = configs[0].replace(training=configs[0].training.replace(epochs=400, patience=400))
    killed: list[str] = []

    def kill_once(config: RunConfig) -> None:
        if config == slow and not killed:
            killed.append(config.run_id)
            kill_holder_of(runs.resolve(), config.run_id)

    with after_start(monkeypatch, kill_once):
        found = go([slow, *configs[1:]], runs)
    assert killed == [slow.run_id]
    assert (len(found.trained), found.failed) == (6, {})
    assert all_there([slow, *configs[1:]], runs)
    assert not list(runs.glob("*.unfinished-*"))


@linux
def test_a_run_that_always_dies_is_given_up_and_the_others_arrive(
    configs: list[RunConfig], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    doomed, killed = long(configs[0]), list[str]()

    def kill(config: RunConfig) -> None:
        if config == doomed:
            kill_holder_of(runs.resolve(), config.run_id)
            killed.append(config.run_id)

    with after_start(monkeypatch, kill):
        found = go([doomed, *configs[1:]], runs)
    assert killed == [doomed.run_id] * 3
    assert list(found.failed) == [doomed.run_id]
    assert "killed 3 times" in found.failed[doomed.run_id]
    assert len(found.trained) == 5
    assert all_there(configs[1:], runs)


def test_a_run_that_fails_hinders_no_other(configs: list[RunConfig], runs: Path) -> None:
    blocked = runs / configs[0].run_id
    blocked.parent.mkdir()
    blocked.symlink_to(runs / "nowhere" / "else")
    found = go(configs, runs)
    assert list(found.failed) == [configs[0].run_id]
    why = f"{blocked}: is not a folder, or is a link, so this run can't be trained there"
    assert why in found.failed[configs[0].run_id]
    assert len(found.trained) == 5


def test_a_run_that_another_sweep_trains_is_waited_for(
    configs: list[RunConfig], runs: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other"
    go(configs[:1], other)
    lock = record_lock(runs / configs[0].run_id)
    lock.acquire()

    def finish(seconds: float) -> None:
        (other / configs[0].run_id).rename(runs / configs[0].run_id)
        lock.release()

    monkeypatch.setattr(module.time, "sleep", finish)
    found = go(configs, runs)
    assert found.skipped == [configs[0].run_id]
    assert len(found.trained) == 5


def test_a_run_that_another_sweep_has_left_is_taken_over(
    configs: list[RunConfig], runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    lock = record_lock(runs / configs[0].run_id)
    lock.acquire()
    monkeypatch.setattr(module.time, "sleep", lambda seconds: lock.release())
    assert len(go(configs, runs).trained) == 6


def command(configs: str, runs: Path) -> subprocess.Popen[bytes]:
    call = "import sys; from cna_viz.cli.main import main; sys.exit(main(sys.argv[1:]))"
    words = [sys.executable, "-c", call, "sweep", configs, "--runs", str(runs), "--workers", "2"]
    return subprocess.Popen(words, stderr=subprocess.PIPE, start_new_session=True)


@pytest.fixture
def endless(tmp_path: Path) -> str:
    """Return the file of a grid whose runs do not end by themselves."""
    path = tmp_path / "endless.yaml"
    path.write_text(
        "fixed: {dataset: karate, epochs: 1000000, patience: 1000000, snapshots: none}\naxes: {seed: [0, 1, 2]}\n"
    )
    return str(path)


@linux
@pytest.mark.parametrize("sign", [signal.SIGKILL, signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
def test_with_the_sweep_end_its_workers(runs: Path, endless: str, sign: signal.Signals) -> None:
    process = command(endless, runs)
    until(lambda: len(list(runs.glob("*/metrics.jsonl"))) == 2)
    writers = [path.resolve() for path in runs.glob("*/metrics.jsonl")]
    process.send_signal(sign)
    _, said = process.communicate(timeout=60)
    if sign == signal.SIGINT:
        assert process.returncode == 130
        assert b"interrupted; finished records are kept" in said
        assert b"Traceback" not in said
    until(lambda: not any(holders(path) for path in writers))
    assert not any(is_complete(path.parent) for path in writers)


# On a cluster of dask


@pytest.mark.slow
def test_the_same_on_a_local_cluster(configs: list[RunConfig], runs: Path) -> None:
    pytest.importorskip("distributed")
    found = go(configs, runs, scheduler="local")
    assert (len(found.trained), found.failed) == (6, {})
    assert all_there(configs, runs)


@linux
@pytest.mark.slow
def test_a_worker_of_a_cluster_is_killed_and_all_runs_arrive(configs: list[RunConfig], runs: Path) -> None:
    distributed = pytest.importorskip("distributed")
    slow = [config.replace(training=config.training.replace(epochs=300, patience=300)) for config in configs]
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None
    ) as cluster:
        killed = []

        def kill(worker: Any) -> None:
            killed.append(worker.pid)
            os.kill(worker.pid, signal.SIGKILL)

        def watch() -> None:
            until(lambda: bool(list(runs.glob("*/metrics.jsonl"))))
            kill(next(iter(cluster.workers.values())))

        watcher = threading.Thread(target=watch, daemon=True)
        watcher.start()
        found = go(slow, runs, scheduler=cluster.scheduler_address)
        watcher.join()
    assert len(killed) == 1
    assert (len(found.trained), found.failed) == (6, {})
    assert all_there(slow, runs)


def test_no_scheduler_at_the_address(configs: list[RunConfig], runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("distributed")
    monkeypatch.setattr("cna_viz.experiments.on_dask.CONNECT", 0.5)
    with pytest.raises(DataError, match=r"no scheduler at tcp://127\.0\.0\.1:1: .* start one with `dask scheduler`"):
        go(configs, runs, scheduler="tcp://127.0.0.1:1")
