"""Which watched runs repeat one arm, and what the others are called."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from cna_viz.config import WatchedConfig
from cna_viz.records.record import Record

Runs: TypeAlias = Mapping[str, Record]
"""Watched runs by their id, the earliest first."""


def told_apart(records: Sequence[Record]) -> list[Record]:
    """Return the records; watched runs of one name that don't repeat each other get names of their own.

    Watched runs repeat an arm only if they share name, data, depth, model and program, and have different stated seeds
    or splits; of one seed and split the latest counts. Others are arms of their own, named by their data where it
    differs and by their start, such as ``mine, 03:11:22``, or by the beginning of their id in records that don't state
    it. So is a network with the name of a slot beside runs of that slot.
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
    watched = {record.id: record for record in records if record.config.watched is not None}
    data = _data_words(watched)
    groups: dict[tuple[str, int], dict[str, Record]] = {}
    for run, record in watched.items():
        groups.setdefault((data[run], record.layers), {})[run] = record
    slots = {record.config.slot for record in records if record.config.watched is None}
    found = {run: name for run, name in data.items() if name != watched[run].config.slot}
    for (name, _), members in groups.items():
        arms = list(_arms(dict(sorted(members.items(), key=lambda item: _of(item[1]).started))))
        repeated = [arm for arm in arms if len(arm) > 1]
        if name not in slots and len(repeated) < 2:
            arms = [arm for arm in arms if arm not in repeated]  # the name is that of the repeated arm
        if len(arms) > 1 or (arms and (repeated or name in slots)):
            words = _distinct({arm[0]: _of(members[arm[0]]).started for arm in arms})
            found |= {run: f"{name}, {word}" for arm, word in zip(arms, words, strict=True) for run in arm}
    return found


def _of(record: Record) -> WatchedConfig:
    assert record.config.watched is not None, f"run {record.id} was not watched"
    return record.config.watched


def _data_words(watched: Runs) -> dict[str, str]:
    """Return the name of every run, with its data where runs of this name have different data."""
    data: dict[str, set[tuple[str, str | None]]] = {}
    for record in watched.values():
        data.setdefault(_of(record).name, set()).add((_of(record).dataset, record.content))
    words = {}
    for run, record in watched.items():
        name, dataset, content = _of(record).name, _of(record).dataset, record.content
        alike = sum(other == dataset for other, _ in data[name])
        where = dataset if alike == 1 else f"{dataset} ({(content or 'unknown content')[:8]})"
        words[run] = name if len(data[name]) == 1 else f"{name}, {where}"
    return words


def _arms(runs: Runs) -> Iterator[list[str]]:
    """Yield the runs of each arm."""
    programs: dict[tuple[str, str], dict[tuple[int, str], str]] = {}
    for run, record in runs.items():
        one = _of(record)
        same, repetition = programs.setdefault((one.model, one.program), {}), (record.config.seed, one.split)
        if not one.seeded:
            yield [run]
            continue
        if repetition in same:
            yield [same[repetition]]  # an earlier one
        same[repetition] = run
    yield from (list(same.values()) for same in programs.values() if same)


def _distinct(starts: Mapping[str, str]) -> list[str]:
    """Return a different word for every run: the time of day, with date and milliseconds if needed, or its id."""
    begin = 0 if len({start[:10] for start in starts.values() if start}) > 1 else 11
    for end, digits in ((19, 4), (23, 4), *((begin, digits) for digits in range(4, 17))):
        words = [start[begin:end].replace("T", " ") or run[:digits] for run, start in starts.items()]
        if len({*words}) == len(words):
            break
    return words
