"""Answers counted by class: by hand, over seeds, once per graph; and words for errors and for none."""

from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import numpy as np
import pytest
import xarray as xr

from cna_viz.analysis.sentences.confusion_findings import confusion_findings
from cna_viz.analysis.tables.confusion import confusions
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

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
    assert "test graphs are told" in confusion_findings([record])[0]


def test_answers_that_are_no_class_of_the_graph_are_counted(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    record = build(tmp_path)
    answers[record.id] = np.full(36, 4)
    assert confusions([record])[0].counts[:, 4].sum() == 12


def test_a_part_without_nodes(tmp_path: Path) -> None:
    record = build(tmp_path, nodes=2)  # train and val only
    (found,) = confusions([record])
    assert found.counts.sum() == 0
    assert np.isnan(found.accuracies[0])
    assert confusion_findings([record]) == ["**relu**: there are no test nodes"]


def test_errors_are_said_with_the_most_frequent_pair(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    record = build(tmp_path)
    test = np.flatnonzero(record.graph["split_of_node"].values == 3)
    answer = np.full(36, 2)
    record.graph["target"][:] = 0
    record.graph["target"][test[:4]] = 1
    answer[test] = [1, 1, 0, 2, 2, 2, 2, 0, 0, 0, 0, 0]
    answers[record.id] = answer
    assert confusion_findings([record]) == [
        "**relu**: 5 of 12 test nodes are told wrong; most often class 0 is taken for class 2 (3 times, 60 % of the "
        "errors)",
        "**relu**: class 1 is told worst, 50 % of its 4 nodes right",
    ]


def test_pairs_that_are_as_frequent_are_counted(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    record = build(tmp_path)
    target = np.arange(36) // 3 % 3  # four test nodes of each class
    record.graph["target"][:] = target
    answers[record.id] = np.where(target == 0, 0, 3 - target)
    first, _ = confusion_findings([record])
    assert first.endswith("class 1 is taken for class 2 (4 times, 50 % of the errors; 1 other pair as often)")


def test_no_errors_are_said_to_be_none(tmp_path: Path, answers: dict[str, np.ndarray]) -> None:
    records = [build(tmp_path, seed=seed) for seed in (0, 1)]
    answers.update({record.id: record.graph["target"].values for record in records})
    assert confusion_findings(records) == ["**relu**: all 24 test nodes of 2 runs are told right"]


def test_numbers_are_refused_with_what_shows_them(tmp_path: Path) -> None:
    record = build(tmp_path, dataset="chameleon-traffic")
    with pytest.raises(UsageError, match=r"targets of 'chameleon-traffic' .* are numbers.* plot_training_curves"):
        confusions([record])


def test_what_can_not_be_compared_is_refused(tmp_path: Path) -> None:
    one = build(tmp_path)
    with pytest.raises(UsageError, match="answers on different splits can't be added up or compared: "):
        confusions([one, build(tmp_path, split="random-80-10-10")])
    with pytest.raises(UsageError, match="answers on different datasets can't be added up or compared: digits and kar"):
        confusions([one, build(tmp_path, dataset="karate")])
    with pytest.raises(UsageError, match="unknown part 'tset'; choices, nearest first: test"):
        confusions([one], "tset")
    for function in (confusions, confusion_findings):
        with pytest.raises(UsageError, match="no records whose answers could be counted"):
            function([])
        with pytest.raises(
            UsageError, match=r"no answers of its selected model .epoch 5.: train with snapshots 'log' or"
        ):
            function([one, build(tmp_path, "cna", snapshots="none")])
