"""Locks, and what interrupted attempts leave."""

from pathlib import Path

import pytest
from filelock import FileLock, Timeout

from cna_viz.experiments.attempts import forget_unfinished, set_aside, unfinished_attempts
from cna_viz.records.lock import claim


def make(path: Path) -> Path:
    path.mkdir(parents=True)
    (path / "file").write_text(path.name)
    return path


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "runs" / "abc"
    with claim(folder) as lock:
        assert not folder.exists()
        with pytest.raises(Timeout):
            FileLock(lock.lock_file).acquire(timeout=0)
        with claim(folder.with_name("other")):
            pass
    with FileLock(lock.lock_file).acquire(timeout=0):
        pass
    assert [path.name for path in (tmp_path / "runs").iterdir()] == [".locks"]


def test_lock_is_free_after_an_error(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), claim(tmp_path / "abc"):
        raise KeyboardInterrupt
    claim(tmp_path / "abc").acquire(timeout=0).lock.release()


def test_nothing_to_set_aside(tmp_path: Path) -> None:
    set_aside(tmp_path / "abc")
    assert list(tmp_path.iterdir()) == []


def test_attempts_are_numbered_and_keep_their_content(tmp_path: Path) -> None:
    for number in range(1, 4):
        folder = make(tmp_path / "abc")
        (folder / "file").write_text(str(number))
        set_aside(folder)
        assert not folder.exists()
    aside = unfinished_attempts(tmp_path / "abc")
    assert [path.name for path in aside] == [f"abc.unfinished-{number}" for number in range(1, 4)]
    assert [(path / "file").read_text() for path in aside] == ["1", "2", "3"]


def test_only_attempts_of_this_record_are_forgotten(tmp_path: Path) -> None:
    for name in ("abc", "abc.unfinished-1", "abc.unfinished-2", "abd.unfinished-1", "xabc.unfinished-1"):
        make(tmp_path / name)
    forget_unfinished(tmp_path / "abc")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["abc", "abd.unfinished-1", "xabc.unfinished-1"]


def test_setting_aside_after_an_earlier_attempt_was_removed_by_hand(tmp_path: Path) -> None:
    make(tmp_path / "abc.unfinished-2")
    set_aside(make(tmp_path / "abc"))
    assert len(unfinished_attempts(tmp_path / "abc")) == 2
