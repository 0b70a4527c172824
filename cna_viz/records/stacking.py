"""Several runs as one dataset."""

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.selection import load

if TYPE_CHECKING:
    import xarray as xr


def stack(records: Iterable[Record | str], runs: Path | str = "runs") -> "xr.Dataset":
    """Return the metrics of several runs along a new first dimension ``run``, in the order given.

    The other coordinates are the union of those of the runs: all epochs, layers 1 to the deepest. Where a run has
    nothing its values are NaN. Beside the ids, ``dataset``, ``split_protocol``, ``backbone``, ``slot``, ``layers`` and
    ``seed`` lie along ``run`` (``split`` is the dimension of train, val and test).

        >>> stack(select(slot="cna"))["accuracy"].sel(split="test").groupby("layers").max()

    Args:
        records: Records, or ids or their beginnings.
        runs: Folder of the records, for ids.

    Raises:
        UsageError: When there are none, or one is there twice.
    """
    import pandas as pd
    import xarray as xr

    opened = [record if isinstance(record, Record) else load(record, runs) for record in records]
    ids = [record.id for record in opened]
    if not opened:
        raise UsageError("there are no records to stack")
    for number, run_id in enumerate(ids):
        if run_id in ids[:number]:
            raise UsageError(f"run {run_id} is given twice")
    joined = xr.concat(
        [record.metrics for record in opened],
        dim=pd.Index(ids, name="run"),
        data_vars="all",
        coords="minimal",
        compat="override",
        join="outer",
    )
    facts = [{"split_protocol" if k == "split" else k: v for k, v in record.config.facts.items()} for record in opened]
    return joined.assign_coords({name: ("run", [fact[name] for fact in facts]) for name in facts[0]})
