"""Datasets as netCDF 3, which everything can read and nothing further is needed for, and what it can't hold."""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cna_viz.errors import UsageError

if TYPE_CHECKING:
    import xarray as xr

LARGEST: Final = 2**31 - 4
"""Most bytes that a variable may have."""


def write_netcdf(dataset: "xr.Dataset", path: Path) -> list[str]:
    """Write a dataset and return what had to be changed for it, as sentences.

    netCDF 3 has no integers of 64 bits, no float16, and no dimension of length 0.

    Raises:
        UsageError: When a variable is too large for the format.
    """
    changed, notes = _without_empty(dataset)
    types: dict[str, list[str]] = {}
    for name, variable in changed.variables.items():
        stored = _storable(variable.to_numpy())
        if stored.nbytes > LARGEST:
            raise UsageError(
                f"{name} takes {stored.nbytes:,} bytes and netCDF 3 holds at most {LARGEST:,}; use --to parquet"
            )
        if stored.dtype != variable.dtype:
            types.setdefault(f"{variable.dtype} becomes {stored.dtype}", []).append(str(name))
            changed = changed.assign({name: (variable.dims, stored, variable.attrs)})
    notes += [f"netCDF 3: {change} in {', '.join(sorted(names))}" for change, names in sorted(types.items())]
    changed.attrs = {name: _storable_attribute(value) for name, value in dataset.attrs.items()}
    changed.to_netcdf(path, engine="scipy", format="NETCDF3_64BIT")
    return notes


def _without_empty(dataset: "xr.Dataset") -> tuple["xr.Dataset", list[str]]:
    empty = [str(name) for name, variable in dataset.variables.items() if 0 in variable.shape]
    return dataset.drop_vars(empty), [f"netCDF 3: left out because empty: {', '.join(sorted(empty))}"] if empty else []


def _storable(array: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if array.dtype == np.float16:
        return array.astype(np.float32)
    if array.dtype == np.int64:
        narrow = array.astype(np.int32)
        return narrow if np.array_equal(narrow, array) else array.astype(np.float64)
    return array


def _storable_attribute(value: Any) -> Any:
    return str(value) if isinstance(value, int) and abs(value) >= 2**31 else value
