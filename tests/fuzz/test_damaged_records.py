"""Records that were damaged, and those that say something else."""

from pathlib import Path

from tests.fuzz.properties import PROPERTIES
from tests.fuzz.trying import try_everyday


def test_a_record_whose_bytes_changed_is_refused_or_reads_as_it_was_written(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["damage"], tmp_path)


def test_what_there_is_of_a_damaged_unfinished_record_is_refused_or_incomplete(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["unfinished"], tmp_path)


def test_a_record_that_says_something_else_is_refused_or_read(tmp_path: Path) -> None:
    try_everyday(PROPERTIES["edit"], tmp_path)
