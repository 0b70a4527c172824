"""docs/claims.md names every kind, bound and verdict, and its example is a claim."""

import re
from pathlib import Path
from typing import get_args

import pytest

from benchmarks.claims import table
from cna_viz.analysis.claims.kinds import KINDS, DifferenceClaim
from cna_viz.analysis.claims.model import Trained
from cna_viz.analysis.claims.reading import parse_claims
from cna_viz.analysis.claims.rules import SEEDS, VERDICTS

TEXT = (Path(__file__).parents[3] / "docs" / "claims.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", [*KINDS, *get_args(Trained.model_fields["bound"].annotation)])
def test_kinds_and_bounds_are_explained(name: str) -> None:
    assert re.search(rf"^\| `{name}`", TEXT, re.MULTILINE)


@pytest.mark.parametrize("verdict", VERDICTS)
def test_verdicts_are_explained(verdict: str) -> None:
    assert re.search(rf"^\|.*\| {verdict} \|$", TEXT, re.MULTILINE)


def test_defaults_are_those_of_the_code() -> None:
    assert Trained.model_fields["tolerance"].default == 1
    assert "(`tolerance`; 1, in % or points, and a factor of 3 for" in TEXT
    assert f"at least {SEEDS} seeds" in TEXT


def test_error_rates_are_those_of_the_simulation() -> None:
    rates = table(seeds=(5,), samples=1000)
    for spread, group in rates.groupby("spread"):
        (cells,) = re.findall(rf"^\| 5 \| {spread:g} \| (.*) \|$", TEXT, re.MULTILINE)
        stated = [float(cell) for cell in cells.split(" | ")]
        assert stated == pytest.approx(list(100 * group["holds"]), abs=4)


def test_the_example_is_a_claim() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
    (claim,) = parse_claims(example, "docs")
    assert isinstance(claim, DifferenceClaim)
    assert claim.here == {"slot": "the text normalizes per cluster, the released code per node"}
