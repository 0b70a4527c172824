"""A network, its training, and a place for its record."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.recording.helpers import Bench

Make = Callable[..., Bench]


@pytest.fixture
def bench(tmp_path: Path) -> Make:
    """Return ``bench(slot, ...)``, which makes a network, its training and a place for its record."""
    numbers = iter(range(100))
    return lambda *args, **options: Bench(tmp_path / str(next(numbers)), *args, **options)


@pytest.fixture(autouse=True)
def no_waiting_for_the_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    """Force nothing to disk: no power will fail here."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
