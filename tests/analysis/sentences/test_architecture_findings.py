"""Sentences on convolutions, fronts and maps against numbers that were made for them."""

import dataclasses
from collections.abc import Callable
from itertools import product

import pytest

from cna_viz.analysis.sentences import architecture_findings as findings
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from tests.analysis.conftest import Make
from tests.figures.plots.test_accuracy_by_setting import having


def test_the_reach_between_convolutions_and_between_slots(make: Make) -> None:
    scores = {("gcn", "relu"): 0.8, ("gcn", "cna"): 0.82, ("gat", "relu"): 0.6, ("gat", "cna"): 0.64}
    records = [having(make(slot), score, backbone=backbone) for (backbone, slot), score in scores.items()]
    assert findings.backbone_findings(records) == [
        "**relu**: mean test accuracy from 60.0 % (gat) to 80.0 % (gcn), 1 run each",
        "**cna**: mean test accuracy from 64.0 % (gat) to 82.0 % (gcn), 1 run each",
        "here the choice of the convolution moves the mean more than that of the slot: its standard deviation "
        "is 13.4 points over 2 convolutions (averaged over slots) and 2.1 points over 2 slots (averaged over "
        "convolutions)",
    ]


def test_more_choices_do_not_make_a_choice_move_more(make: Make) -> None:
    # Between four convolutions the range is 12 points, between two slots 10; the deviations are the other way round.
    shifts = {"gcn": 0.0, "sage": 0.06, "gat": 0.06, "gin": 0.12}
    records = [
        having(make(slot), 0.5 + shift + plus, backbone=backbone)
        for backbone, shift in shifts.items()
        for slot, plus in (("relu", 0.0), ("cna", 0.1))
    ]
    *_, last = findings.backbone_findings(records)
    assert last == (
        "here the choice of the slot moves the mean more than that of the convolution: its standard deviation is "
        "4.9 points over 4 convolutions (averaged over slots) and 7.1 points over 2 slots (averaged over convolutions)"
    )


def test_arms_with_a_run_that_diverged_are_said_and_not_averaged(make: Make) -> None:
    gone = make("relu", seed=1, accuracy={}, status="diverged")
    records = [having(make("relu"), 0.9, backbone="gat"), having(gone, backbone="gat"), having(make("relu"), 0.6)]
    records += [having(make("cna"), 0.5), having(make("cna"), 0.4, backbone="gat")]
    records += [make("n", accuracy={}, status="diverged")]
    assert findings.backbone_findings(records) == [
        "**relu**: mean test accuracy 60.0 % (gcn), 1 run; without a mean: gat (1 run diverged)",
        "**cna**: mean test accuracy from 40.0 % (gat) to 50.0 % (gcn), 1 run each",
        "**n**: no mean test accuracy; without a mean: gcn (1 run diverged)",
    ]


def test_one_convolution_has_no_reach(make: Make) -> None:
    assert findings.backbone_findings([make("relu", accuracy=0.5)]) == [
        "**relu**: mean test accuracy 50.0 % (gcn), 1 run"
    ]
    assert findings.backbone_findings([make("relu", accuracy={}, status="diverged")]) == ["no run has a score"]


def sized(record: Record, size: int, score: float, hidden: int) -> Record:
    record = having(record, score, hidden=hidden)
    return dataclasses.replace(record, summary={**record.summary, "parameters": size})


def test_the_front_and_who_is_not_on_it(make: Make) -> None:
    relu = [sized(make("relu"), size, score, hidden) for hidden, size, score in ((4, 100, 0.5), (8, 200, 0.7))]
    cna = [sized(make("cna"), size, score, hidden) for hidden, size, score in ((4, 150, 0.4), (8, 220, 0.7))]
    assert findings.pareto_findings([*cna, *relu]) == [
        "on the validation front: **relu**, hidden 4 (100 parameters, validation 50.0 %, test 50.0 %) and **relu**, "
        "hidden 8 (200 parameters, validation 70.0 %, test 70.0 %); 1 run each",
        "not on the front: **cna**; another network is at least as small and as good",
    ]
    assert findings.cost_findings([*cna, *relu]) == [
        "**cna** has 10.0 to 50.0 % more parameters than **relu** of the same width",
    ]


def test_arms_of_one_size_are_said_to_be_that(make: Make) -> None:
    sentences = findings.cost_findings([sized(make(slot), 100, 0.5, 4) for slot in ("relu", "n")])
    assert sentences == ["**n** has as many parameters as **relu** of the same width"]
    assert findings.cost_findings([make("relu")]) == ["only one arm: no numbers of parameters to compare"]


def test_arms_are_held_against_each_other_where_all_have_a_network(make: Make) -> None:
    relu = [sized(make("relu"), size, 0.5, hidden) for hidden, size in ((4, 100), (8, 200))]
    cna = [sized(make("cna"), 150, 0.5, 4)]
    assert findings.cost_findings([*cna, *relu]) == [
        "**cna** has 50.0 % more parameters than **relu** of the same width",
        "left out: 1 of 2 values of width, for which some arm has no network",
    ]
    assert findings.cost_findings([*cna, relu[1]]) == [
        "the arms have no width in common: their numbers of parameters can't be compared"
    ]


