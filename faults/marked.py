"""The slow tests: those of the suite marked ``slow``."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Final
from xml.etree import ElementTree

from faults.row import Row

ROOT: Final = Path(__file__).parents[1]


def check(seed: int, work: Path) -> list[Row]:
    """Run them; they have their own seeds."""
    del seed
    found = work / "found.xml"
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-m",
        "slow",
        "tests",
        "--ignore",
        "tests/browser",
        f"--junit-xml={found}",
    ]
    subprocess.run(command, cwd=ROOT, env=dict(os.environ), stdout=subprocess.DEVNULL, check=False)
    cases = list(ElementTree.parse(found).iter("testcase"))
    wrong = [case for case in cases if case.find("failure") is not None or case.find("error") is not None]
    skipped = sum(case.find("skipped") is not None for case in cases)
    names = [f"{case.get('classname')}::{case.get('name')}" for case in wrong]
    return [Row("tests marked slow", len(cases), names, f"{skipped} skipped" if skipped else "")]
