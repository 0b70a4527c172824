"""Sentences about watched runs: nothing of the default config, nothing that nobody knows."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from cna_viz.analysis.sentences.collapse_findings import (
    collapse_findings,
    collapse_summary,
    remedy_findings,
    which_collapse,
)
from cna_viz.analysis.sentences.findings import smoothing_findings
from cna_viz.analysis.sentences.node_findings import confusion_findings, pair_names, selected_sentence
from cna_viz.analysis.sentences.training_notes import unfinished_findings
from cna_viz.analysis.tables.comparison import training_settings
from cna_viz.analysis.tables.graph_facts import edge_homophily, graph_words
from cna_viz.analysis.tables.predictions import confusions
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from tests.figures.watched import LATER, watched_record


def test_two_runs_of_one_cell_are_named_by_their_start(tmp_path: Path) -> None:
    first, second = watched_record(tmp_path, "a"), watched_record(tmp_path, "b", started=LATER)
    assert pair_names(first, second) == ("mine, 03:11:22", "mine, 03:15:02")


def test_nothing_is_claimed_of_their_training(tmp_path: Path) -> None:
    reruns = [watched_record(tmp_path, "a"), watched_record(tmp_path, "b", started=LATER)]
    assert training_settings(reruns) == "some arms are watched networks: the settings of their training are unknown"
    assert unfinished_findings(reruns) == [
        "whether more epochs would help is known of no run: 2 runs watched or interrupted"
    ]
    with pytest.raises(UsageError, match="watched runs can't be compared in pairs"):
        remedy_findings(reruns, "slot")


@pytest.mark.parametrize("findings", [collapse_findings, collapse_summary, which_collapse])
def test_whether_a_run_without_a_training_score_fits_is_unknown(
    tmp_path: Path, findings: Callable[[list[Record]], object]
) -> None:
    with pytest.raises(UsageError, match="was watched and has no training score: whether it fits is unknown"):
        findings([watched_record(tmp_path, task="none")])


def test_a_graph_without_labels_has_no_classes_and_no_score(tmp_path: Path) -> None:
    record = watched_record(tmp_path, task="none")
    assert graph_words(record) == "karate: 30 nodes, 30 edges, no labels"
    assert np.isnan(edge_homophily(record))


def test_a_graph_of_numbers_has_no_classes_and_no_homophily(tmp_path: Path) -> None:
    record = watched_record(tmp_path, task="node-regression", unlabelled=7)
    assert np.isnan(edge_homophily(record))
    assert graph_words(record) == (
        "karate: 30 nodes, 30 edges, 7 nodes unlabelled; edge homophily undefined, adjusted for class sizes undefined; "
        "score: R² (always predicting the mean gives 0); split its own"
    )


def test_measures_of_a_run_that_diverged_are_undefined(tmp_path: Path) -> None:
    first, _ = smoothing_findings([watched_record(tmp_path, diverged=2)])
    assert first.endswith("effective rank undefined → undefined")


def test_selected_nodes_without_a_finite_output_are_not_right(tmp_path: Path) -> None:
    assert selected_sentence(watched_record(tmp_path, diverged=0), [0, 1], 1).endswith("0 of 2 predicted correctly")


def test_errors_count_nodes_without_a_finite_output_apart(tmp_path: Path) -> None:
    record = watched_record(tmp_path, diverged=0)
    assert confusion_findings([record]) == ["**mine**: 10 test nodes without a finite output"]
    assert np.isnan(confusions([record])[0].accuracies[0])
