"""Arms side by side, pair by pair: the only form in which they are compared."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from cna_viz.config import RESULTS_VERSION, RunConfig
from cna_viz.config.arms import active_settings, differing
from cna_viz.config.fields import flat, settings
from cna_viz.config.tuning import Tuning
from cna_viz.config.vocabulary import FACTORS
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import WORDS

PAIR: Final = ["split_seed", "seed"]
"""What makes two runs a pair: the same split, and the same seed for everything else."""
PROTOCOL: Final = ("dataset", "split")
"""Settings in which the arms of a comparison must not differ."""


def paired_table(records: Sequence[Record], value: str = "test", tuning: Tuning | None = None) -> pd.DataFrame:
    """Return scores with a row per pair (split seed, seed) and a column per arm.

    An arm is what differs between the runs apart from seeds and recording, in words such as ``cna, clusters 4``.

    Args:
        records: Runs on one dataset and one split protocol.
        value: Part of the split whose score is compared.
        tuning: How the arms were tuned; they are then named by what they were before.

    Returns:
        The score of the dataset, an accuracy from 0 to 1 for instance; NaN for a run that diverged before it had one.
        Of the table's attributes (``table.attrs``) ``protocol`` says what all runs share, ``metric`` which score it is.

    Raises:
        UsageError: When runs have different datasets, split protocols or results versions, an arm lacks pairs that
            others have, or there are none.
    """
    if not records:
        raise UsageError("there are no runs to compare")
    check_protocol([record.config for record in records])
    _check_results_version(records)
    names = arm_names([record.config for record in records], tuning)
    rows = [
        {
            "arm": names[record.config.run_id],
            "split_seed": record.config.split_seed,
            "seed": record.config.seed,
            "value": record.score(value),
        }
        for record in records
    ]
    # The same run recorded in two ways, or by two numbers of threads, is one pair.
    long = pd.DataFrame(rows).drop_duplicates(["arm", *PAIR])
    table = long.pivot(index=PAIR, columns="arm", values="value")[list(dict.fromkeys(long["arm"]))]
    _check_complete(table, long)
    table.attrs["protocol"] = _protocol(records[0], value, len(table))
    table.attrs["metric"] = records[0].metric
    return table


def once(records: Sequence[Record], prefer: Callable[[Record], bool] = lambda record: True) -> list[Record]:
    """Return every run once: what is recorded of it makes no other run, and no further observation.

    Args:
        records: The runs, in any number of recordings.
        prefer: What a recording should have; of several the first that has it is taken, or else the first.

    Returns:
        The runs in the order of their first recordings.
    """
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.config.replace(recording=RunConfig().recording).run_id, []).append(record)
    return [next(filter(prefer, recordings), recordings[0]) for recordings in found.values()]


def arm_names(
    configs: Sequence[RunConfig], tuning: Tuning | None = None, apart: Collection[str] = ()
) -> dict[str, str]:
    """Return the name of the arm of every run, by run id: the values of what differs, the slot first.

    Args:
        configs: The runs.
        tuning: How their arms were tuned. Settings that were chosen by tuning make no part of a name; an arm that is
            there both tuned and as it was is called ``cna, tuned`` the one time, ``cna`` the other.
        apart: Settings that make no arm, because they are on an axis or held fixed.
    """
    found = [None if tuning is None else tuning.of(config) for config in configs]
    before = [config if tuned is None else tuned.before() for config, tuned in zip(configs, found, strict=True)]
    values = [active_settings(config) for config in before]
    differ = [name for name in differing(before) if name not in apart]
    differ.sort(key=lambda name: name != "slot")
    names = [_name(one, differ) or config.slot for one, config in zip(values, configs, strict=True)]
    untuned = {name for name, tuned in zip(names, found, strict=True) if tuned is None}
    return {
        config.run_id: f"{name}, tuned" if tuned is not None and name in untuned else name
        for config, name, tuned in zip(configs, names, found, strict=True)
    }


def without_diverged(table: pd.DataFrame) -> pd.DataFrame:
    """Return the arms that have an accuracy for every pair.

    Args:
        table: Row per pair, column per arm.

    Returns:
        The table without the others. Its attribute ``left_out`` has the number of runs without an accuracy of each of
        these by name, so that they can be mentioned.
    """
    missing = table.isna().sum()
    kept = table.loc[:, missing == 0]
    kept.attrs |= {**table.attrs, "left_out": {str(arm): int(count) for arm, count in missing.items() if count}}
    return kept


def training_settings(records: Sequence[Record], apart: Collection[str] = ()) -> str:
    """Say whether all arms were trained with the same settings, and which.

    Args:
        records: The runs.
        apart: Settings that are compared, beside the slot and its factors.
    """
    values = [active_settings(record.config) for record in records]
    compared = {"slot", "clusters", *FACTORS, *apart}
    names = [name for name, setting in settings().items() if setting.path[0] in {"training", "model"}]
    names = [name for name in names if name not in compared]
    differ = [name for name in differing([record.config for record in records]) if name in names]
    if differ:
        return f"The arms differ in {', '.join(map(_words, differ))} as well: their settings were chosen arm by arm"
    shown = [name for name in ("lr", "weight_decay", "hidden", "epochs") if name in names and name in values[0]]
    shared = ", ".join(f"{_words(name)} {values[0][name]}" for name in shown)
    return f"All arms were trained with the same settings ({shared} at most); nothing was tuned for any one of them"


def _words(name: str) -> str:
    return name.replace("_", " ")


def _name(values: Mapping[str, object], differ: Sequence[str]) -> str:
    present = [name for name in differ if name in values]
    words = [str(values[name]) if name == "slot" else f"{name} {values[name]}" for name in present]
    return ", ".join(words)


def check_protocol(configs: Sequence[RunConfig]) -> None:
    """Refuse runs that are not on one dataset and split protocol; raises :class:`~cna_viz.errors.UsageError`."""
    if any(config.watched is not None for config in configs):
        raise UsageError("watched runs can't be compared in pairs: nothing is known of their splits and seeds")
    for name in PROTOCOL:
        found = sorted({str(flat(config)[name]) for config in configs})
        if len(found) > 1:
            raise UsageError(
                f"arms with different {name}s are not compared: {found[0]} and {found[1]}; a difference would show "
                f"the {name}, not the arm. Compare within each of them"
            )


def _check_complete(table: pd.DataFrame, long: pd.DataFrame) -> None:
    present = set(zip(long["arm"], long["split_seed"], long["seed"], strict=True))
    missing = [(arm, *pair) for arm in table.columns for pair in table.index if (arm, *pair) not in present]
    if missing:
        arm, split_seed, seed = missing[0]
        raise UsageError(
            f"runs missing: {len(missing)}, the first of them {arm} with seed {seed} (split seed {split_seed}); "
            "start the sweep again, it trains what is missing"
        )


def _check_results_version(records: Sequence[Record]) -> None:
    versions = sorted({record.environment.get("results_version", RESULTS_VERSION) for record in records})
    if len(versions) > 1:
        raise UsageError(
            f"runs have different results versions: {' and '.join(map(str, versions))}; under each the same config "
            "gives other numbers: train the older ones again, or leave them out"
        )


def _protocol(record: Record, value: str, pairs: int) -> str:
    config, training = record.config, record.config.training
    return (
        f"{config.data.dataset}, split {config.data.split}, {pairs} pairs of the same split and seed; {value} "
        f"{WORDS[record.metric]} at the best validation epoch of at most {training.epochs}"
    )


def group_runs(records: Sequence[Record], names: Sequence[str] = ()) -> dict[str, list[Record]]:
    """Return the runs in groups that can be compared: one dataset, one split protocol, one value of further settings.

    Args:
        records: The runs.
        names: Settings that are held fixed within a group, such as ``layers``.

    Returns:
        Groups in the order of their first runs, by a name that says what they share.

    Raises:
        UsageError: For a name that is no setting.
    """
    for name in names:
        if name not in settings():
            raise unknown_name("setting", name, settings())
    groups: dict[str, list[Record]] = {}
    for record in records:
        values = flat(record.config)
        shared = [str(values[name]) for name in PROTOCOL] + [
            f"{name} {values.get(name)}" for name in names if name not in PROTOCOL
        ]
        groups.setdefault(", ".join(shared), []).append(record)
    return groups


def short_names(groups: Iterable[str]) -> dict[str, str]:
    """Return short names of the groups of :func:`group_runs`: what tells them apart and no more.

    What all share is left out, and where the first of what is left tells them all apart, as the dataset does, so is
    the rest.
    """
    parts = {group: group.replace("_", " ").split(", ") for group in groups}
    shared = set.intersection(*map(set, parts.values())) if len(parts) > 1 else set()
    own = {group: [part for part in words if part not in shared] or [group] for group, words in parts.items()}
    first = {group: words[0] for group, words in own.items()}
    return (
        first if len(set(first.values())) == len(own) > 1 else {group: ", ".join(words) for group, words in own.items()}
    )
