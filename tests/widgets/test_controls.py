"""What controls share: options that are exchanged without a look at the first of them."""

from pathlib import Path

import pytest
from ipywidgets import Dropdown, IntSlider, Play

from cna_viz.analysis.positions.methods import METHODS
from cna_viz.config import DataConfig, ModelConfig, RunConfig
from cna_viz.records.synthetic import synthetic_record
from cna_viz.widgets import controls
from cna_viz.widgets.controls import METHOD_WORDS, move, offer, row


def test_new_options_are_shown_with_the_value_that_is_chosen() -> None:
    menu = Dropdown(options=[("one", 1)])
    seen: list[object] = []
    offer(menu, [("two", 2), ("three", 3)], 3)
    assert (menu.value, [value for _, value in menu.options]) == (3, [2, 3])
    menu.observe(lambda change: seen.append(change["new"]), names="options")
    offer(menu, [("two", 2), ("three", 3)], 2)
    assert menu.value == 2
    assert seen == []


def test_a_menu_can_be_emptied() -> None:
    menu = Dropdown(options=[("one", 1)])
    offer(menu, [], None)
    assert menu.value is None


def test_a_slider_is_moved_with_its_player() -> None:
    slider, player = IntSlider(1), Play(1)
    move(slider, player, 3)
    assert (slider.value, player.value) == (3, 3)


def test_a_player_is_left_to_the_browser_where_the_slider_was_moved_there() -> None:
    slider, player = IntSlider(3), Play(1)  # what the browser says of the player is still to come
    move(slider, player, 3)
    assert player.value == 1


@pytest.mark.parametrize(("layers", "words"), [(1, "1 layer"), (2, "2 layers")])
def test_the_name_of_a_run_counts_its_layers(tmp_path: Path, layers: int, words: str) -> None:
    record = synthetic_record(tmp_path, RunConfig(model=ModelConfig(layers=layers)))
    assert controls.run_label(record).split(" · ")[:2] == ["relu", words]


def test_a_row_holds_its_controls_and_wraps() -> None:
    controls = [IntSlider(), Dropdown()]
    assert list(row(*controls).children) == controls
    assert "wrap" in row().layout.flex_flow


def test_every_way_to_project_has_words() -> None:
    assert set(METHOD_WORDS) == set(METHODS)


def test_numbers_are_a_target_whatever_their_score(tmp_path: Path) -> None:
    records = [
        synthetic_record(tmp_path, RunConfig(data=DataConfig(dataset=name))) for name in ("chameleon-traffic", "digits")
    ]
    assert [controls._color("class", record) for record in records] == ["target", "class"]
