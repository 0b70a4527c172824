"""Sentences on convolutions, fronts and maps against numbers that were made for them."""

import dataclasses
from itertools import product

import pytest

from cna_viz.analysis import architecture_findings as findings
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from tests.analysis.conftest import Make
from tests.figures.test_accuracy_by_setting import having


def test_the_reach_between_convolutions_and_between_slots(make: Make) -> None:
    scores = {("gcn", "relu"): 0.8, ("gcn", "cna"): 0.82, ("gat", "relu"): 0.6, ("gat", "cna"): 0.64}
    records = [having(make(slot), score, backbone=backbone) for (backbone, slot), score in scores.items()]
    assert findings.backbone_findings(records) == [
        "**relu**: mean test accuracy from 60.0 % (gat) to 80.0 % (gcn)",
        "**cna**: mean test accuracy from 64.0 % (gat) to 82.0 % (gcn)",
        "so here the choice of the convolution moves the mean by 19.0 points on average, that of the slot by 3.0 "
        "points",
    ]


def test_one_convolution_has_no_reach(make: Make) -> None:
    assert findings.backbone_findings([make("relu", accuracy=0.5)]) == ["**relu**: mean test accuracy 50.0 % (gcn)"]
    assert findings.backbone_findings([make("relu", accuracy={}, status="diverged")]) == ["no run has a score"]


def sized(record: Record, size: int, score: float, hidden: int) -> Record:
    record = having(record, score, hidden=hidden)
    return dataclasses.replace(record, summary={**record.summary, "parameters": size})


def test_the_front_and_who_is_not_on_it(make: Make) -> None:
    relu = [sized(make("relu"), size, score, hidden) for hidden, size, score in ((4, 100, 0.5), (8, 200, 0.7))]
    cna = [sized(make("cna"), size, score, hidden) for hidden, size, score in ((4, 150, 0.4), (8, 220, 0.7))]
    assert findings.pareto_findings([*cna, *relu]) == [
        "on the front by validation: **relu**, hidden 4 (100 parameters, validation 50.0 %, test 50.0 %) and **relu**, "
        "hidden 8 (200 parameters, validation 70.0 %, test 70.0 %)",
        "no network of **cna** is on it: for each, another is as small and as good",
    ]
    assert findings.cost_findings([*cna, *relu]) == [
        "**cna** has 10.0 to 50.0 % more parameters than **relu** of the same width",
    ]


def test_arms_of_one_size_are_said_to_be_that(make: Make) -> None:
    sentences = findings.cost_findings([sized(make(slot), 100, 0.5, 4) for slot in ("relu", "n")])
    assert sentences == ["**n** has as many parameters as **relu** of the same width"]
    assert findings.cost_findings([make("relu")]) == ["there is one arm: nothing to hold its parameters against"]


def test_the_ends_of_a_map_and_its_references(make: Make) -> None:
    cells = {(1, 4): 0.5, (2, 4): 0.4, (1, 8): 0.9, (2, 8): 0.8}
    cna = [having(make("cna"), score, clusters=k, hidden=h) for (k, h), score in cells.items()]
    relu = [having(make("relu"), score, hidden=h) for h, score in ((4, 0.6), (8, 0.7))]
    assert findings.sensitivity_findings([*cna, *relu]) == [
        "**cna**: from 40.0 % with clusters 2 and hidden 4 to 90.0 % with clusters 1 and hidden 8, over 4 pairs of "
        "values; the best of many is partly the luckiest",
        "**relu**, for comparison: 70.0 % at its best; 2 of 4 pairs have a better mean",
    ]


def test_a_map_without_a_mean_is_refused(make: Make) -> None:
    gone = [
        having(make("cna", accuracy={}, status="diverged"), clusters=k, hidden=h) for k, h in product((1, 2), (4, 8))
    ]
    with pytest.raises(UsageError, match="no pair of values of clusters and hidden has a mean"):
        findings.sensitivity_findings(gone)
