"""Files are whole or as they were."""

from pathlib import Path

import pytest

from cna_viz.files import replace_files


def test_files_are_replaced_and_no_draft_is_left(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    replace_files({tmp_path / "a": "new", tmp_path / "b": "é\n"})
    assert (tmp_path / "a").read_text() == "new"
    assert (tmp_path / "b").read_bytes() == "é\n".encode()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a", "b"]


def test_no_file_is_replaced_when_one_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("old")
    with pytest.raises(FileNotFoundError):
        replace_files({tmp_path / "a": "new", tmp_path / "missing" / "b": "new"})
    assert (tmp_path / "a").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["a"]


def test_text_that_cannot_be_encoded_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        replace_files({tmp_path / "a": "\udc80"})
    assert list(tmp_path.iterdir()) == []
