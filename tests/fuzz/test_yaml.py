"""Grids, claims and batches of whatever a file can say."""

from pathlib import Path

from tests.fuzz.properties import PROPERTIES
from tests.fuzz.trying import try_everyday


def test_the_text_of_a_grid_is_refused_or_makes_different_runs(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["grid"], tmp_path)


def test_a_grid_in_which_a_key_stands_twice_is_refused(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["twice"], tmp_path)


def test_the_text_of_claims_is_refused_or_read(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["claims"], tmp_path)


def test_a_file_of_any_bytes_is_refused_or_read_as_grid_and_batch(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["file"], tmp_path)
