"""Where data are looked for, and what tells raw files apart."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from platformdirs import user_cache_dir

from cna_viz.config.datasets import CATALOG
from cna_viz.data.roots import data_root, download_root, find, fingerprint, search_path
from cna_viz.errors import DataError
from cna_viz.files import cache_root


def test_data_root_is_argument_then_variable_then_cache(
    tmp_path: Path, own_cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given, variable = tmp_path / "given", tmp_path / "variable"
    given.mkdir()
    variable.mkdir()
    assert data_root() == own_cache / "data" == download_root()
    monkeypatch.setenv("CNA_VIZ_DATA", str(variable))
    assert data_root() == variable
    assert data_root(given) == given
    assert search_path(given) == (given, own_cache / "data")
    monkeypatch.setenv("CNA_VIZ_DATA", "")
    assert search_path() == (own_cache / "data",)


def test_cache_root_without_the_variable_is_the_users(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CNA_VIZ_CACHE")
    assert cache_root() == Path(user_cache_dir("cna_viz"))


def test_home_is_understood(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("CNA_VIZ_CACHE", "~/mine")
    assert cache_root() == tmp_path / "mine"
    assert data_root(Path("~")) == tmp_path


def test_a_data_root_that_does_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    for path in (tmp_path / "absent", tmp_path / "file"):
        with pytest.raises(DataError, match=f"data folder '{path}' does not exist or is not a folder"):
            data_root(path)
    monkeypatch.setenv("CNA_VIZ_DATA", str(tmp_path / "absent"))
    with pytest.raises(DataError, match=r"CNA_VIZ_DATA .*absent"):
        data_root()


def test_find_wants_every_file_and_prefers_the_data_root(root: Path, write: Callable[..., Any]) -> None:
    raw = CATALOG["texas"].raw
    assert raw is not None
    assert find(raw, root) is None
    downloaded = write("texas", download_root()).folder
    assert find(raw, root) == downloaded
    given = write("texas", root).folder
    assert find(raw, root) == given
    (given / raw.names[-1]).unlink()
    assert find(raw, root) == downloaded


def test_fingerprint_changes_with_path_size_and_time(root: Path, tmp_path: Path, write: Callable[..., Any]) -> None:
    raw = CATALOG["photo"].raw
    assert raw is not None
    folder, other = write("photo", root).folder, write("photo", tmp_path / "other").folder
    file = folder / raw.names[0]
    for copy in (folder, other):
        os.utime(copy / raw.names[0], ns=(1, 1))
    first = fingerprint(folder, raw)
    assert fingerprint(folder, raw) == first
    assert fingerprint(other, raw) != first
    os.utime(file, ns=(0, 0))
    second = fingerprint(folder, raw)
    assert second != first
    file.write_bytes(file.read_bytes() + b"0")
    os.utime(file, ns=(0, 0))
    assert fingerprint(folder, raw) not in {first, second}
