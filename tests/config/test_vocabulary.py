"""Every room that gives a name its meaning knows exactly the names of the vocabulary."""

import pytest

from cna_viz.config import DataConfig, ModelConfig, vocabulary
from cna_viz.config.datasets import CATALOG
from cna_viz.config.measures import MEASURES
from cna_viz.data.embedded import EMBEDDED
from cna_viz.data.splits import MAKERS
from cna_viz.figures.style.labels import STAGE_LABELS
from cna_viz.figures.style.theme import SLOT_STYLES
from cna_viz.models.backbones import BACKBONES
from cna_viz.nn.slots import SLOTS
from cna_viz.records.schema import VARIABLES


def test_rooms_agree_with_the_vocabulary() -> None:
    assert tuple(SLOTS) == vocabulary.SLOTS
    assert tuple(BACKBONES) == vocabulary.BACKBONES
    assert tuple(CATALOG) == vocabulary.DATASETS
    assert set(MAKERS) == set(vocabulary.SPLIT_PROTOCOLS)
    assert set(SLOT_STYLES) == set(vocabulary.SLOTS)
    assert set(STAGE_LABELS) == set(vocabulary.STAGES)


def test_embedded_datasets_are_those_without_files() -> None:
    assert set(EMBEDDED) == {name for name, spec in CATALOG.items() if spec.raw is None}


def test_every_measure_is_a_variable_of_the_record() -> None:
    for name in MEASURES:
        assert VARIABLES[name].dims == ("epoch", "layer", "stage")


def test_kinds_of_measures() -> None:
    others = ("gradient_norm", "weight_norm")
    kinds = (*vocabulary.FEATURE_MEASURES, *others, *vocabulary.CLUSTER_MEASURES)
    assert sorted(kinds) == sorted(MEASURES)
    assert set(vocabulary.DEFAULT_MEASURES) <= set(MEASURES)


@pytest.mark.parametrize("name", [name for name in vars(vocabulary) if name.isupper()])
def test_names_are_distinct_and_can_be_typed(name: str) -> None:
    names = tuple(getattr(vocabulary, name))
    assert len(set(names)) == len(names) > 0
    assert all(word == word.lower().strip() and " " not in word for word in names)


def test_descriptions_of_the_config_name_every_choice() -> None:
    for field, choices in [
        (DataConfig.model_fields["split"], vocabulary.SPLIT_PROTOCOLS),
        (ModelConfig.model_fields["slot"], vocabulary.SLOTS),
    ]:
        assert all(name in (field.description or "") for name in choices)


def test_slots_have_looks_of_their_own() -> None:
    # There are more slots than colours that everyone can tell apart, but no two share colour and dash.
    assert len({(style.color, style.dash) for style in SLOT_STYLES.values()}) == len(SLOT_STYLES)
    for look in ("symbol", "label"):
        assert len({getattr(style, look) for style in SLOT_STYLES.values()}) == len(SLOT_STYLES)
