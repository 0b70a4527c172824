"""The rows, nodes or graphs, of train, val and test: from masks of the data, or from those that the user gives."""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import torch
from torch import Tensor
from torch_geometric.data import Dataset
from torch_geometric.data.data import BaseData

from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.own.arrays import KEYS
from cna_viz.data.own.masks import mask_columns
from cna_viz.data.own.parts import plural
from cna_viz.errors import UsageError, shown, unknown_name
from cna_viz.recording.watched.data.objects import on_cpu
from cna_viz.records.schema import is_number

SplitChoice: TypeAlias = int | Mapping[str, Any] | None
"""The column of masks with several, masks by part, or None for the only masks that the data has."""
_OTHER_NAMES: Final = {"valid": "val"}


def read_parts(data: Any, split: SplitChoice, counted: Tensor, row: str) -> tuple[dict[str, Tensor], list[str]]:
    """Return the rows of every part that has a mask, and what was changed.

    Args:
        data: The graph, with masks or without.
        split: Which masks.
        counted: Which rows have a label, or all where no labels are read; the others are in no part.
        row: What a row is, node or graph.

    Raises:
        DataError: A mask is of another form.
        UsageError: Masks have several columns, or overlap, or ``split`` doesn't fit them.
    """
    given = _given(split) if isinstance(split, Mapping) else _of_data(data)
    columns = {part: mask_columns(on_cpu(value), part, len(counted), row) for part, value in given.items()}
    masks = _picked(columns, split)
    if not masks:
        return {}, []
    table = torch.stack(list(masks.values()))
    _check_overlap((table & counted).sum(dim=0) > 1, masks, row)
    lost = int((table.any(dim=0) & ~counted).sum())
    said = [f"{plural(lost, f'unlabelled {row}')} taken out of the masks"] if lost else []
    return {part: (mask & counted).nonzero().flatten() for part, mask in masks.items()}, said


def _of_data(data: Any) -> dict[str, Any]:
    """Return the masks that data has, by part, under any of the names that own graphs may use."""
    found = {part: [getattr(data, key, None) for key in KEYS[part]] for part in SPLITS}
    return {part: values[0] for part, all_ in found.items() if (values := [one for one in all_ if one is not None])}


def _given(split: Mapping[str, Any]) -> dict[str, Any]:
    found = {_OTHER_NAMES.get(name, name): value for name, value in split.items()}
    for name, value in found.items():
        if name not in SPLITS:
            raise unknown_name("part of split", str(name), SPLITS)
        if isinstance(value, list | tuple | Dataset) and any(isinstance(one, BaseData) for one in value[:1]):
            raise UsageError(
                f"the {name} part of split is graphs: give their numbers in data, such as range({len(value)})"
            )
    return {part: found[part] for part in SPLITS if found.get(part) is not None}


def _picked(columns: Mapping[str, Tensor], split: SplitChoice) -> dict[str, Tensor]:
    """Return one mask for each part, ``[rows]``. Masks of one column go with any column of the others."""
    many = {part: mask.shape[1] for part, mask in columns.items() if mask.shape[1] > 1}
    number = _column(split, many)
    return {part: mask[:, number if part in many else 0] for part, mask in columns.items()}


def _column(split: SplitChoice, many: Mapping[str, int]) -> int:
    part, count = next(iter(many.items()), ("", 1))
    if isinstance(split, Mapping) and many:
        raise UsageError(f"the {part} mask of split has {count} columns: give one, such as data.{part}_mask[:, 0]")
    if split is None and many:
        raise UsageError(
            f"data.{part}_mask has {count} columns: say which one you train on, split=0 to split={count - 1}"
        )
    if split is None or isinstance(split, Mapping):
        return 0
    if not is_number(split):
        raise UsageError(
            f"split = {shown(split)} is not accepted: it must be a column of the masks, such as split=0, or masks by "
            'part, split={"train": ..., "val": ..., "test": ...}'
        )
    most = min(many.values(), default=1)
    if not 0 <= split < most:
        raise UsageError(f"split = {split} is out of range: the masks of the data have {plural(most, 'column')}")
    return split


def _check_overlap(twice: Tensor, masks: Mapping[str, Tensor], row: str) -> None:
    if bool(twice.any()):
        shared = " and ".join(part for part, mask in masks.items() if bool((mask & twice).any()))
        raise UsageError(
            f"the masks of {shared} share {plural(int(twice.sum()), row)}, and a record keeps one part for each: "
            'give masks that don\'t overlap, split={"train": ..., "val": ..., "test": ...}'
        )
