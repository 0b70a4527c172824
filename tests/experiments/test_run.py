"""Load or run: once, alone, repeatable to the byte, and never losing what was there."""

import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from cna_viz.config import CSBMConfig, DataConfig, ModelConfig, RunConfig
from cna_viz.errors import RecordError, UsageError
from cna_viz.experiments import train
from cna_viz.experiments.run import load_or_run, load_or_run_all
from cna_viz.records.listing import list_runs
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import load_record
from cna_viz.records.verify import find_problems

Configure = Callable[..., RunConfig]
Interrupt = Callable[[pytest.MonkeyPatch, BaseException], None]


def contents(folder: Path) -> dict[str, bytes]:
    """Return what must be equal in every repetition: metrics, graph, measures of the selected model, snapshots."""
    names = ["config.json", "metrics.jsonl", "graph.safetensors", "selected.json"]
    paths = [*(folder / name for name in names), *sorted((folder / "snapshots").iterdir())]
    assert len(paths) > len(names)
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}


def attempts(runs: Path) -> list[str]:
    return sorted(path.name for path in runs.iterdir() if not path.name.startswith("."))


@pytest.mark.parametrize("slot", ["none", "relu", "a", "cna"])
def test_first_call_trains(configure: Configure, runs: Path, slot: str) -> None:
    config = configure(slot=slot)
    record = load_or_run(config, runs=runs, progress=False)
    assert record.config == config
    assert record.folder == runs / config.run_id
    assert find_problems(record.folder) == []
    assert record.summary["status"] == "complete"
    assert record.metrics.sizes == {"epoch": 7, "split": 3, "layer": 3, "stage": 2}
    assert record.best_epoch in record.snapshots
    assert attempts(runs) == [config.run_id]


