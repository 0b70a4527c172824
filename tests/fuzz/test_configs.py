"""Configs of whatever Python, JSON and options can say."""

from pathlib import Path

from tests.fuzz.properties import PROPERTIES
from tests.fuzz.trying import try_everyday


def test_a_config_of_any_values_is_refused_or_comes_back_from_its_json(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["config"], tmp_path)


def test_settings_by_flat_name_are_refused_or_come_back(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["settings"], tmp_path)


def test_json_text_is_refused_or_is_a_config_that_comes_back(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["json"], tmp_path)
