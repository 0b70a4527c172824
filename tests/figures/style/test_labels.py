"""The words of figures: complete, and safe whatever they carry."""

import dataclasses
from collections.abc import Callable

import pytest

from cna_viz.config import RunConfig, WatchedConfig
from cna_viz.config.measures import MEASURES
from cna_viz.config.vocabulary import STAGES
from cna_viz.figures.style.labels import (
    STAGE_LABELS,
    _listed,
    edge_notes,
    layers_words,
    left_out,
    points_label,
    provenance,
    snapshot_note,
    student_note,
    which_model,
)
from cna_viz.records.record import Record

Make = Callable[..., Record]


def test_the_model_that_is_shown_is_named(make: Make) -> None:
    own = make()
    watched = WatchedConfig(name="mine", model="GAT", dataset="x", layers=2, key="k")
    other = dataclasses.replace(own, config=RunConfig(watched=watched))
    assert which_model([own, own]) == "model of the best validation epoch"
    assert which_model([other]) == "model selected by the user's program (watch), at epoch 5"
    assert which_model([own, other]) == (
        "model of the best validation epoch; model selected by the user's program (watch), at epoch 5"
    )


def test_every_measure_and_stage_of_the_vocabulary_has_its_words() -> None:
    assert set(STAGE_LABELS) == set(STAGES)
    assert all(measure.question.endswith("?") for measure in MEASURES.values())


def test_labels_use_unicode_and_no_latex() -> None:
    assert not [text for one in MEASURES.values() for text in (one.label, one.question) if "$" in text or "\\" in text]


def test_values_are_listed_once_in_their_order() -> None:
    assert _listed(["cora", "digits", "cora"]) == "cora, digits"


def test_a_long_list_is_cut_and_says_so() -> None:
    assert _listed(map(str, range(6))) == "0, 1, 2, 3, 4, 5"
    assert _listed(map(str, range(9))) == "0, 1, 2, 3, 4, 5 and 3 more"
    assert _listed("abcd", most=3) == "a, b, c and 1 more"


@pytest.mark.parametrize("name", ["<script>alert(1)</script>", "a & b", "<b>bold</b>", '"><img src=x>'])
def test_what_a_name_carries_is_escaped(name: str) -> None:
    text = _listed([name])
    assert "<" not in text
    assert ">" not in text
    assert "&" not in text.replace("&lt;", "").replace("&gt;", "").replace("&amp;", "").replace("&quot;", "")


def test_the_footnote_has_a_line_of_facts_and_a_line_per_note(make: Make) -> None:
    records = [make(seed=seed) for seed in range(4)]
    lines = provenance(records, "one", "two").split("<br>")
    assert lines[1:] == ["one", "two"]
    runs = ", ".join(record.id[:8] for record in records[:3])
    assert lines[0] == f"dataset digits · split random-60-20-20 · seeds 0, 1, 2, 3 · runs {runs} and 1 more"


def test_the_content_is_named_where_the_name_of_the_dataset_does_not_identify_it(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    one, other = make("relu", seed=0), make("relu", seed=1)
    assert provenance([one, other]).startswith("dataset digits · ")
    contents = {one.id: "1" * 64, other.id: "1" * 64}
    monkeypatch.setattr(Record, "content", property(lambda record: contents[record.id]))
    assert provenance([one, other]).startswith("dataset digits · ")
    contents[other.id] = "2" * 64
    assert provenance([one, other]).startswith("dataset digits (11111111), digits (22222222) · ")


@pytest.mark.parametrize(
    ("runs", "note"),
    [
        ({}, []),
        ({"cna": 1}, ["left out, because runs have no score: cna (1 diverged)"]),
        ({"cna": 2, "a": 1}, ["left out, because runs have no score: cna (2 diverged), a (1 diverged)"]),
        (
            {str(number): 1 for number in range(8)},
            [
                "left out, because runs have no score: "
                + ", ".join(f"{n} (1 diverged)" for n in range(6))
                + " and 2 more"
            ],
        ),
    ],
)
def test_arms_that_are_left_out_are_named(runs: dict[str, int], note: list[str]) -> None:
    assert left_out(runs) == note


@pytest.mark.parametrize(
    ("metric", "label", "note"),
    [
        ("accuracy", "accuracy in points", "mean and 95 % interval over seeds (Student t, cut at 0 and 100 %)"),
        ("nmse", "NMSE, less is better", "mean and 95 % interval over seeds (Student t)"),
        ("r2", "R²", "mean and 95 % interval over seeds (Student t)"),
    ],
)
def test_a_difference_has_the_unit_of_its_score(metric: str, label: str, note: str) -> None:
    assert (points_label(metric), student_note(metric)) == (label, note)


def test_depths_are_singular_and_plural() -> None:
    assert (layers_words(1), layers_words(2)) == ("1 layer", "2 layers")


@pytest.mark.parametrize(
    ("kept", "note"),
    [
        ([], []),
        ([4], ["snapshot of epoch 4, the last one kept"]),
        ([4, 4], ["snapshot of epoch 4, the last one kept"]),
        ([4, 2], ["snapshots of epochs 2, 4, the last kept of each"]),
    ],
)
def test_another_snapshot_than_that_of_the_selected_model_is_named(
    make: Make, monkeypatch: pytest.MonkeyPatch, kept: list[int], note: list[str]
) -> None:
    shown = {f"relu{seed}": epoch for seed, epoch in enumerate(kept)}
    records = [make(seed=seed) for seed in range(len(kept) or 1)]
    monkeypatch.setattr(
        Record, "shown_epoch", property(lambda self: shown.get(f"relu{self.config.seed}", self.best_epoch))
    )
    assert snapshot_note(records) == note
    assert snapshot_note(records, epoch=3) == []


def test_edges_without_direction_and_weights_need_no_note(make: Make) -> None:
    assert edge_notes([]) == edge_notes([make()]) == []
