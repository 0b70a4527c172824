"""Arms compared in pairs of the same split and seed."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import Final

import pandas as pd

from cna_viz.analysis.tables.watched_arms import told_apart
from cna_viz.analysis.words import counted
from cna_viz.config import RESULTS_VERSION, RunConfig
from cna_viz.config.arms import active_settings, differing
from cna_viz.config.fields import field_value, settings
from cna_viz.config.tuning import Tuning
from cna_viz.config.vocabulary import FACTORS, SplitName
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import WORDS

PAIR: Final = ["split_seed", "seed"]
"""Two runs are a pair when they share the split, and the seed of everything else."""
PROTOCOL: Final = ("dataset", "split")
"""Settings in which the arms of a comparison must not differ."""


def paired_table(records: Sequence[Record], split: SplitName = "test", tuning: Tuning | None = None) -> pd.DataFrame:
    """Return scores with a row per pair (split seed, seed) and a column per arm.

    Several seeds on each of several splits are no independent pairs: what a split does to an arm is in all of its
    seeds. Their scores are averaged, and a pair is then a split. On a single split the seeds are the pairs, and what
    they show holds for that split.

    The name of an arm has all settings that differ between the runs, except seeds and recording, such as
    ``cna, clusters 4``.

    Args:
        records: Runs on one dataset and one split protocol.
        split: train, val or test, whose score is compared.
        tuning: How the arms were tuned; they are then named by their settings before.

    Returns:
        The score of the dataset, for instance an accuracy from 0 to 1; NaN for a run that diverged before it had one.
        Of the table's attributes (``table.attrs``) ``protocol`` has what all runs share, ``pairs`` what a pair is,
        ``metric`` the score, and ``items``, where it is an accuracy, the number of nodes or graphs that it is of.

    Raises:
        UsageError: When runs have different datasets, split protocols or results versions, an arm lacks pairs that
            others have, or there are no runs.
    """
    if not records:
        raise UsageError("no runs to compare")
    check_protocol(records)
    versions = sorted({record.environment.get("results_version", RESULTS_VERSION) for record in records})
    if len(versions) > 1:
        raise UsageError(
            f"runs have different results versions: {' and '.join(map(str, versions))}; under each the same config "
            "gives other numbers: train the older ones again, or leave them out"
        )
    rows = [(record.config.split_seed, record.config.seed, record.score(split)) for record in records]
    long = pd.DataFrame(rows, columns=[*PAIR, "value"]).assign(arm=arms_of(records, tuning))
    # The same run recorded in two ways, or by two numbers of threads, is one pair.
    long = long.drop_duplicates(["arm", *PAIR])
    table = long.pivot(index=PAIR, columns="arm", values="value")[list(dict.fromkeys(long["arm"]))]
    _check_complete(table, long)
    table, pairs = _independent(table, records)
    first = records[0]
    table.attrs |= {
        "protocol": f"{first.config.data.dataset}, split {first.config.data.split}, {pairs}; {split} "
        f"{WORDS[first.metric]} at the best validation epoch of at most {first.config.training.epochs}",
        "pairs": pairs,
        "metric": first.metric,
        "items": min(record.summary.get("split_sizes", {}).get(split, 0) for record in records)
        if first.metric == "accuracy"
        else 0,
    }
    return table


def drop_duplicates(records: Sequence[Record], prefer: Callable[[Record], bool] = lambda record: True) -> list[Record]:
    """Return every run once, whatever was recorded of it, in the order of the first recordings.

    Of several recordings, the first for which ``prefer`` is true is kept, or else the first.
    """
    found: dict[str, list[Record]] = {}
    for record in records:
        found.setdefault(record.config.replace(recording=RunConfig().recording).run_id, []).append(record)
    return [next(filter(prefer, recordings), recordings[0]) for recordings in found.values()]


def arm_names(
    configs: Sequence[RunConfig], tuning: Tuning | None = None, ignore: Collection[str] = ()
) -> dict[str, str]:
    """Return the name of the arm of every run, by run id: the values of what differs, the slot first.

    Args:
        configs: The runs.
        tuning: How their arms were tuned. Tuned settings are no part of a name; an arm that is there both tuned and
            untuned is called ``cna, tuned`` and ``cna``.
        ignore: Settings that are no part of a name, because they are on an axis or held fixed.
    """
    found = [None if tuning is None else tuning.of(config) for config in configs]
    before = [config if tuned is None else tuned.before() for config, tuned in zip(configs, found, strict=True)]
    differ = sorted((name for name in differing(before) if name not in ignore), key=lambda name: name != "slot")
    names = [_name(active_settings(one), differ) or config.slot for one, config in zip(before, configs, strict=True)]
    untuned = {name for name, tuned in zip(names, found, strict=True) if tuned is None}
    return {
        config.run_id: f"{name}, tuned" if tuned is not None and name in untuned else name
        for config, name, tuned in zip(configs, names, found, strict=True)
    }


def arms_of(records: Sequence[Record], tuning: Tuning | None = None, ignore: Collection[str] = ()) -> list[str]:
    """Return the name of the arm of every run, in their order; arguments as in :func:`arm_names`."""
    configs = [record.config for record in told_apart(records)]
    names = arm_names(configs, tuning, ignore)
    return [names[config.run_id] for config in configs]


def split_number(record: Record) -> int:
    """Return the number of the split that a run was on: published ones repeat, and some protocols have a single one."""
    return int(record.summary.get("split_seed", record.config.split_seed))


def without_diverged(table: pd.DataFrame) -> pd.DataFrame:
    """Return the arms of a paired table that have a score for every pair.

    The attribute ``left_out`` has the numbers of runs without a score of the others by name.
    """
    missing = table.isna().sum()
    kept = table.loc[:, missing == 0]
    kept.attrs |= {**table.attrs, "left_out": {str(arm): int(count) for arm, count in missing.items() if count}}
    return kept


def training_settings(records: Sequence[Record], ignore: Collection[str] = ()) -> str:
    """Report whether all arms were trained with the same settings, and which.

    Args:
        records: The runs.
        ignore: Settings that are compared, besides the slot and its factors.
    """
    if not records:
        return "no runs: nothing is known of their settings"
    if any(record.config.watched is not None for record in records):
        return "some arms are watched networks: the settings of their training are unknown"
    values = [active_settings(record.config) for record in records]
    compared = {"slot", "clusters", *FACTORS, *ignore}
    names = [name for name, setting in settings().items() if setting.path[0] in {"training", "model"}]
    names = [name for name in names if name not in compared]
    differ = [name for name in differing([record.config for record in records]) if name in names]
    if differ:
        words = ", ".join(differ).replace("_", " ")
        return f"the arms also differ in {words}: a difference between them need not be one of slots"
    shown = [name for name in ("lr", "weight_decay", "hidden", "epochs") if name in names and name in values[0]]
    shared = ", ".join(f"{name.replace('_', ' ')} {values[0][name]}" for name in shown)
    shared += " at most" if "epochs" in shown else ""
    return f"all arms were trained with the same settings{f' ({shared})' if shown else ''}; none was tuned individually"


def check_protocol(records: Sequence[Record]) -> None:
    """Refuse runs that are not on one dataset and split protocol; raises :class:`~cna_viz.errors.UsageError`."""
    refuse_watched(records)
    require_one_protocol(
        records,
        "arms with different {name}s are not compared",
        "a difference would show the {name}, not the arm. Compare within each of them",
    )


def refuse_watched(records: Sequence[Record]) -> None:
    """Refuse watched runs, of which nobody knows in what else they differ."""
    if any(record.config.watched is not None for record in records):
        raise UsageError("watched runs can't be compared in pairs: their splits and seeds are unknown")


def common_metric(records: Sequence[Record]) -> str:
    """Return the metric of the records; refuses none, and several."""
    if not records:
        raise UsageError("no runs to report on: make some with `cna-viz run`")
    metrics = sorted({record.metric for record in records})
    if len(metrics) > 1:
        raise UsageError(f"these runs have several scores ({', '.join(metrics)}): report on each separately")
    return metrics[0]


def require_one_protocol(records: Sequence[Record], problem: str, advice: str = "draw each separately") -> None:
    """Refuse runs of several datasets, split protocols or contents of a dataset, naming two of them.

    ``{name}`` in ``problem`` and ``advice``, the beginning and the end of the message, stands for dataset or split.
    Runs on csbm graphs have the parameters of their graph in their config, and may have a graph each.
    """
    values = {name: [str(record.config.facts[name]) for record in records] for name in PROTOCOL}
    contents = [record.content for record in records if record.config.data.csbm is None]
    values["content"] = [content[:12] for content in contents if content is not None]
    for name, words in values.items():
        found = sorted(set(words))
        if len(found) > 1:
            raise UsageError(f"{problem.format(name=name)}: {found[0]} and {found[1]}; {advice.format(name=name)}")


def group_runs(records: Sequence[Record], names: Sequence[str] = ()) -> dict[str, list[Record]]:
    """Return the runs in groups that can be compared, by a name that has what they share.

    Args:
        records: The runs.
        names: Settings that a group shares, such as ``layers``, besides dataset and split protocol.
    """
    for name in names:
        if name not in settings():
            raise unknown_name("setting", name, settings())
    groups: dict[str, list[Record]] = {}
    for record in records:
        shared = [str(field_value(record.config, name)) for name in PROTOCOL]
        shared += [f"{name} {field_value(record.config, name)}" for name in names if name not in PROTOCOL]
        groups.setdefault(", ".join(shared), []).append(record)
    return groups


def short_names(groups: Iterable[str]) -> dict[str, str]:
    """Return short names of the groups of :func:`group_runs`, without what all share.

    Where the first of what is left tells them all apart, as the dataset does, the rest is left out, too.
    """
    parts = {group: group.replace("_", " ").split(", ") for group in groups}
    shared = set.intersection(*map(set, parts.values())) if len(parts) > 1 else set()
    own = {group: [part for part in words if part not in shared] or [group] for group, words in parts.items()}
    if len({words[0] for words in own.values()}) == len(own) > 1:
        return {group: words[0] for group, words in own.items()}
    return {group: ", ".join(words) for group, words in own.items()}


def _name(values: Mapping[str, object], differ: Sequence[str]) -> str:
    present = [name for name in differ if name in values]
    return ", ".join(str(values[name]) if name == "slot" else f"{name} {values[name]}" for name in present)


def _independent(table: pd.DataFrame, records: Sequence[Record]) -> tuple[pd.DataFrame, str]:
    """Return pairs that share nothing, with seeds averaged within their split, and in words what a pair is."""
    number = {(record.config.split_seed, record.config.seed): split_number(record) for record in records}
    splits = pd.Series([number[pair] for pair in table.index], index=table.index)
    sizes = splits.value_counts()
    if len(table) == len(sizes):
        return table, f"{counted(len(table), 'pair')} of the same split and seed"
    if len(sizes) == 1:
        return table, f"{counted(len(table), 'pair')} of the same seed, all on one split"
    seeds = " to ".join(map(str, sorted({int(sizes.min()), int(sizes.max())})))
    first = splits[~splits.duplicated()]
    means = [table[splits == split].mean(skipna=False) for split in first]
    return pd.DataFrame(means, index=first.index), f"{len(sizes)} splits, each the mean of {seeds} seeds"


def _check_complete(table: pd.DataFrame, long: pd.DataFrame) -> None:
    present = set(zip(long["arm"], long["split_seed"], long["seed"], strict=True))
    missing = [(arm, *pair) for arm in table.columns for pair in table.index if (arm, *pair) not in present]
    if missing:
        arm, split_seed, seed = missing[0]
        raise UsageError(
            f"runs missing: {len(missing)}, the first is {arm} with seed {seed} (split seed {split_seed}); start the "
            "sweep again, it trains what is missing"
        )
