"""Files are whole or as they were."""

from pathlib import Path

import pytest

from cna_viz.files import atomic_paths, replace_files


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


def test_a_file_that_must_not_be_replaced_appears_meanwhile(tmp_path: Path) -> None:
    paths = (tmp_path / "a", tmp_path / "b")
    context = atomic_paths(*paths, why_kept=lambda path: "is mine")
    for path in context.__enter__():
        path.write_text("new")
    paths[1].write_text("mine")
    with pytest.raises(FileExistsError, match="b is mine and is not replaced"):
        context.__exit__(None, None, None)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"b": "mine"}


def test_text_that_cannot_be_encoded_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        replace_files({tmp_path / "a": "\udc80"})
    assert list(tmp_path.iterdir()) == []


def test_draft_is_put_in_place_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_text("before")
    with pytest.raises(KeyboardInterrupt), atomic_paths(path) as (written,):  # noqa: PT012
        written.write_text("half")
        raise KeyboardInterrupt
    assert [(path, path.read_text()) for path in tmp_path.iterdir()] == [(path, "before")]
    with atomic_paths(path) as (written,):
        written.write_text("after")
        assert path.read_text() == "before"
    assert [(path, path.read_text()) for path in tmp_path.iterdir()] == [(path, "after")]
