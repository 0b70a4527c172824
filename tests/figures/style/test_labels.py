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
    provenance,
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
