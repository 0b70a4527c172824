"""Masks of any form become the split ``own``: boolean, ``[nodes, repetitions]``, labelled nodes only."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from cna_viz.config.vocabulary import SPLITS
from cna_viz.data.graph import Masks
from cna_viz.data.own.parts import as_tensor, plural
from cna_viz.errors import DataError


def read_masks(found: Mapping[str, Any], labelled: Tensor) -> tuple[Masks | None, list[str]]:
    """Return masks, and what was changed.

    Args:
        found: Masks by split: booleans, 0 and 1, or lists of node numbers; ``[nodes]``, ``[nodes, repetitions]`` or
            ``[repetitions, nodes]``.
        labelled: Which nodes have a label.

    Raises:
        DataError: One is missing or of another form, or they overlap or leave a part empty.
    """
    if not found:
        return None, []
    if missing := [part for part in SPLITS if part not in found]:
        have, lack = " and ".join(found), " and ".join(missing)
        raise DataError(f"there is a mask of {have} and none of {lack}: add it, or leave out all masks with --drop")
    shaped = {part: mask_columns(found[part], part, len(labelled)) for part in SPLITS}
    if len({mask.shape for mask in shaped.values()}) > 1:
        counts = ", ".join(f"{part} {mask.shape[1]}" for part, mask in shaped.items())
        raise DataError(f"the masks have different numbers of repetitions: {counts}")
    lost = int((torch.cat(list(shaped.values()), dim=1).any(dim=1) & ~labelled).sum())
    masks = Masks(*(mask & labelled[:, None] for mask in shaped.values()))
    _check(masks)
    said = [f"masks with {plural(masks.train.shape[1], 'repetition')} are the split 'own' (--split own)"]
    return masks, said + ([f"{plural(lost, 'unlabelled node')} taken out of the masks"] if lost else [])


def mask_columns(value: Any, part: str, nodes: int, row: str = "node") -> Tensor:
    """Return a mask of any form as booleans, ``[nodes, repetitions]``; messages call a node ``row``.

    Raises:
        DataError: It is of another form.
    """
    mask = as_tensor(value, f"the {part} mask")
    if mask.dim() == 2 and 1 in mask.shape and mask.numel() == nodes:
        mask = mask.flatten()
    if mask.dim() == 2 and mask.shape[0] == mask.shape[1]:
        raise DataError(
            f"the {part} mask is {len(mask)} x {len(mask)}: its {row}s may be rows or columns; leave out a repetition"
        )
    if mask.dim() == 2 and mask.shape[1] == nodes:
        mask = mask.T
    flags = mask.dtype == torch.bool or bool(((mask == 0) | (mask == 1)).all())
    if mask.dim() == 1 and mask.dtype != torch.bool and not (flags and len(mask) == nodes):
        return _of_indices(mask, part, nodes, row)
    if mask.dim() not in (1, 2) or len(mask) != nodes or mask.numel() == 0 or not flags:
        form = f"[{nodes}], [{nodes}, repetitions] or [repetitions, {nodes}]"
        raise DataError(f"the {part} mask is {mask.dtype} of shape {list(mask.shape)}, not 0 and 1 of shape {form}")
    return mask.bool().reshape(nodes, -1)


def _of_indices(indices: Tensor, part: str, nodes: int, row: str) -> Tensor:
    outside = indices[(indices < 0) | (indices >= nodes)].tolist()
    if (len(indices) and indices.is_floating_point()) or outside or len(torch.unique(indices)) < len(indices):
        first = f" (it has {outside[0]:g})" if outside else ""
        raise DataError(
            f"the {part} mask is neither 0 and 1 for {nodes} {row}s nor different numbers of {row}s below "
            f"{nodes}{first}"
        )
    mask = torch.zeros(nodes, 1, dtype=torch.bool)
    mask[indices.long()] = True
    return mask


def _check(masks: Masks) -> None:
    stacked = torch.stack([masks.train, masks.val, masks.test])
    twice = stacked.sum(dim=0) > 1
    if bool(twice.any()):
        number = int(twice.any(dim=0).nonzero()[0])
        raise DataError(f"the masks overlap in {plural(int(twice[:, number].sum()), 'node')} of repetition {number}")
    empty = (~stacked.any(dim=1)).nonzero()
    if len(empty):
        part, number = empty[0].tolist()
        raise DataError(
            f"the {SPLITS[part]} mask of repetition {number} has no labelled node: -1, NaN and empty are no label"
        )
