"""The cost of a score in parameters: a row per network, and which of them no other beats in both.

The front is that of the mean *validation* score. A front of test scores would select on the test nodes: of many
networks one is always lucky there.
"""

from collections.abc import Collection, Sequence
from functools import partial

import numpy as np
import pandas as pd

from cna_viz.analysis.statistics.intervals import confidence_interval, interval_table
from cna_viz.analysis.tables.comparison import arms_of, drop_duplicates, require_one_protocol
from cna_viz.analysis.tables.sensitivity import setting_values
from cna_viz.analysis.tables.tables import accuracy_table
from cna_viz.config.vocabulary import LOWER_IS_BETTER, SplitName
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.scores import bounds


def cost_table(
    records: Sequence[Record], along: Collection[str] = ("hidden",), split: SplitName = "test"
) -> pd.DataFrame:
    """Return a row per network, over its seeds: its size, its scores, and whether it is on the front.

    Args:
        records: Runs on one dataset and one split protocol; one given twice, or recorded in two ways, counts once.
        along: Numeric settings that change the size of a network but not its arm.
        split: train, val or test; the score shown.

    Returns:
        Networks in the order of their first runs, with

        - ``arm``: what differs, except the settings along a line;
        - a column for each of these, NaN where it has no effect;
        - ``parameters``: learned numbers, mean over seeds (they differ only where the graph decides how many clusters
          there are);
        - ``val``: mean validation score;
        - ``mean``, ``low``, ``high``, ``count``: of the score shown, with the 95 % interval over seeds;
        - ``front``: whether no other network has as few parameters and as good a validation score, one of them better.

        The attribute ``left_out`` has the number of runs of networks that are missing here, because one of their runs
        has no score or no number of parameters.
    """
    if not records:
        raise UsageError("no records with scores and numbers of parameters: make some with `cna-viz run`")
    records = drop_duplicates(records)
    require_one_protocol(records, "networks on different {name}s have no common front")
    rows = _rows(records, along, split)
    lacking = rows[["parameters", "val", "shown"]].isna().any(axis=1)
    usable = ~rows["network"].isin(rows.loc[lacking, "network"])
    if not usable.any():
        raise UsageError(f"none of these {len(records)} runs has both a score and a number of parameters to draw")
    kept, metric = rows[usable], records[0].metric
    interval = partial(confidence_interval, bounds=bounds(metric))
    table = interval_table(kept, "shown", ["network"], interval).set_index("network")
    networks = kept.groupby("network", sort=False)
    found = networks[["arm", *along]].first().join(networks[["parameters", "val"]].mean()).join(table)
    found["front"] = pareto_front(found["parameters"], found["val"], metric)
    found = found.reset_index(drop=True)
    found.attrs |= {"metric": metric, "left_out": int((~usable).sum())}
    return found


def pareto_front(parameters: "pd.Series[float]", score: "pd.Series[float]", metric: str) -> list[bool]:
    """Return for each network whether no other is as small and as good, and smaller or better.

    Networks that are equal in both are all on the front.
    """
    size = parameters.to_numpy(dtype=float)
    good = (-1.0 if metric in LOWER_IS_BETTER else 1.0) * score.to_numpy(dtype=float)
    return [
        not bool(np.any((size <= own) & (good >= best) & ((size < own) | (good > best))))
        for own, best in zip(size, good, strict=True)
    ]


def _rows(records: Sequence[Record], along: Collection[str], split: SplitName) -> pd.DataFrame:
    configs = [record.config for record in records]
    values = {name: setting_values(configs, name) for name in along}
    return accuracy_table(records).assign(
        arm=arms_of(records, ignore=set(along)),
        network=arms_of(records),
        shown=[record.score(split) for record in records],
        parameters=[record.summary.get("parameters") or np.nan for record in records],
        **values,
    )
