"""The lines of ``metrics.jsonl`` as labelled arrays."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cna_viz.config import vocabulary
from cna_viz.config.measures import MEASURES
from cna_viz.errors import RecordError
from cna_viz.records import schema

if TYPE_CHECKING:
    import xarray as xr

Array = np.ndarray[Any, Any]


def metrics_dataset(lines: Sequence[dict[str, Any]], layers: int, path: Path) -> "xr.Dataset":
    """Return loss, scores and measures; dims epoch, split, layer and stage. NaN where nothing was measured.

    Args:
        lines: The decoded lines.
        layers: Number of layers of the run.
        path: The file, for messages.

    Raises:
        RecordError: Naming the line that breaks the contract.
    """
    import xarray as xr

    for number, line in enumerate(lines, start=1):
        schema.check_metrics_line(line, layers, f"{path}, line {number}")
        if number > 1 and line["epoch"] <= lines[number - 2]["epoch"]:
            raise RecordError(f"{path}, line {number}: epoch {line['epoch']} does not come after the one before")
    scores = {name: as_variable(("epoch", "split"), _scores(lines, name)) for name in ("loss", *vocabulary.SCORES)}
    measures = {name: as_variable(("epoch", "layer", "stage"), _measure(lines, name, layers)) for name in MEASURES}
    coordinates = {
        "epoch": np.array([line["epoch"] for line in lines], dtype=np.int64),
        "split": np.array(vocabulary.SPLITS),
        "layer": np.arange(1, layers + 1),
        "stage": np.array(vocabulary.STAGES),
    }
    named = {name: as_variable((name,), values) for name, values in coordinates.items()}
    return xr.Dataset({**scores, **measures}, coords=named)


def _scores(lines: Sequence[dict[str, Any]], name: str) -> Array:
    nothing = dict.fromkeys(vocabulary.SPLITS)
    rows = [[line.get(name, nothing)[part] for part in vocabulary.SPLITS] for line in lines]
    return np.array(rows, dtype=np.float64).reshape(len(lines), len(vocabulary.SPLITS))


def _measure(lines: Sequence[dict[str, Any]], name: str, layers: int) -> Array:
    """Return epoch x layer x stage of a measure, which is stored stage by stage."""
    values = np.full((len(lines), layers, len(vocabulary.STAGES)), np.nan)
    for row, line in zip(values, lines, strict=True):
        stages = line.get("layers", {}).get(name)
        if stages is not None:
            row[:] = np.array([stages[stage] for stage in vocabulary.STAGES], dtype=np.float64).T
    return values


def as_variable(dims: Sequence[str], array: np.ndarray[Any, Any]) -> "xr.Variable":
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
