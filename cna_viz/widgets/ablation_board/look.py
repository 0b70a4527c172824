"""What the ablation board looks at, and what the runs at hand offer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cna_viz.analysis.tables.slot_parts import PART_WORDS, STEPS, Parts, parts_of
from cna_viz.config.arms import inactive
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.widgets.ablation_board.setups import Setup, belongs, setups


@dataclass(frozen=True)
class Look:
    """An arm, and where it is looked at.

    Attributes:
        dataset: Its dataset.
        split: Its split protocol.
        setup: The values of all settings without a control, as far as they differ between the runs.
        layers: Its number of layers.
        parts: What C, N and A are set to.
        clusters: Its number of clusters, where the slot has them.
    """

    dataset: str
    split: str
    setup: Setup
    layers: int
    parts: Parts
    clusters: int


@dataclass(frozen=True)
class Choices:
    """What the runs at hand offer, in order, by the attributes of :class:`Look`; each at least one.

    Attributes:
        datasets: All datasets.
        splits: Split protocols on the dataset.
        setups: Setups on the dataset under the split protocol.
        layers: Depths in the setup, ascending.
        parts: Values by switch in the setup, in the order of the words for them.
        clusters: Numbers of clusters in the setup, ascending.
    """

    datasets: tuple[str, ...]
    splits: tuple[str, ...]
    setups: tuple[Setup, ...]
    layers: tuple[int, ...]
    parts: dict[str, tuple[str, ...]]
    clusters: tuple[int, ...]


def first_look(records: Sequence[Record]) -> Look:
    """Return what the board shows first: CNA at the depth that has most arms, else the first arm with switches.

    Raises:
        UsageError: When no run has a slot with switches.
    """
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
    return clamped(_look_at(*start, ()), records)


def choices(records: Sequence[Record], look: Look) -> Choices:
    """Return what there is to choose where the look is; see :class:`Choices`."""
    switched = [record for record, _ in _switched(records)]
    on_dataset = [record for record in switched if _dataset(record) == look.dataset]
    on_split = [record for record in records if (_dataset(record), _split(record)) == (look.dataset, look.split)]
    members = _switched([record for record in on_split if belongs(record, look.setup)])
    offered = {
        switch: tuple(value for value in words if any(getattr(parts, switch) == value for _, parts in members))
        for switch, words in PART_WORDS.items()
    }
    clusters = sorted({record.config.model.clusters for record, _ in members if has_count(record)})
    return Choices(
        datasets=_distinct(map(_dataset, switched)),
        splits=_distinct(map(_split, on_dataset)),
        setups=tuple(one for one in setups(on_split) if any(belongs(record, one) for record, _ in _switched(on_split))),
        layers=tuple(sorted({record.layers for record, _ in members})),
        parts=offered,
        clusters=tuple(clusters) or (0,),
    )


def clamped(look: Look, records: Sequence[Record]) -> Look:
    """Return the look with what the runs do not offer exchanged by the nearest, or the first, that they do."""
    offered = choices(records, look)
    look = replace(look, dataset=_kept(look.dataset, offered.datasets))
    look = replace(look, split=_kept(look.split, choices(records, look).splits))
    look = replace(look, setup=_kept(look.setup, choices(records, look).setups))
    offered = choices(records, look)
    parts = {switch: _kept(getattr(look.parts, switch), offered.parts[switch]) for switch in STEPS}
    return replace(
        look,
        layers=nearest(look.layers, offered.layers),
        parts=Parts(**parts),
        clusters=nearest(look.clusters, offered.clusters),
    )


def at_hand(records: Sequence[Record], look: Look) -> list[Record]:
    """Return the runs that arms are made of: those on the dataset, under the split protocol, in the setup."""
    return [
        record
        for record in records
        if (_dataset(record), _split(record)) == (look.dataset, look.split) and belongs(record, look.setup)
    ]


def shown(records: Sequence[Record], look: Look) -> list[Record]:
    """Return the runs of the arm that is looked at; none where it was not trained."""
    return [record for record in at_hand(records, look) if _is_looked_at(record, look)]


def nearest_look(records: Sequence[Record], look: Look) -> Look:
    """Return the nearest look that has runs: fewest controls apart, then least far in depth and clusters."""
    found = [_look_at(record, parts, look.setup, look.clusters) for record, parts in _switched(at_hand(records, look))]
    return min(found, key=lambda other: _distance(look, other))


def has_count(record: Record) -> bool:
    """Whether the number of clusters has an effect in a run."""
    return "clusters" not in inactive(record.config)


def nearest(value: int, offered: Sequence[int]) -> int:
    """Return the number offered that is nearest."""
    return min(offered, key=lambda other: (abs(other - value), other))


def _switched(records: Sequence[Record]) -> list[tuple[Record, Parts]]:
    """Return the runs whose slots have switches, with what these are set to."""
    return [(record, parts) for record in records if (parts := parts_of(record.config)) is not None]


def _look_at(record: Record, parts: Parts, setup: Setup, clusters: int = 0) -> Look:
    number = record.config.model.clusters if has_count(record) else clusters
    return Look(_dataset(record), _split(record), setup, record.layers, parts, number)


def _is_looked_at(record: Record, look: Look) -> bool:
    same = record.layers == look.layers and parts_of(record.config) == look.parts
    return same and (not has_count(record) or record.config.model.clusters == look.clusters)


def _distance(one: Look, other: Look) -> tuple[int, float]:
    numbers = ((one.layers, other.layers), (one.clusters, other.clusters))
    apart = len(one.parts.differing(other.parts)) + sum(own != its for own, its in numbers)
    return apart, sum(max(own, its) / max(1, min(own, its)) for own, its in numbers)


def _dataset(record: Record) -> str:
    return str(record.config.facts["dataset"])


def _split(record: Record) -> str:
    return str(record.config.facts["split"])


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))


def _kept(value: Any, offered: Sequence[Any]) -> Any:
    return value if value in offered else offered[0]
