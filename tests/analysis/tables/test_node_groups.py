"""Groups of nodes by class, or by fifths of a number; findings in the words of the dataset's metric."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from cna_viz.analysis.sentences import findings
from cna_viz.analysis.sentences.node_findings import selected_sentence
from cna_viz.analysis.tables.node_groups import color_groups, degree_groups, node_groups, predicted_groups
from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record


def make_record(
    folder: Path, dataset: str, slot: str = "relu", layers: int = 4, seed: int = 0, **summary: Any
) -> Record:
    config = RunConfig(
        data=DataConfig(dataset=dataset),
        model=ModelConfig(slot=slot, layers=layers, hidden=4),
        recording=RecordingConfig(every=1, snapshots="none"),
        seed=seed,
    )
    return synthetic_record(folder, config, nodes=30, classes=4, **summary)


def test_classes_are_groups(tmp_path: Path) -> None:
    record = make_record(tmp_path, "digits")
    groups = node_groups(record)
    assert (groups.kind, groups.names) == ("class", ("0", "1", "2", "3"))
    np.testing.assert_array_equal(groups.label, record.graph["target"])


def test_numbers_are_in_fifths(tmp_path: Path) -> None:
    record = make_record(tmp_path, "chameleon-traffic")
    target = np.random.default_rng(0).permutation(100).astype(np.float32)
    record.__dict__["graph"] = record.graph.drop_vars(list(record.graph)).assign(target=("node", target))
    groups = node_groups(record)
    assert groups.kind == "target"
    assert groups.names == ("0 to 19", "20 to 39", "40 to 59", "60 to 79", "80 to 99")
    np.testing.assert_array_equal(groups.label, target // 20)


@pytest.mark.parametrize(("target", "names"), [([1.0] * 30, ("1 to 1",)), ([0.0] * 28 + [1, 2], ("0 to 0", "1 to 2"))])
def test_equal_numbers_are_in_one_group(tmp_path: Path, target: list[float], names: tuple[str, ...]) -> None:
    record = make_record(tmp_path, "chameleon-traffic")
    record.graph["target"][:] = target
    groups = node_groups(record)
    assert groups.names == names
    assert len({(group, value) for group, value in zip(groups.label, target, strict=True) if value == 0}) <= 1


def test_predictions_that_are_no_number_are_a_group_of_their_own() -> None:
    target = np.arange(10.0)
    known = predicted_groups(np.array([-5.0, 9.0]), target)
    assert (known.names[0], known.names[-1], len(known.names)) == ("up to 1.8", "above 7.2", 5)
    groups = predicted_groups(np.array([-5.0, np.nan, 9.0, np.inf, -np.inf]), target)
    assert groups.names == (*known.names, "not finite")
    assert [groups.names[number] for number in groups.label] == [
        "up to 1.8",
        "not finite",
        "above 7.2",
        "not finite",
        "not finite",
    ]


def test_what_is_no_number_is_beyond_all_fifths_even_where_ties_make_them_fewer() -> None:
    groups = predicted_groups(np.array([0.0, np.nan, 9.0]), np.repeat([0.0, 1.0], 5))
    assert groups.label.tolist() == [0, 5, 2]
    assert [groups.names[number] for number in groups.label] == ["up to 0", "not finite", "above 1"]


@pytest.mark.parametrize(
    ("degree", "names"),
    [
        ([0, 1, 1, 2, 3, 4, 6], ("0", "1", "2 to 3", "4 to 6")),
        ([1, 2, 4, 8, 168], ("1", "2", "4", "8", "168")),
        ([1, 2, 5, 9, 26, 40, 78, 168], ("1 to 2", "5", "9 to 26", "40 to 78", "168")),
        ([2, 2, 2], ("2",)),
        ([0, 0], ("0",)),
        ([0, *range(1, 100_000)], ("0", "1 to 17", "18 to 323", "324 to 5831", "5832 to 99999")),
    ],
)
def test_degrees_are_in_up_to_five_groups_of_powers(degree: list[int], names: tuple[str, ...]) -> None:
    groups = degree_groups(np.array(degree))
    assert (groups.kind, groups.names) == ("degree", names)
    assert (np.diff(groups.label[np.argsort(degree, kind="stable")]) >= 0).all()


def test_scores_without_knowledge(tmp_path: Path) -> None:
    classes = make_record(tmp_path, "digits")
    test = classes.graph["split_of_node"].values == 3
    share = np.bincount(classes.graph["target"].values[test]).max() / test.sum()
    assert findings.chance_score(classes) == pytest.approx(share)
    assert findings.chance_score(make_record(tmp_path, "minesweeper")) == 0.5
    numbers = make_record(tmp_path, "squirrel-traffic")
    target = numbers.graph["target"].values
    error = np.square(target[test] - target[test].mean()).mean() / target.mean()
    assert findings.chance_score(numbers) == pytest.approx(error)
    graphs = make_record(tmp_path, "motifs")  # ten rings of three nodes, of which the third, sixth and ninth test
    member, first = graphs.graph["graph_of_node"].values, np.arange(6, 30, 9)
    assert set(member[graphs.graph["split_of_node"].values == 3]) == {2, 5, 8}
    assert findings.chance_score(graphs) == np.bincount(graphs.graph["target"].values[first]).max() / 3


def parts(value: float) -> dict[str, float]:
    return dict.fromkeys(("train", "val", "test"), value)


def test_an_error_that_grows_is_a_loss(tmp_path: Path) -> None:
    scores = {("relu", 2): 0.1, ("relu", 8): 0.3, ("cna", 2): 0.3, ("cna", 8): 0.1, ("none", 2): 0.1, ("none", 8): 9.0}
    records = [
        make_record(tmp_path, "chameleon-traffic", slot, layers, seed, nmse=parts(value + 0.001 * seed))
        for (slot, layers), value in scores.items()
        for seed in (0, 1)
    ]
    relu, cna, none, chance = findings.depth_findings(records)
    assert relu == "**relu** gets worse by 0.2: 0.101 [0.0941, 0.107] at depth 2, 0.3 [0.294, 0.307] at depth 8"
    assert cna.startswith("**cna** improves by 0.2: 0.3 ")
    assert none.startswith("**none** falls to the level of predicting the mean: 0.101 ")
    assert chance == f"always predicting the mean would give {findings.chance_score(records[0]):.3g}"
    deep = [record for record in records if record.layers == 8]
    for record in deep:
        record.metrics["rayleigh"].loc[{"layer": 7}] = 0.5 + (record.config.slot == "cna")
    _, sentence = findings.energy_is_not_accuracy(deep)
    assert sentence.startswith("the slot with the highest energy also has the best mean test NMSE")  # the least error
    assert sentence.endswith("cna reaches 0.101 (2 runs each)")


def test_areas_are_shares(tmp_path: Path) -> None:
    records = [
        make_record(tmp_path, "minesweeper", layers=layers, seed=seed, roc_auc=parts(value))
        for layers, value in ((2, 0.9), (8, 0.51))
        for seed in (0, 1)
    ]
    sentence, chance = findings.depth_findings(records)
    assert sentence.startswith("**relu** falls to chance level: 90.0 %")
    assert chance == "random guessing would give 50.0 %"


Make = Callable[..., Record]


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Return what makes a synthetic record of 30 nodes."""

    def make(slot: str = "cna", dataset: str = "digits", snapshots: str = "ends") -> Record:
        config = RunConfig(
            data=DataConfig(dataset=dataset),
            model=ModelConfig(slot=slot, layers=3, hidden=4, clusters=4),
            recording=RecordingConfig(every=1, snapshots=snapshots),  # type: ignore[arg-type]
        )
        return synthetic_record(tmp_path, config, nodes=30)

    return make