def test_fewer_parameters_are_said_to_be_fewer(make: Make) -> None:
    relu = [sized(make("relu"), size, 0.5, hidden) for hidden, size in ((4, 100), (8, 200))]
    cna = [sized(make("cna"), size, 0.5, hidden) for hidden, size in ((4, 90), (8, 300))]
    assert findings.cost_findings([*cna, *relu]) == [
        "**cna** has 10.0 % fewer to 50.0 % more parameters than **relu** of the same width"
    ]


def test_references_with_a_run_that_diverged_have_no_mean(make: Make) -> None:
    cna = [having(make("cna"), 0.5, clusters=k, hidden=h) for k, h in product((1, 2), (4, 8))]
    lucky = having(make("relu"), 0.9, hidden=8)
    gone = having(make("relu", seed=1, accuracy={}, status="diverged"), hidden=8)
    assert findings.sensitivity_findings([*cna, having(make("relu"), 0.4, hidden=4), lucky, gone])[-1] == (
        "**relu**, for comparison: 40.0 % at its best; 4 of 4 pairs have a better mean; 1 of 2 runs diverged with "
        "hidden 8"
    )
    assert findings.sensitivity_findings([*cna, lucky, gone])[-1] == (
        "**relu**, for comparison: no mean, 1 of 2 runs diverged with hidden 8"
    )


def test_the_ends_of_a_map_and_its_references(make: Make) -> None:
    cells = {(1, 4): 0.5, (2, 4): 0.4, (1, 8): 0.9, (2, 8): 0.8}
    cna = [having(make("cna"), score, clusters=k, hidden=h) for (k, h), score in cells.items()]
    relu = [having(make("relu"), score, hidden=h) for h, score in ((4, 0.6), (8, 0.7))]
    assert findings.sensitivity_findings([*cna, *relu]) == [
        "**cna**: from 40.0 % (clusters 2, hidden 4) to 90.0 % (clusters 1, hidden 8), over 4 pairs of "
        "values (1 run each); the best of many is partly luck",
        "**relu**, for comparison: 70.0 % at its best; 2 of 4 pairs have a better mean",
    ]


def test_a_map_without_a_mean_is_refused(make: Make) -> None:
    gone = [
        having(make("cna", accuracy={}, status="diverged"), clusters=k, hidden=h) for k, h in product((1, 2), (4, 8))
    ]
    with pytest.raises(UsageError, match="no pair of values of clusters and hidden has a mean"):
        findings.sensitivity_findings(gone)


@pytest.mark.parametrize(
    ("scores", "words"),
    [
        (
            {("gcn", "relu"): 0.6, ("gcn", "cna"): 0.7, ("gat", "relu"): 0.7, ("gat", "cna"): 0.8},
            "here the choices of convolution and slot move the mean alike: the standard deviation is 7.1 points over",
        ),
        (
            dict.fromkeys((("gcn", "relu"), ("gcn", "cna"), ("gat", "relu"), ("gat", "cna")), 0.7),
            "here the choices of convolution and slot move the mean alike: the standard deviation is 0.0 points over",
        ),
    ],
)
def test_choices_that_move_the_mean_alike(make: Make, scores: dict[tuple[str, str], float], words: str) -> None:
    records = [having(make(slot), score, backbone=backbone) for (backbone, slot), score in scores.items()]
    assert findings.backbone_findings(records)[-1].startswith(words)


@pytest.mark.parametrize(
    "find",
    [findings.backbone_findings, findings.pareto_findings, findings.cost_findings, findings.sensitivity_findings],
)
def test_no_runs_are_refused(find: Callable[..., list[str]]) -> None:
    with pytest.raises(UsageError, match=r"no runs to report on|no records with scores"):
        find([])


def test_a_network_left_out_of_the_front_is_told(make: Make) -> None:
    gone = make("cna", accuracy={}, status="diverged")
    assert findings.pareto_findings([sized(make("relu"), 100, 0.5, 4), gone])[1:] == [
        "left out: 1 run of networks of which one lacks a score or its size"
    ]


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (100000, "as many parameters as"),
        (100049, "nearly as many parameters as"),
        (100051, "0.1 % more parameters than"),
    ],
)
def test_sizes_that_are_nearly_alike(make: Make, size: int, words: str) -> None:
    assert findings.cost_findings([sized(make("relu"), 100000, 0.5, 4), sized(make("cna"), size, 0.5, 4)]) == [
        f"**cna** has {words} **relu** of the same width"
    ]


def test_a_map_of_one_pair_of_values_has_no_best(make: Make) -> None:
    cna, relu = having(make("cna"), 0.7, clusters=2, hidden=4), having(make("relu"), 0.7, hidden=4)
    assert findings.sensitivity_findings([cna, relu]) == [
        "**cna**: 70.0 % (clusters 2, hidden 4), over 1 pair of values (1 run)",
        "**relu**, for comparison: 70.0 % at its best; 0 of 1 pair has a better mean",
    ]
