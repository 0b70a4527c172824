"""What is said of selected nodes, against the arrays of the record."""

from pathlib import Path

import numpy as np
import pytest

from cna_viz.analysis.sentences import node_findings
from cna_viz.analysis.sentences.node_findings import LISTED, selected_sentence
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record


@pytest.fixture
def record(tmp_path: Path) -> Record:
    model = ModelConfig(slot="cna", layers=3, hidden=4, clusters=3)
    return synthetic_record(tmp_path, RunConfig(model=model, recording=RecordingConfig(snapshots="ends")))


def test_classes_clusters_and_answers_are_counted(record: Record) -> None:
    nodes = [0, 1, 3, 4]  # of classes 0, 1, 0 and 1
    text = selected_sentence(record, nodes, layer=1)
    assert text.startswith("**4 selected** (0, 1, 3, 4): 2 in class 0, 2 in class 1;")
    label = record.layer_variable("cluster_label", 1)
    assert label is not None
    for cluster, count in zip(*np.unique(label.values[nodes], return_counts=True), strict=True):
        assert f"{count} in cluster {cluster}" in text
    right = int((record.prediction().values[nodes] == record.graph["target"].values[nodes]).sum())
    assert text.endswith(f"{right} of 4 predicted correctly")


def test_the_last_layer_has_no_clusters(record: Record) -> None:
    assert "cluster" not in selected_sentence(record, [0], layer=3)


def test_a_run_without_snapshots_has_classes_only(tmp_path: Path) -> None:
    record = synthetic_record(tmp_path, RunConfig(recording=RecordingConfig(snapshots="none")))
    assert selected_sentence(record, [2], layer=1) == "**1 selected** (2): 1 in class 2"


def test_many_are_not_listed(record: Record) -> None:
    text = selected_sentence(record, range(30), layer=1)
    assert f"**30 selected** ({', '.join(map(str, range(LISTED)))} …)" in text


@pytest.mark.parametrize("nodes", [[], [60], [-1]])
def test_nodes_that_are_not_there_are_passed_over(record: Record, nodes: list[int]) -> None:
    assert selected_sentence(record, nodes, layer=1) == ""


def test_a_node_given_twice_is_selected_once(record: Record) -> None:
    assert selected_sentence(record, [4, 4], layer=3) == "**1 selected** (4): 1 in class 1; 1 of 1 predicted correctly"


@pytest.mark.parametrize(("ari", "words"), [(1.0, "1.00"), (-0.004, "0.00"), (-0.02, "−0.02"), (0.0, "0.00")])
def test_agreement_has_no_minus_before_a_zero(
    record: Record, monkeypatch: pytest.MonkeyPatch, ari: float, words: str
) -> None:
    monkeypatch.setattr(node_findings, "cluster_agreement", lambda *_: (ari, 0.5))
    assert f"adjusted Rand index {words} (0: chance" in node_findings.agreement_findings(record, record, 1)[0]


def test_agreement_of_a_run_with_itself(record: Record) -> None:
    assert node_findings.agreement_findings(record, record, 1) == [
        "clusters after layer 1: adjusted Rand index 1.00 (0: chance, 1: identical), normalized mutual information "
        "1.00 (0: independent, 1: identical)",
        "predictions on the 20 nodes in the test split of both: both right 100.0 %, only **cna, left** 0.0 %, only "
        "**cna, right** 0.0 %, neither 0.0 %",
    ]
