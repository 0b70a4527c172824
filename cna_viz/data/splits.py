"""Split protocols: the nodes, or graphs, that train, select and test. Same protocol and seed, same split."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from cna_viz.data.graph import Graph, Split
from cna_viz.errors import DataError, UsageError, unknown_name


def make_split(graph: Graph, protocol: str, seed: int) -> Split:
    """Return the split of ``graph`` that ``protocol`` and ``seed`` name. The global random state is left alone.

    ``random-A-B-C`` draws A, B and C % of the nodes (of the graphs in a dataset of graphs), uniformly and without
    regard to class. ``public`` and ``geom-gcn`` take the published masks, ``own`` those of the user's own; of R
    repetitions, the one numbered ``seed`` modulo R, so that any run seed names one. ``official-code`` takes the first
    80 %, the next 10 % and the last 10 % of the nodes by number, as the code released with CNA (arXiv 2412.04064) does;
    it has no seed, and its split has 0. Unlabelled nodes are in no part.

    Raises:
        UsageError: The graph has no such split, or too few nodes for it.
        DataError: The published masks overlap or leave a part empty.
    """
    choices = [name for name, maker in MAKERS.items() if maker is not _published or name in graph.published]
    if protocol not in choices:
        raise unknown_name("split protocol", protocol, choices, f"These are the ones of {graph.name!r} as loaded.")
    return MAKERS[protocol](graph, protocol, seed)


def _published(graph: Graph, protocol: str, seed: int) -> Split:
    masks = graph.published[protocol]
    number = seed % masks.train.shape[1]
    parts = [mask[:, number] for mask in (masks.train, masks.val, masks.test)]
    kind = "" if protocol == "own" else "published "
    where = f"{kind}split {protocol!r} number {number} of dataset {graph.name!r}"
    if int(torch.stack(parts).sum(dim=0).max()) > 1:
        raise DataError(f"{where} puts a node into two parts")
    if not all(bool(part.any()) for part in parts):
        raise DataError(f"{where} leaves a part empty")
    return Split(protocol, number, *(part.nonzero().flatten() for part in parts))


def _random(graph: Graph, protocol: str, seed: int) -> Split:
    rows = graph.labelled
    nodes = len(rows)
    # Validation and test are rounded; the rest trains.
    val, test = (max(1, (nodes * int(percent) + 50) // 100) for percent in protocol.split("-")[2:])
    order = rows[torch.randperm(nodes, generator=torch.Generator().manual_seed(seed))]
    return _cut(graph, protocol, seed, order, nodes - val - test, val)


def _by_index(graph: Graph, protocol: str, seed: int) -> Split:
    del seed  # the order of the nodes decides
    rows = graph.labelled
    train, known = len(rows) * 8 // 10, len(rows) * 9 // 10
    return _cut(graph, protocol, 0, rows, train, known - train)


def _cut(graph: Graph, protocol: str, seed: int, order: Tensor, train: int, val: int) -> Split:
    if min(train, val, len(order) - train - val) < 1:
        rows = "nodes" if graph.graph_of_node is None else "graphs"
        few = f"{rows} ({len(order)})" if len(order) == len(graph.target) else f"labelled {rows} ({len(order)})"
        raise UsageError(f"split {protocol!r} leaves a part empty: {graph.name!r} has too few {few}")
    parts = (order[:train], order[train : train + val], order[train + val :])
    return Split(protocol, seed, *(part.sort().values for part in parts))


MAKERS: Final[dict[str, Callable[[Graph, str, int], Split]]] = {
    "public": _published,
    "random-80-10-10": _random,
    "random-60-20-20": _random,
    "random-48-32-20": _random,
    "geom-gcn": _published,
    "official-code": _by_index,
    "own": _published,
}
"""Maker of every split protocol of the vocabulary."""
