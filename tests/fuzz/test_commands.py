"""The command line, whatever is typed and whatever its files hold."""

from pathlib import Path

from tests.fuzz.properties import PROPERTIES
from tests.fuzz.trying import try_everyday


def test_a_command_of_any_words_ends_well_or_says_why_not_in_one_line(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["command"], tmp_path)


def test_a_dataset_whose_files_hold_any_bytes_has_its_problem_said(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["raw"], tmp_path)
