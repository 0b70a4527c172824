"""Claims on the karate club, and synthetic records that say what a test wants."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from cna_viz.analysis.claims import Evidence, Plan
from cna_viz.analysis.claims.kinds import KINDS
from cna_viz.analysis.claims.model import Claim, ProtocolName, Trained
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Values = Mapping[str, Sequence[float]]
Make = Callable[..., Any]

FACTS = {"id": "one", "text": "It works.", "source": "Figure 1", "standing": "first hand", "protocol": "unknown"}
RUNS = {"runs": {"dataset": "karate"}, "fair": {"split": "random-80-10-10"}}
FIELDS: dict[str, dict[str, Any]] = {
    "level": {**RUNS, "arm": {"published": 90.0}},
    "difference": {
        **RUNS,
        "arm": {"published": 90.0, "runs": {"slot": "cna", "clusters": 3}},
        "baseline": {"published": 80.0, "runs": {"slot": "relu"}},
    },
    "slope": {
        **RUNS,
        "arm": {"published": 60.0, "runs": {"layers": 8}},
        "baseline": {"published": 80.0, "runs": {"layers": 2}},
    },
    "trend": {
        **RUNS,
        "arm": {"published": 1.0, "runs": {"layers": 8}},
        "baseline": {"published": 2.0, "runs": {"layers": 2}},
    },
    "parameters": {
        "published": 389240,
        "network": {"layers": 4, "hidden": 400},
        "in_channels": 128,
        "out_channels": 40,
        "unused": 800,
    },
    "none": {"published": "lots", "why": "nobody knows"},
}
"""What a claim of each kind has, beside the facts that all have."""


def claim_of(kind: str, **changes: Any) -> Any:
    """Return a small claim of a kind with changes; ``own`` is given as settings."""
    return KINDS[kind].model_validate({**FACTS, "kind": kind, **FIELDS[kind], **changes})


@pytest.fixture
def make_claim() -> Callable[..., Any]:
    """Return ``make_claim(kind, **changes)``: a small claim on the karate club."""
    return claim_of


@pytest.fixture
def plan() -> Plan:
    """Return a plan of five seeds."""
    return Plan()


@pytest.fixture
def recorded(tmp_path: Path) -> Callable[..., Evidence]:
    """Return ``recorded(claim, plan, fair=..., own=...)``: evidence with these percentages by arm and seed."""

    def recorded(claim: Claim, plan: Plan, **values: Values) -> Evidence:
        records: dict[str, Record] = {}
        assert isinstance(claim, Trained)
        protocols: tuple[ProtocolName, ...] = ("fair", "own")
        for protocol in protocols:
            if protocol in values:
                for name, configs in plan.configs(claim, protocol).items():
                    for config, percent in zip(configs, values[protocol][name], strict=True):
                        accuracy = dict.fromkeys(("train", "val", "test"), percent / 100)
                        record = synthetic_record(tmp_path / protocol / name, config, accuracy=accuracy)
                        assert record.id not in records, "two arms of this test are the same run"
                        records[record.id] = record
        return Evidence(records)

    return recorded
