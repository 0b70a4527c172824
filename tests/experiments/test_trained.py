"""A record is of the content that it was trained on: other content under the same name never gives its numbers."""

import json
import os
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from cna_viz import graphs
from cna_viz.analysis.tables.comparison import paired_table
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig
from cna_viz.data.datasets import load_graph
from cna_viz.data.known import known_content
from cna_viz.errors import DataError, UsageError
from cna_viz.experiments.estimate import preview
from cna_viz.experiments.reproduce import reproduce
from cna_viz.experiments.run import load_or_run
from cna_viz.experiments.sweep import sweep, sweep_possible
from cna_viz.records.record import load_record

NODES = 24
DATA = DataConfig(dataset="chameleon", split="geom-gcn")
RUN = RunConfig(
    data=DATA,
    model=ModelConfig(hidden=4),
    training=TrainingConfig(epochs=2),
    recording=RecordingConfig(snapshots="ends"),
)


def write(root: Path, seed: int = 0) -> Path:
    """Write a graph in the layout of Chameleon: the same but for its ten masks, which ``seed`` draws."""
    part = np.stack([np.random.default_rng((seed, i)).permutation(np.arange(NODES) % 3) for i in range(10)])
    folder = root / "heterophilous-graphs"
    folder.mkdir(parents=True)
    np.savez(
        folder / "chameleon.npz",
        node_features=np.random.default_rng(0).random((NODES, 5)),
        node_labels=np.arange(NODES) % 2,
        edges=np.stack([np.arange(NODES), np.roll(np.arange(NODES), 1)], axis=1),
        **{f"{name}_masks": part == i for i, name in enumerate(("train", "val", "test"))},
    )
    return root


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CNA_VIZ_DATA", raising=False)


def test_the_number_of_other_data_is_refused_with_both_digests(tmp_path: Path) -> None:
    one, other, runs = write(tmp_path / "one"), write(tmp_path / "other", seed=1), tmp_path / "runs"
    record = load_or_run(RUN, runs=runs, data=one, progress=False)
    assert record.content == load_graph(DATA, one).content
    contents = rf"content {record.content[:12]}, and .* content {load_graph(DATA, other).content[:12]}: give the data"
    with pytest.raises(DataError, match=contents):
        load_or_run(RUN, runs=runs, data=other, progress=False)
    with pytest.raises(DataError, match=contents):
        sweep([RUN, RUN.replace(seed=1)], runs=runs, data=other, progress=False)
    with pytest.raises(DataError, match=contents):
        reproduce(record, other, progress=False)
    with pytest.raises(DataError, match=contents):
        preview([RUN], runs, other, 1, 1, progress=False)
    assert list(sweep_possible([RUN], runs=runs, data=other).failed) == [RUN.run_id]
    assert load_or_run(RUN, runs=runs, data=one, progress=False).id == record.id


def test_the_same_content_elsewhere_is_the_same_run(tmp_path: Path) -> None:
    one, copy, runs = write(tmp_path / "one"), write(tmp_path / "copy"), tmp_path / "runs"
    first = load_or_run(RUN, runs=runs, data=one, progress=False)
    assert load_or_run(RUN, runs=runs, data=copy, progress=False).environment == first.environment


def test_a_record_is_read_without_its_data(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    record = load_or_run(RUN, runs=runs, data=write(tmp_path / "one"), progress=False)
    assert load_record(record.folder).content == record.content
    with pytest.raises(DataError, match="content"):  # without files at hand it would be the published graph
        load_or_run(RUN, runs=runs, progress=False)


def test_records_of_before_contents_were_written_say_that_theirs_is_unknown(tmp_path: Path) -> None:
    runs, other = tmp_path / "runs", write(tmp_path / "other", seed=1)
    folder = load_or_run(RUN, runs=runs, data=write(tmp_path / "one"), progress=False).folder
    stated = json.loads((folder / "environment.json").read_text())
    del stated["content"]
    (folder / "environment.json").write_text(json.dumps(stated))
    assert not sweep_possible([RUN], runs=runs, data=other).failed


def test_files_are_looked_at_again_when_they_change(tmp_path: Path) -> None:
    root = write(tmp_path / "one")
    before = known_content(DATA, root)
    file = root / "heterophilous-graphs" / "chameleon.npz"
    status = file.stat()
    file.unlink()
    write(tmp_path / "new", seed=1).joinpath("heterophilous-graphs", "chameleon.npz").rename(file)
    os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert file.stat().st_size == status.st_size
    assert known_content(DATA, root) not in (before, None)


def test_arms_on_different_content_are_not_compared(tmp_path: Path) -> None:
    relu = load_or_run(RUN, runs=tmp_path / "a", data=write(tmp_path / "one"), progress=False)
    config = RUN.replace(model=RUN.model.replace(slot="n"))
    n = load_or_run(config, runs=tmp_path / "b", data=write(tmp_path / "other", seed=1), progress=False)
    with pytest.raises(UsageError, match="arms with different contents are not compared: "):
        paired_table([relu, n])
    same = load_or_run(config, runs=tmp_path / "c", data=tmp_path / "one", progress=False)
    assert list(paired_table([relu, same]).columns) == ["relu", "n"]


def test_the_name_of_a_graph_is_a_label_and_its_content_the_identity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(tmp_path / "graphs"))
    club = nx.karate_club_graph()
    one, two = (graphs.add(club, name=name, label="club", features="onehot") for name in ("one", "two"))
    first, second = (RUN.replace(data=entry.config()) for entry in (one, two))
    assert first.run_id == second.run_id
    record = load_or_run(first, runs=tmp_path, progress=False)
    assert (record.config, record.config.data.dataset) == (first, "own:one")
    again = load_or_run(second, runs=tmp_path, progress=False)
    assert (again.environment, again.config) == (record.environment, second)
    assert "own:one" not in (record.folder / "config.json").read_text()
    other = graphs.add(club, name="one", label="club", features="degree", replace=True)
    assert RUN.replace(data=other.config()).run_id != first.run_id
    graphs.remove("one")
    graphs.remove("two")
    assert load_or_run(first, runs=tmp_path, progress=False).id == record.id  # a record needs no data
    with pytest.raises(DataError, match=f"content {one.digest}. is not in .*: it was removed"):
        load_or_run(first.replace(seed=1), runs=tmp_path, progress=False)
