"""``make faults``: print a table; the exit code is 1 if anything failed."""

import argparse
import sys
import tempfile
import time
from importlib import import_module
from pathlib import Path
from typing import Final

from faults.row import Row

PARTS: Final = (
    "corruption",
    "crashes",
    "folders",
    "fuzzing",
    "hostile_records",
    "leftovers",
    "long_work",
    "marked",
    "streams",
)
"""Modules of this folder, each with ``check(seed, work)``, which returns rows and may write below ``work``."""
SHOWN: Final = 5
"""Maximum number of violations printed per row."""


def main() -> None:
    """Run the chosen parts and print the table."""
    parser = argparse.ArgumentParser(prog="python -m faults.run", description=__doc__)
    parser.add_argument("parts", nargs="*", help=f"{', '.join(PARTS)} (default: all)")
    parser.add_argument("--seed", type=int, default=0, help="seed of all random choices (default 0)")
    options = parser.parse_args()
    unknown = sorted(set(options.parts) - set(PARTS))
    if unknown:
        parser.error(f"unknown part {unknown[0]!r}; choices: {', '.join(PARTS)}")
    rows: list[Row] = []
    for name in options.parts or PARTS:
        started = time.monotonic()
        print(f"{name} ...", flush=True)
        with tempfile.TemporaryDirectory(prefix=f"faults-{name}-") as work:
            rows += import_module(f"faults.{name}").check(options.seed, Path(work))
        print(f"  {time.monotonic() - started:.0f} s", flush=True)
    _show(rows)
    sys.exit(any(row.wrong for row in rows))


def _show(rows: list[Row]) -> None:
    width = max(len(row.what) for row in rows)
    print(f"{'what':{width}}  cases  wrong")
    for row in rows:
        print(f"{row.what:{width}}  {row.cases:5}  {len(row.wrong):5}  {row.seen}".rstrip())
        for sentence in row.wrong[:SHOWN]:
            print(f"{'':{width}}  ! {sentence}")
        if len(row.wrong) > SHOWN:
            print(f"{'':{width}}  ! and {len(row.wrong) - SHOWN} more")


if __name__ == "__main__":
    main()
