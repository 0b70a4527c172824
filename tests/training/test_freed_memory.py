"""Freed memory is kept where the C library can be asked to and nobody said otherwise."""

import platform
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from cna_viz.training import freed_memory
from cna_viz.training.freed_memory import KEPT, LARGEST, keep_freed_memory

SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES", "LD_PRELOAD")


class Library:
    """Stands for glibc; refuses the settings that it is told to refuse."""

    def __init__(self) -> None:
        self.asked: list[tuple[int, int]] = []
        self.refused: set[int] = set()

    def mallopt(self, setting: int, value: int) -> int:
        self.asked.append((setting, value))
        return int(setting not in self.refused)


@pytest.fixture(autouse=True)
def asked_anew(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Forget what was asked before, and let the environment say nothing."""
    for name in SETTINGS:
        monkeypatch.delenv(name, raising=False)
    keep_freed_memory.cache_clear()
    yield
    keep_freed_memory.cache_clear()


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> Library:
    """Return the C library, which is glibc."""
    library = Library()
    monkeypatch.setattr(freed_memory, "ctypes", SimpleNamespace(CDLL=lambda name: library))
    monkeypatch.setattr(platform, "libc_ver", lambda: ("glibc", "2.36"))
    return library


def test_glibc_is_asked_once(library: Library) -> None:
    assert keep_freed_memory()
    assert keep_freed_memory()
    assert sorted(library.asked) == [(-3, LARGEST), (-1, KEPT)]


@pytest.mark.parametrize("name", SETTINGS)
def test_what_the_environment_says_stands(library: Library, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "1")
    assert not keep_freed_memory()
    assert library.asked == []


@pytest.mark.parametrize("name", ["", "musl"])
def test_no_other_library_is_asked(library: Library, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr(platform, "libc_ver", lambda: (name, ""))
    assert not keep_freed_memory()
    assert library.asked == []


@pytest.mark.parametrize("setting", [-1, -3])
def test_a_setting_that_is_refused_is_not_kept(library: Library, setting: int) -> None:
    library.refused.add(setting)
    assert not keep_freed_memory()


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="there is no glibc to ask")
def test_this_glibc_takes_the_settings() -> None:
    assert keep_freed_memory()
