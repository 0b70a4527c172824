"""Splits of the user's own, for any graph: a file of masks or a table of nodes becomes the split ``own``."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.graph import Graph, Masks
from cna_viz.data.own.arrays import KEYS
from cna_viz.data.own.masks import read_masks
from cna_viz.data.own.npz import read_npz
from cna_viz.errors import CnaVizError, DataError, shown

COLUMNS = ("node", "split", "repetition")


def read_split_file(path: Path, graph: Graph) -> Masks:
    """Return the split in a file.

    Args:
        path: ``.npz`` with masks as :func:`~cna_viz.data.own.masks.read_masks` takes them, or a CSV table with the
            columns node, split (train, val or test) and, for several splits, repetition, from 0.
        graph: The graph to split.

    Raises:
        DataError: The file can't be read, or is no split of this graph.
    """
    target = graph.target
    labelled = ~target.isnan() if target.is_floating_point() else target >= 0
    try:
        arrays = _from_npz(path) if path.suffix == ".npz" else _from_table(path, len(target))
        masks, _ = read_masks(arrays, labelled)
    except CnaVizError as error:
        raise DataError(f"split file {path}: {error}") from None
    except Exception as error:  # a damaged file can make a reader raise anything
        raise DataError(f"split file {path} can't be read ({type(error).__name__}: {error})"[:500]) from None
    if masks is None:
        raise DataError(f"split file {path}: has no train_mask, val_mask and test_mask")
    return masks


def _from_npz(path: Path) -> dict[str, Any]:
    arrays = read_npz(path)
    names = {part: next((name for name in (part, *KEYS[part]) if name in arrays), None) for part in SPLITS}
    return {part: arrays[name] for part, name in names.items() if name is not None}


def _from_table(path: Path, rows: int) -> dict[str, Any]:
    table = pd.read_csv(path)
    if missing := [name for name in COLUMNS[:2] if name not in table]:
        raise DataError(f"has no column {missing[0]!r}; its columns are {', '.join(map(shown, table.columns[:10]))}")
    unknown = table.loc[~table["split"].isin(SPLITS), "split"]
    if len(unknown):
        raise DataError(f"{shown(unknown.iloc[0])} is no split: they are {', '.join(SPLITS)}")
    node, number = table["node"], table.get("repetition", pd.Series(0, index=table.index))
    for column, values, most in (("node", node, rows), ("repetition", number, 1000)):
        if values.dtype.kind not in "iu" or not values.between(0, most - 1).all():
            raise DataError(f"column {column!r} must hold whole numbers from 0 to {most - 1}")
    masks = {part: np.zeros((rows, int(number.max()) + 1), dtype=bool) for part in SPLITS}
    for part, mask in masks.items():
        chosen = table["split"] == part
        mask[node[chosen], number[chosen]] = True
    return {part: torch.from_numpy(mask) for part, mask in masks.items()}
