"""Arrays with names for their dimensions."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import xarray as xr


def labelled(dims: Sequence[str], array: np.ndarray[Any, Any]) -> "xr.Variable":
    """Return an array with names for its dimensions.

    Left to itself xarray asks of every array whether it is one of dask's, and imports ``dask.array`` for that where
    dask is installed: the first look into a record would wait for it. What is named an array of NumPy it takes as it
    is.

    Args:
        dims: A name per dimension.
        array: The numbers, not copied.
    """
    import xarray as xr

    return xr.Variable(tuple(dims), array, fastpath=True)
