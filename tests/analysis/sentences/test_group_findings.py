"""Sentences on numbers of clusters, against records that make them true."""

import dataclasses
from collections.abc import Callable

import numpy as np
import pytest

from cna_viz.analysis.sentences.group_findings import (
    cluster_count_findings,
    cluster_tables,
    kmeans_findings,
    knowledge_findings,
)
from cna_viz.errors import UsageError
from cna_viz.records.record import Record

Make = Callable[..., Record]


def of(record: Record, clusters: int, accuracy: float | None, **model: object) -> Record:
    config = record.config.replace(model=record.config.model.replace(clusters=clusters, **model))
    summary = {**record.summary, "accuracy": {} if accuracy is None else {"test": accuracy}}
    return dataclasses.replace(record, config=config, summary=summary)


def family(make: Make, slot: str, accuracies: dict[int, float], seeds: int = 10) -> list[Record]:
    """Return ten pairs for every number of clusters."""
    rng = np.random.default_rng(len(slot))
    return [
        of(make(slot, seed=seed), k, value + 0.01 * seed + 0.001 * float(rng.standard_normal()))
        for k, value in accuracies.items()
        for seed in range(seeds)
    ]


def test_tables_have_a_column_per_number_in_order(make: Make) -> None:
    records = family(make, "cna", {8: 0.7, 2: 0.6, 16: 0.5}, seeds=2)
    table = cluster_tables([*records, make("relu")])["cna"]
    assert list(table.columns) == ["2", "8", "16"]
    assert table.loc[(1, 1), "8"] == records[1].summary["accuracy"]["test"]
    assert list(cluster_tables(family(make, "cna", {4: 0.5}, seeds=2))["cna"].columns) == ["4"]


def test_more_clusters_are_better_worse_or_equal(make: Make) -> None:
    records = family(make, "cna", {1: 0.7, 2: 0.75, 4: 0.7, 8: 0.6}) + family(make, "cna-random", {4: 0.7})
    first, second = cluster_count_findings(records)
    assert first.startswith("**cna**, compared with 1 cluster — better: 2 (+5.0 points [")
    assert "; worse: 8 (−10.0 points [" in first
    assert "; equal within 1 point: 4 (" in first
    assert second == "**cna-random** has one number of clusters: nothing to compare"


def test_few_pairs_leave_it_open(make: Make) -> None:
    sentences = cluster_count_findings(family(make, "cna", {1: 0.7, 2: 0.7}, seeds=3))
    assert sentences[0].startswith("**cna**, compared with 1 cluster — inconclusive, too few pairs (3 of 6): 2 (")


def test_k_means_against_as_many_at_random(make: Make) -> None:
    records = family(make, "cna", {2: 0.7, 4: 0.8, 16: 0.6}) + family(make, "cna-random", {2: 0.7, 4: 0.7, 8: 0.6})
    (sentence,) = kmeans_findings(records)
    assert sentence.startswith(
        "**cna**, compared with **cna-random** with as many clusters — better: 4 (+10.0 points ["
    )
    assert "equal within 1 point: 2 (" in sentence
    assert "16" not in sentence.replace("16.", "")
    apart = family(make, "cna", {2: 0.7}, 2) + family(make, "cna-random", {4: 0.7}, 2)
    assert kmeans_findings(apart) == ["**cna** and **cna-random** share no number of clusters"]
    with pytest.raises(UsageError, match="no runs of 'cna-random'"):
        kmeans_findings(family(make, "cna", {2: 0.7}, 2))


def test_what_the_clusters_of_the_last_slot_know(make: Make) -> None:
    records = [of(make("cna", seed=seed), k, 0.5) for k in (1, 4) for seed in (0, 1)]
    for record, value in zip(records, (0.0, 0.0, 0.2, 0.4), strict=True):
        record.metrics["cluster_nmi_classes"].loc[{"layer": 3, "stage": "slot"}] = value
        record.metrics["cluster_nmi_classes"].loc[{"layer": 2, "stage": "slot"}] = 0.9  # not the last
        record.metrics["cluster_entropy"].loc[{"stage": "slot"}] = 1.25
    assert knowledge_findings([*records, make("relu")]) == [
        "**cna**, last slot: normalized mutual information with the classes 0.00 with 1 and 0.30 with 4",
        "**cna**, last slot: entropy of the sizes in nats 1.25 with 1 and 1.25 with 4",
    ]


def test_nothing_measured_is_said(make: Make) -> None:
    assert knowledge_findings([make("cna", measures="rayleigh")])[0].startswith("these runs did not record")


def test_numbers_with_a_diverged_run_are_left_out(make: Make) -> None:
    records = family(make, "cna", {1: 0.7, 2: 0.7, 4: 0.7}, seeds=2)
    records[2] = of(records[2], 2, None)
    table = cluster_tables(records)["cna"]
    assert list(table.columns) == ["1", "4"]
    assert table.attrs["left_out"] == {"2": 1}


def test_runs_that_differ_otherwise_or_have_no_clusters_are_refused(make: Make) -> None:
    with pytest.raises(UsageError, match="no run has a slot with clusters"):
        cluster_count_findings([make("relu"), make("relu", seed=1)])
    mixed = [*family(make, "cna", {2: 0.7, 4: 0.7}, 2), *(of(make("cna", seed=s), 2, 0.5, hidden=8) for s in (0, 1))]
    with pytest.raises(UsageError, match="runs of 'cna' differ in more than the number of clusters"):
        cluster_tables(mixed)
