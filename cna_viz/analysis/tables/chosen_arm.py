"""One arm among others of its depth: scores, and pairs with a second one."""

from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.intervals import all_or_none, confidence_interval
from cna_viz.analysis.tables.comparison import arms_of, check_protocol, drop_duplicates, paired_table
from cna_viz.config.vocabulary import LOWER_IS_BETTER, SPLITS, SplitName
from cna_viz.errors import UsageError, unknown_name
from cna_viz.records.record import Record
from cna_viz.scores import bounds


def arms_by_depth(records: Sequence[Record]) -> dict[int, dict[str, list[Record]]]:
    """Return the runs by number of layers and name of their arm, depths ascending; refuses several split protocols.

    An arm has one name at all depths. A run recorded in two ways counts once.
    """
    runs = drop_duplicates(records)
    check_protocol(runs)
    found: dict[int, dict[str, list[Record]]] = {layers: {} for layers in sorted({record.layers for record in runs})}
    for record, arm in zip(runs, arms_of(runs, ignore={"layers"}), strict=True):
        found[record.layers].setdefault(arm, []).append(record)
    return found


def score_table(arms: Mapping[str, Sequence[Record]], split: SplitName = "test") -> pd.DataFrame:
    """Return a row per arm with its mean score and the Student-t interval over its seeds, the best first.

    Columns are ``arm``, ``mean``, ``low``, ``high``, ``count``, ``runs`` and ``values``, the scores of its runs. An arm
    with a run that diverged comes last, without a mean and with ``count`` 0.
    """
    if split not in SPLITS:
        raise unknown_name("split", split, SPLITS)
    if not arms:
        raise UsageError("no runs to compare")
    metric = next(iter(arms.values()))[0].metric
    rows = []
    for arm, runs in arms.items():
        values = pd.Series([record.score(split) for record in runs], dtype=float)
        interval = confidence_interval(all_or_none(values), bounds=bounds(metric))
        rows.append({"arm": arm, **vars(interval), "runs": len(runs), "values": values.tolist()})
    return pd.DataFrame(rows).sort_values("mean", ascending=metric in LOWER_IS_BETTER, kind="stable", ignore_index=True)


def pairs_of(arms: Mapping[str, Sequence[Record]], names: Collection[str], split: SplitName = "test") -> pd.DataFrame:
    """Return the scores of some arms in the pairs of split and seed that all of them have.

    It is the table of :func:`.comparison.paired_table` with the names of ``arms`` as columns; without rows and
    attributes where the arms share no pair.
    """
    for name in names:
        if name not in arms:
            raise unknown_name("arm", name, arms)
    shared = set.intersection(*({_pair(record) for record in arms[name]} for name in names))
    if not shared:
        return pd.DataFrame(columns=list(names), dtype=float)
    chosen = {name: [record for record in arms[name] if _pair(record) in shared] for name in names}
    everything = [record for runs in chosen.values() for record in runs]
    table = paired_table(everything, split)
    # Fewer arms differ in less, so their names are shorter there.
    called = dict(zip(arms_of(everything), (name for name in names for _ in chosen[name]), strict=True))
    renamed = table.rename(columns=called)[list(names)]
    renamed.attrs |= table.attrs
    return renamed


def finite_pairs(table: pd.DataFrame) -> bool:
    """Whether no run of these pairs diverged."""
    return bool(np.isfinite(table.to_numpy(dtype=float)).all())


def scores_by_depth(
    depths: Mapping[int, Mapping[str, Sequence[Record]]], arm: str, split: SplitName = "test"
) -> pd.DataFrame:
    """Return ``layers``, ``mean``, ``low``, ``high`` and ``count`` of an arm at every depth that has it.

    ``depths`` is as :func:`arms_by_depth` returns it; a mean is NaN where a run diverged.
    """
    tables = [
        score_table({arm: arms[arm]}, split).assign(layers=layers) for layers, arms in depths.items() if arm in arms
    ]
    columns = ["layers", "mean", "low", "high", "count"]
    return pd.concat(tables, ignore_index=True)[columns] if tables else pd.DataFrame(columns=columns)


def _pair(record: Record) -> tuple[int, int]:
    return record.config.split_seed, record.config.seed
