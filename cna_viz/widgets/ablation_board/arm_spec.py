"""The arm that the ablation board shows, and the choices that runs offer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from cna_viz.analysis.tables.slot_parts import PART_WORDS, STEPS, Parts, parts_of
from cna_viz.config.arms import active_settings, inactive
from cna_viz.config.vocabulary import FACTORS
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.widgets.view_spec import first_unless

SWITCHED: Final = frozenset({"dataset", "split", "slot", "layers", "clusters", *FACTORS})
"""Settings with a control of their own, and parts of the slot."""
FURTHER: Final = ("sharing", "metric", "schedule")
"""Factors of a slot without a switch."""

Setup = tuple[tuple[str, object], ...]
"""The settings without a control that differ between runs, with their values; those without an effect are missing."""


@dataclass(frozen=True)
class ArmSpec:
    """An arm, and the runs it is compared with.

    Attributes:
        dataset: Its dataset.
        split: Its split protocol.
        setup: Values of the settings without a control that differ between runs.
        layers: Its number of layers.
        parts: Settings of C, N and A.
        clusters: Its number of clusters, if the slot has them.
    """

    dataset: str
    split: str
    setup: Setup
    layers: int
    parts: Parts
    clusters: int


@dataclass(frozen=True)
class ArmChoices:
    """The values that runs offer for the fields of :class:`ArmSpec`, in order; each at least one."""

    datasets: tuple[str, ...]
    splits: tuple[str, ...]
    setups: tuple[Setup, ...]
    layers: tuple[int, ...]
    parts: dict[str, tuple[str, ...]]
    clusters: tuple[int, ...]


def first_arm(records: Sequence[Record]) -> ArmSpec:
    """Return the default arm: CNA at the depth with most arms, else the first arm with switches."""
    found = _switched(records)
    if not found:
        raise UsageError(
            f"none of these {len(records)} runs has the slot none, relu, cna or parts of it: make some with "
            "`cna-viz sweep lesson`"
        )
    arms: dict[int, set[Parts]] = {}
    for record, parts in found:
        arms.setdefault(record.layers, set()).add(parts)
    richest = max(arms, key=lambda layers: (len(arms[layers]), layers))
    start = min(found, key=lambda one: (one[0].layers != richest, one[0].config.slot != "cna"))
    return clamp_to_runs(_spec_of(*start, ()), records)


def arm_choices(records: Sequence[Record], spec: ArmSpec) -> ArmChoices:
    """Return the choices at an arm."""
    switched = [record for record, _ in _switched(records)]
    on_split = [record for record in records if _place(record) == (spec.dataset, spec.split)]
    members = _switched([record for record in on_split if belongs(record, spec.setup)])
    clusters = sorted({record.config.model.clusters for record, _ in members if _has_count(record)})
    return ArmChoices(
        datasets=tuple(dict.fromkeys(_place(record)[0] for record in switched)),
        splits=tuple(dict.fromkeys(_place(record)[1] for record in switched if _place(record)[0] == spec.dataset)),
        setups=tuple(one for one in setups(on_split) if any(belongs(record, one) for record, _ in _switched(on_split))),
        layers=tuple(sorted({record.layers for record, _ in members})),
        parts={
            switch: tuple(value for value in words if any(getattr(parts, switch) == value for _, parts in members))
            for switch, words in PART_WORDS.items()
        },
        clusters=tuple(clusters) or (0,),
    )


def clamp_to_runs(spec: ArmSpec, records: Sequence[Record]) -> ArmSpec:
    """Return the arm with every value that the runs do not offer replaced by the nearest, or the first, offered one."""
    for name, offers in (("dataset", "datasets"), ("split", "splits"), ("setup", "setups")):
        offered: Sequence[Any] = getattr(arm_choices(records, spec), offers)
        spec = replace(spec, **{name: first_unless(getattr(spec, name), offered)})
    choices = arm_choices(records, spec)
    return replace(
        spec,
        layers=_nearest(spec.layers, choices.layers),
        parts=Parts(**{switch: first_unless(getattr(spec.parts, switch), choices.parts[switch]) for switch in STEPS}),
        clusters=_nearest(spec.clusters, choices.clusters),
    )


def comparable_runs(records: Sequence[Record], spec: ArmSpec) -> list[Record]:
    """Return the runs with the dataset, split protocol and setup of an arm."""
    place = (spec.dataset, spec.split)
    return [record for record in records if _place(record) == place and belongs(record, spec.setup)]


def arm_runs(records: Sequence[Record], spec: ArmSpec) -> list[Record]:
    """Return the runs of an arm; none if it was not trained."""
    return [record for record in comparable_runs(records, spec) if _is_of(record, spec)]


def nearest_arm(records: Sequence[Record], spec: ArmSpec) -> ArmSpec:
    """Return the nearest arm with runs: fewest differing controls, then least difference in depth and clusters."""
    members = _switched(comparable_runs(records, spec))
    found = [_spec_of(record, parts, spec.setup, spec.clusters) for record, parts in members]
    return min(found, key=lambda other: _distance(spec, other))


def setups(records: Sequence[Record]) -> list[Setup]:
    """Return the setups of runs on one dataset and split protocol, in order of their first runs.

    A run in which a setting has no effect, such as the learning rate of rationals beside ReLU, belongs to every setup
    that agrees with it otherwise, and makes no setup.
    """
    values = [further_settings(record) for record in records]
    names = sorted({name for one in values for name in one})
    differ = [name for name in names if len({one[name] for one in values if name in one}) > 1]
    found = list(dict.fromkeys(tuple((name, one[name]) for name in differ if name in one) for one in values))
    return [one for one in found if not any(set(one) < set(other) for other in found)]


def belongs(record: Record, setup: Setup) -> bool:
    """Whether every setting with an effect in a run has the value of the setup."""
    own = further_settings(record)
    return all(own.get(name, value) == value for name, value in setup)


def setup_words(setup: Setup) -> str:
    """Return a setup in words: ``hidden 12, lr 0.01``."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in setup) or "the same for all"


