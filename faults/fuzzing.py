"""Random values, files, records and words: each is refused with an error of the library, or taken literally."""

from pathlib import Path
from typing import Final

from faults.row import Row
from tests.fuzz.properties import PROPERTIES
from tests.fuzz.trying import try_many

CASES: Final = 2000
"""Cases of each property."""


def check(seed: int, work: Path) -> list[Row]:
    """Try every property of ``tests/fuzz`` on many cases."""
    rows = []
    for name, one in PROPERTIES.items():
        folder = work / name
        folder.mkdir()
        tried, wrong = try_many(one, folder, seed, CASES)
        rows.append(Row(f"fuzzing: {one.what}", tried, wrong))
    return rows
