"""Two runs on the same nodes: known partitions, known answers, and runs that can't be compared node by node."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import numpy as np
import pytest
import xarray as xr
from sklearn.metrics import f1_score

from cna_viz.analysis.sentences.node_findings import agreement_findings, confusion_findings, pair_names
from cna_viz.analysis.tables.predictions import (
    chance_score,
    check_same_nodes,
    cluster_agreement,
    confusions,
    prediction_agreement,
)
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
    assert found == pytest.approx((1, 1))
    answers = prediction_agreement(record, record)
    assert (answers.first, answers.second) == (0, 0)
    assert answers.both + answers.neither == pytest.approx(1)


def test_clusters_that_differ_only_in_their_numbers_are_the_same(write: Write, held: Callable[..., None]) -> None:
    turns = iter([np.arange(60) % 3, (np.arange(60) + 1) % 3])
    held(cluster_label=lambda layer, epoch: next(turns))
    found = cluster_agreement(write("cna"), write("c"), 1)
    assert found is not None
    assert found[0] == pytest.approx(1)


def test_clusters_that_have_nothing_in_common(write: Write, held: Callable[..., None]) -> None:
    turns = iter([np.arange(60) // 30, np.arange(60) % 2])
    held(cluster_label=lambda layer, epoch: next(turns))
    found = cluster_agreement(write("cna"), write("c"), 1)
    assert found is not None
    assert found[1] == pytest.approx(0, abs=1e-9)


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
    found = prediction_agreement(one, other)
    assert found.count == len(tested) == 20
    assert (found.both, found.first, found.second, found.neither) == pytest.approx((0.1, 0.1, 0.15, 0.65))
    assert agreement_findings(one, other, 1)[1] == (
        "predictions on the 20 nodes in the test split of both: both right 10.0 %, only **relu** 10.0 %, only "
        "**cna** 15.0 %, neither 65.0 %"
    )


def test_graphs_count_once(write: Write) -> None:
    data = DataConfig(dataset="motifs", split="random-60-20-20")
    one, other = write("relu", data=data), write("cna", data=data)
    members = one.graph["graph_of_node"].values[one.graph["split_of_node"].values == 3]
    assert prediction_agreement(one, other).count == len(set(members.tolist()))
    assert "graphs in the test split of both" in agreement_findings(one, other, 1)[1]


def test_targets_that_are_numbers_have_no_right_answer(write: Write) -> None:
    data = DataConfig(dataset="chameleon-traffic", split="random-60-20-20")
    one, other = write("relu", data=data), write("cna", data=data)
    with pytest.raises(UsageError, match="numbers"):
        prediction_agreement(one, other)
    assert "predictions are numbers" in agreement_findings(one, other, 1)[1]


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


Parts = {"train": 1, "val": 2, "test": 3}


def build(
    folder: Path,
    slot: str = "relu",
    seed: int = 0,
    dataset: str = "digits",
    split: Any = "random-60-20-20",
    snapshots: Literal["log", "ends", "none"] = "ends",
    **more: Any,
) -> Record:
    config = RunConfig(
        data=DataConfig(dataset=dataset, split=split),
        model=ModelConfig(slot=slot, layers=3, hidden=4),
        recording=RecordingConfig(snapshots=snapshots),
        seed=seed,
    )
    return synthetic_record(Path(mkdtemp(dir=folder)), config, **{"nodes": 36, **more})


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch) -> dict[str, np.ndarray]:
    """Return a dictionary that takes what runs answer, by their ids."""
    given: dict[str, np.ndarray] = {}
    original = Record.prediction

    def prediction(self: Record, epoch: int | None = None) -> xr.DataArray:
        return xr.DataArray(given[self.id]) if self.id in given else original(self, epoch)

    monkeypatch.setattr(Record, "prediction", prediction)
    return given


@pytest.mark.parametrize("part", ["train", "val", "test"])
def test_counts_by_hand(tmp_path: Path, answers: dict[str, np.ndarray], part: str) -> None:
    record = build(tmp_path)
    answer = np.random.default_rng(0).integers(0, 3, 36)
    answers[record.id] = answer
    (found,) = confusions([record], part)
    target = record.graph["target"].values
    chosen = record.graph["split_of_node"].values == Parts[part]
    for one in range(3):
        for other in range(3):
            assert found.counts[one, other] == np.sum(chosen & (target == one) & (answer == other))
    assert (found.arm, found.runs) == ("relu", 1)
    assert found.accuracies == pytest.approx([(answer == target)[chosen].mean()])


def test_runs_of_an_arm_are_added_up_and_arms_stay_apart(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    records = [build(tmp_path, slot, seed) for seed in (0, 1) for slot in ("cna", "relu")]
    rng = np.random.default_rng(0)
    answers.update({record.id: rng.integers(0, 3, 36) for record in records})
    alone = [confusions([record])[0] for record in records]
    cna, relu = confusions(records)
    assert (cna.arm, relu.arm, cna.runs, relu.runs) == ("cna", "relu", 2, 2)
    np.testing.assert_array_equal(cna.counts, alone[0].counts + alone[2].counts)
    np.testing.assert_array_equal(relu.counts, alone[1].counts + alone[3].counts)
    assert cna.accuracies == alone[0].accuracies + alone[2].accuracies


def test_a_run_given_twice_counts_once(tmp_path: Path) -> None:
    record = build(tmp_path)
    (found,) = confusions([record, record])
    assert (found.runs, found.counts.sum()) == (1, 12)


def test_a_run_recorded_in_two_ways_counts_once_with_its_answers(tmp_path: Path) -> None:
    (found,) = confusions([build(tmp_path, snapshots="none"), build(tmp_path), build(tmp_path, snapshots="log")])
    assert (found.runs, found.counts.sum()) == (1, 12)


def test_a_graph_counts_once(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    record = build(tmp_path, dataset="motifs")  # 12 graphs of three nodes
    answers[record.id] = np.zeros(36, int)
    counts = [confusions([record], part)[0].counts for part in Parts]
    assert sum(count.sum() for count in counts) == 12
    target = record.graph["target"].values[::3]
    assert sum(counts)[:, 0].tolist() == np.bincount(target).tolist()  # type: ignore[index]
    assert "test graphs misclassified" in confusion_findings([record])[0]


def test_answers_that_are_no_class_of_the_graph_are_counted(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    record = build(tmp_path)
    answers[record.id] = np.full(36, 4)
    assert confusions([record])[0].counts[:, 4].sum() == 12


def test_a_part_without_nodes(tmp_path: Path) -> None:
    record = build(tmp_path, nodes=2)  # train and val only
    (found,) = confusions([record])
    assert found.counts.sum() == 0
    assert np.isnan(found.accuracies[0])
    assert confusion_findings([record]) == ["**relu**: no test nodes"]


def test_errors_are_said_with_the_most_frequent_pair(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    record = build(tmp_path)
    test = np.flatnonzero(record.graph["split_of_node"].values == 3)
    answer = np.full(36, 2)
    record.graph["target"][:] = 0
    record.graph["target"][test[:4]] = 1
    answer[test] = [1, 1, 0, 2, 2, 2, 2, 0, 0, 0, 0, 0]
    answers[record.id] = answer
    assert confusion_findings([record]) == [
        "**relu**: 5 of 12 test nodes misclassified; most often class 0 is predicted as class 2 (3 times, 60 % of the "
        "errors)",
        "**relu**: class 1 has the lowest recall, 50 % of its 4 nodes",
    ]


def test_pairs_that_are_as_frequent_are_counted(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    record = build(tmp_path)
    target = np.arange(36) // 3 % 3  # four test nodes of each class
    record.graph["target"][:] = target
    answers[record.id] = np.where(target == 0, 0, 3 - target)
    first, _ = confusion_findings([record])
    assert first.endswith("class 1 is predicted as class 2 (4 times, 50 % of the errors; 1 other pair as often)")


def test_no_errors_are_said_to_be_none(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    records = [build(tmp_path, seed=seed) for seed in (0, 1)]
    answers.update({record.id: record.graph["target"].values for record in records})
    assert confusion_findings(records) == ["**relu**: all 24 test nodes over 2 runs are classified correctly"]


@pytest.mark.parametrize(
    ("truth", "answer", "sentences"),
    [
        ([0], [0], ["the only test node is classified correctly"]),
        ([0], [1], ["1 of 1 test node misclassified; no confusion occurs twice"]),
        (
            [0, 1],
            [1, 0],
            ["2 of 2 test nodes misclassified; no confusion occurs twice", "recall is 0 % in every class"],
        ),
        (
            [0, 1, 2],
            [1, 2, 2],
            [
                "2 of 3 test nodes misclassified; no confusion occurs twice",
                "classes 0 and 1 have the lowest recall, 0 %",
            ],
        ),
        (
            [0, 1, 1],
            [1, 1, 1],
            [
                "1 of 3 test nodes misclassified; no confusion occurs twice",
                "class 0 has the lowest recall, 0 % of its 1 node",
            ],
        ),
    ],
)
def test_errors_at_the_ends(
    tmp_path: Path, answers: dict[str, np.ndarray], truth: list[int], answer: list[int], sentences: list[str]
) -> None:
    record = build(tmp_path, nodes=3 * len(truth))
    test = np.flatnonzero(record.graph["split_of_node"].values == 3)
    answers[record.id] = np.zeros(3 * len(truth), int)
    record.graph["target"][:], record.graph["target"][test], answers[record.id][test] = 0, truth, answer
    assert confusion_findings([record]) == [f"**relu**: {text}" for text in sentences]


def test_numbers_are_refused_with_what_shows_them(tmp_path: Path) -> None:
    record = build(tmp_path, dataset="chameleon-traffic")
    with pytest.raises(UsageError, match=r"targets of 'chameleon-traffic' .* are numbers.* plot_training_curves"):
        confusions([record])


def test_what_can_not_be_compared_is_refused(tmp_path: Path) -> None:
    one = build(tmp_path)
    with pytest.raises(UsageError, match="predictions on different splits can't be compared: "):
        confusions([one, build(tmp_path, split="random-80-10-10")])
    with pytest.raises(UsageError, match="predictions on different datasets can't be compared: digits and kar"):
        confusions([one, build(tmp_path, dataset="karate")])
    with pytest.raises(UsageError, match="unknown split 'tset'; choices, nearest first: test"):
        confusions([one], "tset")
    for function in (confusions, confusion_findings):
        with pytest.raises(UsageError, match="no records with predictions to count"):
            function([])
        with pytest.raises(
            UsageError, match=r"no predictions of its selected model .epoch 5.: train with snapshots 'log' or"
        ):
            function([one, build(tmp_path, "cna", snapshots="none")])


def test_only_labelled_nodes_of_the_split_are_counted(write: Write) -> None:
    record = write()
    graph = record.graph.copy(deep=True)
    tested = np.flatnonzero(graph["split_of_node"].values == 3)
    graph["target"].values[tested[:5]] = -1
    record.__dict__["graph"] = graph
    (found,) = confusions([record])
    assert found.counts.sum() == len(tested) - 5
    assert prediction_agreement(record, record).count == len(tested) - 5
    assert found.names == ("0", "1", "2")


def test_runs_on_one_graph_with_unknown_numbers_are_on_the_same_nodes(tmp_path: Path) -> None:
    configs = [RunConfig(data=DataConfig(dataset="chameleon-traffic"), seed=seed) for seed in (0, 1)]
    check_same_nodes(*(synthetic_record(tmp_path, config, unlabelled=3) for config in configs))


@pytest.mark.parametrize(("metric", "wanted"), [("accuracy", 4 / 7), ("macro_f1", None), ("r2", 0.0), ("roc_auc", 0.5)])
def test_the_score_of_a_prediction_that_knows_nothing(
    metric: str, wanted: float | None, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    record, target = write(), np.array([0, 0, 0, 0, 1, 1, 2, -1])
    monkeypatch.setattr(Record, "metric", metric)
    graph = xr.Dataset({"target": ("node", target), "split_of_node": ("node", np.full(8, 3))})
    record.__dict__["graph"] = graph
    known = target[target >= 0]
    wanted = f1_score(known, np.zeros(7), average="macro", zero_division=0) if wanted is None else wanted
    assert chance_score(record) == pytest.approx(wanted)