def test_clusters_are_those_of_the_slot_after_the_layer(make: Make) -> None:
    record = make()
    groups = color_groups(record, "cluster", 2)
    assert groups is not None
    np.testing.assert_array_equal(groups.label, record.layer_variable("cluster_label", 2))
    assert (groups.kind, groups.names, groups.wrong) == ("cluster", ("0", "1", "2", "3"), None)


def test_where_there_are_no_clusters_there_are_no_groups(make: Make) -> None:
    assert color_groups(make(), "cluster", 3) is None  # the last layer has no slot
    assert color_groups(make("relu"), "cluster", 1) is None


def test_predictions_say_where_they_are_wrong(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make()
    predicted = np.roll(record.graph["target"].values, 1)
    predicted[0] = record.graph["target"][0]
    monkeypatch.setattr(Record, "prediction", lambda self, epoch: xr.DataArray(predicted))
    groups = color_groups(record, "prediction", 1)
    assert groups is not None
    assert groups.kind == "prediction"
    assert groups.wrong is not None
    np.testing.assert_array_equal(groups.label, predicted)
    assert np.flatnonzero(~groups.wrong).tolist() == [0]


def test_predicted_numbers_are_in_the_fifths_of_the_targets(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    record = make(dataset="chameleon-traffic")
    record.graph["target"][:] = np.arange(30)
    predicted = np.full(30, 7.0, dtype=np.float32)
    predicted[:2] = -5, 1000
    monkeypatch.setattr(Record, "prediction", lambda self, epoch: xr.DataArray(predicted))
    groups = color_groups(record, "prediction", 1)
    assert groups is not None
    assert groups.names == ("up to 5.8", "5.8 to 11.6", "11.6 to 17.4", "17.4 to 23.2", "above 23.2")
    assert groups.label.tolist() == [0, 4, *[1] * 28]
    assert (groups.kind, groups.wrong) == ("predicted number", None)


def test_classes_and_degrees_need_no_snapshot_and_the_others_do(make: Make) -> None:
    record = make(snapshots="none")
    classes, degrees = color_groups(record, "class", 1), color_groups(record, "degree", 1)
    assert classes is not None
    assert degrees is not None
    assert (classes.kind, degrees.names) == ("class", ("2",))
    for color in ("cluster", "prediction"):
        with pytest.raises(UsageError, match="snapshots kept: none"):
            color_groups(record, color, 1)  # type: ignore[arg-type]


def unlabelled_record(folder: Path, dataset: str = "digits", **more: Any) -> Record:
    """Return a record of 30 nodes, the last two of which are unlabelled."""
    return make_record(folder, dataset, unlabelled=2, **more)


@pytest.mark.parametrize("dataset", ["digits", "chameleon-traffic"])
def test_unlabelled_nodes_are_the_last_group(tmp_path: Path, dataset: str) -> None:
    groups = node_groups(unlabelled_record(tmp_path, dataset))
    assert groups.names[-1] == "unlabelled"
    assert groups.rest == len(groups.names) - 1
    assert np.flatnonzero(groups.label == groups.rest).tolist() == [28, 29]
    whole = node_groups(make_record(tmp_path / "whole", dataset))
    assert whole.rest is None
    assert whole.kind == groups.kind


def test_a_graph_without_a_label_has_one_group(tmp_path: Path) -> None:
    groups = node_groups(make_record(tmp_path, "digits", unlabelled=30))
    assert groups.names == ("unlabelled",)
    assert groups.label.tolist() == [0] * 30


def test_classes_have_their_names_in_one_short_line(tmp_path: Path) -> None:
    record = make_record(tmp_path, "digits", class_names=["protein", "a\nb", "x" * 40])
    assert node_groups(record).names == ("protein", "a b", "x" * 23 + "…", "3")


def test_a_prediction_for_an_unlabelled_node_is_not_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Record, "prediction", lambda self, epoch=None: xr.DataArray(np.full(30, 3)))
    record = unlabelled_record(tmp_path)
    groups = color_groups(record, "prediction", 1)
    assert groups is not None
    assert groups.wrong is not None
    assert groups.unlabelled is not None
    assert int(groups.wrong.sum()) == 28 - 7
    assert np.flatnonzero(groups.unlabelled).tolist() == [28, 29]
    assert groups.rest is None
    assert "0 of" not in selected_sentence(record, [28, 29], 1)
