"""Which watched runs repeat one arm, and what the others are called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from cna_viz.config import WatchedConfig
from cna_viz.records.record import Record

Runs: TypeAlias = Mapping[str, tuple[WatchedConfig, int]]
"""Watched networks and their seeds by the id of their run, the earliest first."""


def told_apart(records: Sequence[Record]) -> list[Record]:
    """Return the records; watched runs of one name that don't repeat each other get names of their own.

    Watched runs repeat an arm only if they share name, dataset, depth, model and program, and have different stated
    seeds. Others are arms of their own, named by their start, such as ``mine, 03:11:22``, or by the beginning of their
    id in records that don't state it. So is a network with the name of a slot beside runs of that slot.
    """
    names = _names(records)
    return [
        replace(record, config=record.config.replace(watched=watched.replace(name=names[record.id])))
        if (watched := record.config.watched) is not None and record.id in names
        else record
        for record in records
    ]


def _names(records: Sequence[Record]) -> dict[str, str]:
    """Return the new names by id."""
    groups: dict[tuple[str, str, int], dict[str, tuple[WatchedConfig, int]]] = {}
    for record in records:
        if (one := record.config.watched) is not None:
            groups.setdefault((one.name, one.dataset, one.layers), {})[record.id] = one, record.config.seed
    slots = {record.config.slot for record in records if record.config.watched is None}
    found: dict[str, str] = {}
    for (name, *_), members in groups.items():
        runs = dict(sorted(members.items(), key=lambda item: item[1][0].started))
        arms = list(_arms(runs))
        if len(arms) > 1 or name in slots:
            words = _distinct({arm[0]: runs[arm[0]][0].started for arm in arms})
            found |= {run: f"{name}, {word}" for arm, word in zip(arms, words, strict=True) for run in arm}
    return found


def _arms(runs: Runs) -> Iterator[list[str]]:
    """Yield the runs of each arm."""
    programs: dict[tuple[str, str], list[str]] = {}
    for run, (one, _) in runs.items():
        programs.setdefault((one.model, one.program), []).append(run)
    for same in programs.values():
        seeds = {seed for one, seed in map(runs.__getitem__, same) if one.seeded}
        yield from [same] if len(seeds) == len(same) else ([run] for run in same)


def _distinct(starts: Mapping[str, str]) -> list[str]:
    """Return a different word for every run: the time of day, with date and milliseconds if needed, or its id."""
    begin = 0 if len({start[:10] for start in starts.values() if start}) > 1 else 11
    for end, digits in ((19, 4), (23, 4), *((begin, digits) for digits in range(4, 17))):
        words = [start[begin:end].replace("T", " ") or run[:digits] for run, start in starts.items()]
        if len({*words}) == len(words):
            break
    return words
