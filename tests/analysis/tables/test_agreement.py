"""Two runs on the same nodes: known partitions, known answers, and runs that can't be compared node by node."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import xarray as xr

from cna_viz.analysis.sentences.agreement_findings import agreement_findings, pair_names
from cna_viz.analysis.tables.agreement import answer_agreement, check_same_nodes, cluster_agreement
from cna_viz.config import CSBMConfig, DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Write = Callable[..., Record]


@pytest.fixture(scope="session")
def write(tmp_path_factory: pytest.TempPathFactory) -> Write:
    """Return ``write(slot, layers, seed, data, nodes)``: a synthetic record with snapshots."""

    def write(slot: str = "cna", layers: int = 3, seed: int = 0, data: Any = None, nodes: int = 60) -> Record:
        config = RunConfig(
            data=data or DataConfig(),
            model=ModelConfig(slot=slot, layers=layers, hidden=4, clusters=3),
            recording=RecordingConfig(every=1, snapshots="ends"),
            seed=seed,
        )
        return synthetic_record(tmp_path_factory.mktemp("runs"), config, nodes=nodes)

    return write


def answering(monkeypatch: pytest.MonkeyPatch, **right: list[bool]) -> None:
    """Let runs of a slot answer right for these nodes, the others wrong."""

    def prediction(self: Record, epoch: int | None = None) -> xr.DataArray:
        target = self.graph["target"].values
        return xr.DataArray(np.where(right[self.config.slot], target, target + 1), dims=("node",))

    monkeypatch.setattr(Record, "prediction", prediction)


def test_a_run_agrees_with_itself(write: Write) -> None:
    record = write()
    found = cluster_agreement(record, record, 1)
    assert found is not None
    assert (found.ari, found.nmi) == pytest.approx((1, 1))
    answers = answer_agreement(record, record)
    assert (answers.first, answers.second) == (0, 0)
    assert answers.both + answers.neither == pytest.approx(1)


def test_clusters_that_differ_only_in_their_numbers_are_the_same(write: Write, held: Callable[..., None]) -> None:
    turns = iter([np.arange(60) % 3, (np.arange(60) + 1) % 3])
    held(cluster_label=lambda layer, epoch: next(turns))
    found = cluster_agreement(write("cna"), write("c"), 1)
    assert found is not None
    assert found.ari == pytest.approx(1)


def test_clusters_that_have_nothing_in_common(write: Write, held: Callable[..., None]) -> None:
    turns = iter([np.arange(60) // 30, np.arange(60) % 2])
    held(cluster_label=lambda layer, epoch: next(turns))
    found = cluster_agreement(write("cna"), write("c"), 1)
    assert found is not None
    assert found.nmi == pytest.approx(0, abs=1e-9)


def test_a_run_without_clusters_has_none_to_agree_with(write: Write) -> None:
    assert cluster_agreement(write("relu"), write("cna"), 1) is None
    assert cluster_agreement(write("cna"), write("cna", layers=5), 4) is None
    assert agreement_findings(write("relu"), write("cna"), 1)[0] == "clusters after layer 1: none in **relu**"


def test_answers_are_counted_on_the_nodes_that_both_test_on(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = write("relu"), write("cna")
    tested = np.flatnonzero(one.graph["split_of_node"].values == 3)
    right = np.zeros((2, 60), dtype=bool)
    right[0, tested[:4]] = True
    right[1, tested[2:7]] = True
    answering(monkeypatch, relu=right[0].tolist(), cna=right[1].tolist())
    found = answer_agreement(one, other)
    assert found.count == len(tested) == 20
    assert (found.both, found.first, found.second, found.neither) == pytest.approx((0.1, 0.1, 0.15, 0.65))
    assert agreement_findings(one, other, 1)[1] == (
        "answers on the 20 nodes that both test on: both right 10.0 %, only **relu** 10.0 %, only **cna** 15.0 %, "
        "neither 65.0 %"
    )


def test_graphs_count_once(write: Write) -> None:
    data = DataConfig(dataset="motifs", split="random-60-20-20")
    one, other = write("relu", data=data), write("cna", data=data)
    members = one.graph["graph_of_node"].values[one.graph["split_of_node"].values == 3]
    assert answer_agreement(one, other).count == len(set(members.tolist()))
    assert "graphs that both test on" in agreement_findings(one, other, 1)[1]


def test_targets_that_are_numbers_have_no_right_answer(write: Write) -> None:
    data = DataConfig(dataset="chameleon-traffic", split="random-60-20-20")
    one, other = write("relu", data=data), write("cna", data=data)
    with pytest.raises(UsageError, match="numbers"):
        answer_agreement(one, other)
    assert "answers are numbers" in agreement_findings(one, other, 1)[1]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        ({"data": DataConfig(dataset="karate")}, "different datasets, digits and karate"),
        ({"nodes": 61}, "different numbers of nodes, 60 and 61"),
    ],
)
def test_runs_on_other_nodes_are_refused(write: Write, other: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        check_same_nodes(write(), write(**other))


def test_csbm_graphs_of_other_parameters_are_other_graphs(write: Write) -> None:
    one, other = (DataConfig(dataset="csbm", csbm=CSBMConfig(homophily=h)) for h in (0.2, 0.8))
    with pytest.raises(UsageError, match="different graphs of the dataset csbm"):
        check_same_nodes(write(data=one), write(data=other))


def test_runs_are_called_by_what_tells_them_apart(write: Write) -> None:
    one = write("cna")
    assert pair_names(one, write("relu")) == ("cna", "relu")
    assert pair_names(one, write("cna", layers=5)) == ("cna, layers 3", "cna, layers 5")
    assert pair_names(one, write("cna", seed=4)) == ("cna, seed 0", "cna, seed 4")
    assert pair_names(one, one) == ("cna, left", "cna, right")
