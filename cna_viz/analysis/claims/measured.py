"""The records there are to judge claims by, and what they say of a claim under one protocol."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from scipy.stats import gmean

from cna_viz.analysis.claims.kinds import Trend
from cna_viz.analysis.claims.model import MeasuredArm, ProtocolName, Trained
from cna_viz.analysis.claims.plan import Plan
from cna_viz.analysis.claims.rules import Outcome, interval_of, outcome
from cna_viz.analysis.statistics.intervals import Interval
from cna_viz.analysis.tables.tables import layer_value
from cna_viz.config import RunConfig
from cna_viz.errors import RecordError
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import Record, load_record


@dataclass(frozen=True)
class Evidence:
    """What claims are judged by: finished runs by id, and why others ``failed``.

    ``counts`` has numbers of weights by claim: ``convolutions``, ``slots`` and ``total``.
    """

    records: Mapping[str, Record] = field(default_factory=dict)
    failed: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)


@dataclass(frozen=True)
class Measured:
    """What the runs say of a claim under one protocol.

    Attributes:
        made: The arms by slot and split: ``cna on public vs. relu on public``, and ``not paired`` on two splits.
        interval: Mean and 95 % interval of the quantity over seeds; None where there is none.
        outcome: Whether the claim holds, with the reason in ``why``.
        means: Mean of every arm over seeds: test accuracy in percent, or the measure. Empty without an interval.
        highest: The quantity by the maximum test accuracy over the epochs, where the source reports that.
        records: The runs that the interval comes from.
    """

    protocol: ProtocolName
    unit: str
    made: str
    interval: Interval | None
    outcome: Outcome
    why: str
    means: Mapping[str, float] = field(default_factory=dict)
    records: tuple[Record, ...] = ()
    highest: Interval | None = None


def gather(
    configs: Sequence[RunConfig],
    runs: Path | str,
    failed: Mapping[str, str] | None = None,
    counts: Mapping[str, Mapping[str, int]] | None = None,
) -> Evidence:
    """Open the records of ``configs`` in the folder ``runs``; one that can't be opened becomes a reason."""
    records: dict[str, Record] = {}
    reasons = dict(failed or {})
    for config in configs:
        folder = Path(runs) / config.run_id
        if is_complete(folder) and config.run_id not in reasons:
            try:
                records[config.run_id] = load_record(folder)
            except RecordError as error:
                reasons[config.run_id] = str(error)
    return Evidence(records, reasons, dict(counts or {}))


def measure(claim: Trained, protocol: ProtocolName, plan: Plan, evidence: Evidence) -> Measured:
    """Return what the runs of ``evidence`` say of a claim under a protocol; without an answer, ``why`` says why not."""
    arms = plan.configs(claim, protocol)
    kinds = [claim.config_of(name, protocol) for name in arms]
    paired = len({config.data.split for config in kinds}) == 1
    made = " vs. ".join(dict.fromkeys(f"{config.slot} on {config.data.split}" for config in kinds))
    made += "" if paired else ", not paired"
    problem, records, values = _problem(claim, plan, arms, evidence), {}, {}
    if not problem:
        records = {name: [evidence.records[config.run_id] for config in configs] for name, configs in arms.items()}
        values = {name: _values(claim, name, members) for name, members in records.items()}
        problem = _not_a_number(claim, plan, values)
    if problem:
        return Measured(protocol, claim.unit, made, None, "untestable", problem)
    seeds = len(values["arm"])
    if seeds < 2:
        return Measured(
            protocol, claim.unit, made, None, *outcome(claim, Interval(math.nan, math.nan, math.nan, seeds))
        )
    interval = interval_of(claim, list(values.values()), paired=paired)
    decided, why = _decided(claim, protocol, plan, interval)
    if len(arms) > 1 and arms["arm"] == arms["baseline"]:
        why += "; both arms are the same runs, so that their difference says nothing"
    mean = gmean if isinstance(claim, Trend) else np.mean
    means = {name: float(mean(numbers)) for name, numbers in values.items()}
    used = tuple({record.id: record for arm in records.values() for record in arm}.values())
    highest = None
    if protocol == "own" and claim.selection == "maximum test":
        tops = [
            [100 * record.best_over_epochs("test", "accuracy")[0] for record in members] for members in records.values()
        ]
        highest = interval_of(claim, tops, paired=paired)
    return Measured(protocol, claim.unit, made, interval, decided, why, means, used, highest)


def _decided(claim: Trained, protocol: ProtocolName, plan: Plan, interval: Interval) -> tuple[Outcome, str]:
    """Return the outcome of an interval and why; none where the runs are shorter than the claim asks for."""
    capped = plan.capped(claim, protocol)
    return ("untestable", f"not judged: {capped}") if capped else outcome(claim, interval)


def _problem(claim: Trained, plan: Plan, arms: Mapping[str, Sequence[RunConfig]], evidence: Evidence) -> str:
    """Return why the runs give no answer; empty where they do."""
    configs = list({config.run_id: config for arm in arms.values() for config in arm}.values())
    missing = [config.run_id for config in configs if config.run_id not in evidence.records]
    if missing and claim.slow and not plan.slow:
        deepest = max(config.layers for config in configs)
        return f"not run: {len(missing)} runs per split of up to {deepest} layers; -p slow true makes them"
    reasons = [evidence.failed[name] for name in missing if name in evidence.failed]
    if reasons:
        return f"{len(reasons)} of {len(configs)} runs failed: {reasons[0]}"
    if missing:
        return f"{len(missing)} of {len(configs)} runs are missing: reproduce this report, it trains what is missing"
    diverged = [config for config in configs if evidence.records[config.run_id].status != "complete"]
    if diverged:
        first = diverged[0]
        return f"{len(diverged)} of {len(configs)} runs diverged, the first with seed {first.seed} ({first.run_id[:8]})"
    return ""


def _values(claim: Trained, name: str, records: Sequence[Record]) -> list[float]:
    """Return test accuracy in percent, or the measure of the last hidden layer, of every seed of an arm."""
    if not isinstance(claim, Trend):
        return [100 * record.score("test") for record in records]
    arm = claim.arms[name]
    assert isinstance(arm, MeasuredArm)
    return [layer_value(one, claim.measure, arm.stage, one.layers - 1, one.best_epoch) for one in records]


def _not_a_number(claim: Trained, plan: Plan, values: Mapping[str, Sequence[float]]) -> str:
    """Return which value can't enter the quantity; empty where all can."""
    for name, numbers in values.items():
        for seed, value in zip(dict.fromkeys(plan.seeds), numbers, strict=True):
            if isinstance(claim, Trend) and not (math.isfinite(value) and value > 0):
                return f"{claim.measure} of the {name} is {value:g} with seed {seed}: it has no ratio to another"
            if not math.isfinite(value):
                return f"the {name} has no test accuracy with seed {seed}"
    return ""