def further_settings(record: Record) -> Mapping[str, object]:
    """Return the settings with an effect in a run and without a control on the board."""
    own = {name: value for name, value in active_settings(record.config).items() if name not in SWITCHED}
    factors = record.config.model.factors
    if not factors:
        return own
    has_effect = {
        "sharing": factors["assignment"] == "random" or factors["activation"] == "rational",
        "metric": factors["assignment"] == "kmeans",
        "schedule": factors["assignment"] == "kmeans",
    }
    return own | {name: factors[name] for name in FURTHER if has_effect[name]}


def _switched(records: Sequence[Record]) -> list[tuple[Record, Parts]]:
    """Return the runs whose slots have switches, with their settings."""
    return [(record, parts) for record in records if (parts := parts_of(record.config)) is not None]


def _spec_of(record: Record, parts: Parts, setup: Setup, clusters: int = 0) -> ArmSpec:
    number = record.config.model.clusters if _has_count(record) else clusters
    return ArmSpec(*_place(record), setup, record.layers, parts, number)


def _is_of(record: Record, spec: ArmSpec) -> bool:
    same = record.layers == spec.layers and parts_of(record.config) == spec.parts
    return same and (not _has_count(record) or record.config.model.clusters == spec.clusters)


def _has_count(record: Record) -> bool:
    return "clusters" not in inactive(record.config)


def _place(record: Record) -> tuple[str, str]:
    """Return dataset and split protocol."""
    return str(record.config.facts["dataset"]), str(record.config.facts["split"])


def _nearest(value: int, offered: Sequence[int]) -> int:
    return min(offered, key=lambda other: (abs(other - value), other))


def _distance(one: ArmSpec, other: ArmSpec) -> tuple[int, float]:
    numbers = ((one.layers, other.layers), (one.clusters, other.clusters))
    differing = len(one.parts.differing(other.parts)) + sum(own != its for own, its in numbers)
    return differing, sum(max(own, its) / max(1, min(own, its)) for own, its in numbers)