def test_second_call_trains_nothing(configure: Configure, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    config = configure()
    first = load_or_run(config, runs=runs, progress=False)
    before = {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")}
    monkeypatch.setattr(train, "train", lambda *args: pytest.fail("a training was started"))
    second = load_or_run(config, runs=str(runs), progress=False)
    assert (second.folder, second.summary, second.environment) == (first.folder, first.summary, first.environment)
    assert {path: path.stat().st_mtime_ns for path in first.folder.rglob("*")} == before


@pytest.mark.subprocess
def test_loading_needs_no_torch(configure: Configure, runs: Path) -> None:
    config = configure()
    load_or_run(config, runs=runs, progress=False)
    code = (
        "import sys; from cna_viz import RunConfig, load_or_run; "
        "load_or_run(RunConfig.from_json(sys.argv[1]), runs=sys.argv[2]).metrics; print('torch' in sys.modules)"
    )
    command = [sys.executable, "-c", code, config.to_json(), str(runs)]
    assert subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip() == "False"


@pytest.mark.parametrize("slot", ["a", "cna"])
def test_repetition_is_the_same_to_the_byte(configure: Configure, runs: Path, slot: str) -> None:
    config = configure(slot=slot, dropout=0.3)
    torch.manual_seed(1)
    first = contents(load_or_run(config, runs=runs, progress=False).folder)
    torch.manual_seed(2)
    load_or_run(configure(seed=5), runs=runs, progress=False)
    again = contents(load_or_run(config, runs=runs / "other", progress=False).folder)
    assert first.keys() == again.keys()
    for name, content in first.items():
        assert again[name] == content, name
    other = contents(load_or_run(configure(slot=slot, dropout=0.3, seed=1), runs=runs, progress=False).folder)
    assert other["metrics.jsonl"] != first["metrics.jsonl"]


def test_how_much_is_recorded_does_not_change_the_training(configure: Configure, runs: Path) -> None:
    much = load_or_run(configure(training={"epochs": 12}), runs=runs, progress=False)
    little = load_or_run(
        configure(training={"epochs": 12}, recording={"every": 5, "snapshots": "none"}), runs=runs, progress=False
    )
    for name in ("loss", "accuracy"):
        assert np.array_equal(much.metrics[name].values, little.metrics[name].values)
    for name in ("accuracy", "best_epoch", "epochs", "parameters", "split_sizes", "split_seed"):
        assert much.summary[name] == little.summary[name]
    for record in (much, little):
        selected = record.metrics["rayleigh"].sel(epoch=record.best_epoch, stage="conv").values
        assert np.isfinite(selected).all()
        assert np.array_equal(selected, much.metrics["rayleigh"].sel(epoch=record.best_epoch, stage="conv").values)


def test_random_states_are_left_as_they_were(configure: Configure, runs: Path) -> None:
    states = torch.get_rng_state(), random.getstate(), np.random.get_state()[1].copy()
    load_or_run(configure(dropout=0.5), runs=runs, progress=False)
    assert torch.equal(torch.get_rng_state(), states[0])
    assert random.getstate() == states[1]
    assert np.array_equal(np.random.get_state()[1], states[2])


def test_random_state_is_left_as_it_was_after_an_error(
    configure: Configure, runs: Path, interrupt: Interrupt, monkeypatch: pytest.MonkeyPatch
) -> None:
    state = torch.get_rng_state()
    interrupt(monkeypatch, RuntimeError("boom"))
    with pytest.raises(RuntimeError, match="boom"):
        load_or_run(configure(), runs=runs, progress=False)
    assert torch.equal(torch.get_rng_state(), state)


def test_interrupted_run_is_recognized_and_replaced(configure: Configure, runs: Path, interrupt: Interrupt) -> None:
    config = configure()
    folder = runs / config.run_id
    with pytest.MonkeyPatch.context() as patch:
        interrupt(patch, KeyboardInterrupt())
        with pytest.raises(KeyboardInterrupt):
            load_or_run(config, runs=runs, progress=False)
    assert not is_complete(folder)
    assert (folder / "metrics.jsonl").read_text().count("\n") == 3
    with pytest.raises(RecordError, match="the run was not finished"):
        load_record(folder)
    assert [(entry.folder, entry.status) for entry in list_runs(runs)] == [(folder, "incomplete")]
    record = load_or_run(config, runs=runs, progress=False)
    assert find_problems(record.folder) == []
    assert attempts(runs) == [config.run_id]


def test_failed_attempts_stay_until_one_succeeds(configure: Configure, runs: Path, interrupt: Interrupt) -> None:
    config = configure()
    for number in range(3):
        with pytest.MonkeyPatch.context() as patch:
            interrupt(patch, RuntimeError(f"attempt {number}"))
            with pytest.raises(RuntimeError, match=f"attempt {number}"):
                load_or_run(config, runs=runs, progress=False)
        aside = [f"{config.run_id}.unfinished-{n}" for n in range(1, number + 1)]
        assert attempts(runs) == [config.run_id, *aside]
        assert all((runs / name / "metrics.jsonl").stat().st_size > 0 for name in attempts(runs))
    neighbour = runs / f"{configure(seed=9).run_id}.unfinished-1"
    neighbour.mkdir()
    load_or_run(config, runs=runs, progress=False)
    assert attempts(runs) == sorted([config.run_id, neighbour.name])


def test_attempt_is_kept_while_the_new_one_is_not_finished(
    configure: Configure, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure()
    (runs / config.run_id).mkdir(parents=True)
    (runs / config.run_id / "config.json").write_text(config.to_json())
    seen: list[list[str]] = []

    class Looking(train.EpochBar):
        def on_selected(self, epoch: int) -> None:
            seen.append(attempts(runs))

    monkeypatch.setattr(train, "EpochBar", Looking)
    load_or_run(config, runs=runs, progress=False)
    assert seen == [[config.run_id, f"{config.run_id}.unfinished-1"]]
    assert attempts(runs) == [config.run_id]


@pytest.mark.usefixtures("no_training")
def test_what_cannot_be_run_is_refused_before_anything_is_made(configure: Configure, runs: Path) -> None:
    good = configure()
    lonely = RunConfig(data=DataConfig(dataset="csbm", csbm=CSBMConfig(nodes=20, degree=3.0)))
    for bad, message in [
        (configure(clusters=35), "clusters = 35 is out of range: it must be at most 34, the number of nodes of karate"),
        (lonely.replace(model=ModelConfig(slot="cna", clusters=21)), "clusters = 21 .* at most 20"),
        (good.replace(data=DataConfig(dataset="karate", split="public")), "unknown split protocol 'public'"),
    ]:
        with pytest.raises(UsageError, match=message):
            load_or_run(bad, runs=runs, progress=False)
        with pytest.raises(UsageError, match=message):
            load_or_run_all([good, bad], runs=runs, progress=False)
    assert not runs.exists()


def test_as_many_clusters_as_nodes(configure: Configure, runs: Path) -> None:
    record = load_or_run(configure(clusters=34), runs=runs, progress=False)
    assert record.summary["status"] == "complete"


def test_altered_record_is_refused_not_trained_again(configure: Configure, runs: Path) -> None:
    config = configure()
    folder = load_or_run(config, runs=runs, progress=False).folder
    (folder / "summary.json").write_text("{}")
    with pytest.raises(RecordError, match=r"summary\.json: truncated or altered"):
        load_or_run(config, runs=runs, progress=False)
    assert (folder / "summary.json").read_text() == "{}"


def test_diverged_run_is_kept_and_not_tried_again(
    configure: Configure, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = configure(slot="a", training={"lr": 1e30})
    record = load_or_run(config, runs=runs, progress=False)
    assert record.summary["status"] == "diverged"
    (warning,) = record.summary["warnings"]
    assert "not finite after step" in warning
    assert find_problems(record.folder) == []
    assert record.metrics.sizes["epoch"] == record.summary["epochs"] + 1
    assert np.isfinite(record.metrics["loss"].values).all()
    assert np.isfinite(record.embedding(1, "conv").values).all()
    assert [entry.status for entry in list_runs(runs)] == ["diverged"]
    monkeypatch.setattr(train, "train", lambda *args: pytest.fail("a training was started"))
    assert load_or_run(config, runs=runs, progress=False).summary == record.summary


def test_many_come_in_their_order(configure: Configure, runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    configs = [configure(slot=slot, seed=seed) for slot in ("relu", "cna") for seed in (1, 0)]
    load_or_run(configs[2], runs=runs, progress=False)
    trained, loaded = [], []
    real, real_load = train.train, train.load_graph
    monkeypatch.setattr(train, "train", lambda config, *args: (trained.append(config), real(config, *args)))
    monkeypatch.setattr(train, "load_graph", lambda data, root: (loaded.append(data), real_load(data, root))[1])
    records = load_or_run_all([*configs, configs[0]], runs=runs, progress=False)
    assert [record.config for record in records] == [*configs, configs[0]]
    assert trained == [configs[0], configs[1], configs[3]]  # each once, the one that was there not at all
    assert loaded == [configs[0].data]  # one graph for all


def test_nothing_to_do(runs: Path) -> None:
    assert load_or_run_all([], runs=runs, progress=False) == []
    assert not runs.exists()


class Bar:
    """Stands for a tqdm bar."""

    def __init__(self, total: int) -> None:
        self.total, self.n, self.descriptions = total, 0, list[str]()

    def __enter__(self) -> "Bar":
        return self

    def __exit__(self, *exception: object) -> None:
        pass

    def update(self, n: int) -> None:
        assert n >= 0
        self.n += n

    def set_description(self, text: str) -> None:
        self.descriptions.append(text)

    def set_postfix(self, **values: object) -> None:
        pass


def test_bar_is_full_at_the_end_also_with_early_stopping(
    configure: Configure, runs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bars: list[Bar] = []

    def bar(total: int, description: str, *, unit: str, disable: bool) -> Bar:
        assert (unit, disable) == (" layer-epochs", False)
        bars.append(Bar(total))
        return bars[-1]

    monkeypatch.setattr(train, "bar", bar)
    configs = [configure(layers=2), configure(slot="relu", layers=5, training={"epochs": 40, "patience": 1})]
    records = load_or_run_all(configs, runs=runs)
    assert records[1].summary["epochs"] < 40
    (only,) = bars
    assert only.n == only.total == 2 * 6 + 5 * 40
    assert only.descriptions == ["run 1/2: gcn + cna, 2 layers", "run 2/2: gcn + relu, 5 layers"]
    load_or_run_all(configs, runs=runs)
    assert len(bars) == 1


def test_silent_on_request(configure: Configure, runs: Path, capfd: pytest.CaptureFixture[str]) -> None:
    load_or_run(configure(), runs=runs, progress=False)
    assert capfd.readouterr() == ("", "")


TWO = """
import sys, time
from pathlib import Path
from cna_viz import RunConfig, load_or_run
from cna_viz.experiments import train as module

runs, marks, me, other = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4]
real_train, real_claim = module.train, module.record_lock

def train(*args):
    (marks / f"{me}-trains").touch()
    while not (marks / f"{other}-asks").exists():  # both found no record, and the other now waits at the lock
        time.sleep(0.01)
    real_train(*args)

def record_lock(folder):
    (marks / f"{me}-asks").touch()
    return real_claim(folder)

module.train, module.record_lock = train, record_lock
record = load_or_run(RunConfig.from_json(sys.argv[5]), runs=runs, progress=False)
print(record.id, record.summary["status"], len(record.metrics.epoch))
"""


@pytest.mark.subprocess
@pytest.mark.slow
def test_two_processes_train_one_record(configure: Configure, runs: Path, tmp_path: Path) -> None:
    config = configure(training={"epochs": 20})
    marks = tmp_path / "marks"
    marks.mkdir()
    processes = [
        subprocess.Popen(
            [sys.executable, "-c", TWO, str(runs), str(marks), me, other, config.to_json()],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for me, other in (("a", "b"), ("b", "a"))
    ]
    try:
        answers = [process.communicate(timeout=120) for process in processes]
    finally:
        for process in processes:
            process.kill()
    assert [process.returncode for process in processes] == [0, 0], answers
    assert [out.strip() for out, _ in answers] == [f"{config.run_id} complete 21"] * 2
    assert len([mark for mark in marks.iterdir() if mark.name.endswith("-trains")]) == 1
    assert attempts(runs) == [config.run_id]
    assert find_problems(runs / config.run_id) == []
