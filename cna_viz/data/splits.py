"""Split protocols: the nodes, or graphs, that train, select and test. Same protocol and seed, same split."""

from collections.abc import Callable
from typing import Final

import torch
from torch import Tensor

from cna_viz.config.datasets import CATALOG
from cna_viz.data.catalog import lacks_split
from cna_viz.data.graph import Graph, Split
from cna_viz.errors import DataError, UsageError


def make_split(graph: Graph, protocol: str, seed: int) -> Split:
    """Return the split of ``graph`` that ``protocol`` and ``seed`` name. The global random state is left alone.

    ``random-A-B-C`` draws A, B and C % of the nodes (of the graphs in a dataset of graphs), uniformly and without
    regard to class; ``class-A-B-C`` draws in every class, as the code released with CNA (arXiv 2412.04064) does: of n
    nodes in random order the first int(A n) train and the next int(B n) select, and the rest of the class tests: all of
    it in a class of one node (Texas has one). ``public`` and ``geom-gcn`` take the published masks, ``own`` those of
    the user's own; of R repetitions, the one numbered ``seed`` modulo R, so that any run seed names one.
    ``official-code`` takes the first int(0.8 n), the next int(0.1 n) and the last int(0.1 n) of the nodes by number, as
    the released code does on Planetoid graphs (Cora: 2166, 270 and 270, two nodes in no part); it has no seed, and its
    split has 0. Unlabelled nodes are in no part.

    Raises:
        UsageError: The graph has no such split, or too few nodes for it.
        DataError: The published masks overlap or leave a part empty.
    """
    choices = [name for name in MAKERS if _has(graph, name)]
    if protocol not in choices:
        raise lacks_split(protocol, choices, f"These are the ones of {graph.name!r} as loaded.")
    return MAKERS[protocol](graph, protocol, seed)


def _has(graph: Graph, protocol: str) -> bool:
    maker = MAKERS[protocol]
    if maker is _by_index:
        return graph.name in CATALOG and CATALOG[graph.name].by_index
    if maker is _per_class:
        return not graph.target.is_floating_point()
    return maker is not _published or protocol in graph.published


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
    return _cut(graph, protocol, seed, order, nodes - val - test, val, test)


def _per_class(graph: Graph, protocol: str, seed: int) -> Split:
    generator, rows = torch.Generator().manual_seed(seed), graph.labelled
    parts: list[tuple[Tensor, ...]] = []
    for label in graph.target[rows].unique().tolist():  # type: ignore[no-untyped-call]
        members = rows[graph.target[rows] == label]
        # In floating point, like the released code: int(0.7 n) is sometimes one less than 7 n // 10.
        train, val = (int(int(percent) / 100 * len(members)) for percent in protocol.split("-")[1:3])
        order = members[torch.randperm(len(members), generator=generator)]
        parts.append((order[:train], order[train : train + val], order[train + val :]))
    train_rows, val_rows, test_rows = (torch.cat(part).sort().values for part in zip(*parts, strict=True))
    _refuse_empty(graph, protocol, len(rows), len(train_rows), len(val_rows), len(test_rows))
    return Split(protocol, seed, train_rows, val_rows, test_rows)


def _by_index(graph: Graph, protocol: str, seed: int) -> Split:
    del seed  # the order of the nodes decides
    rows = graph.labelled
    train, tenth = int(0.8 * len(rows)), int(0.1 * len(rows))
    return _cut(graph, protocol, 0, rows, train, tenth, tenth)


def _cut(graph: Graph, protocol: str, seed: int, order: Tensor, train: int, val: int, test: int) -> Split:
    _refuse_empty(graph, protocol, len(order), train, val, test)
    parts = (order[:train], order[train : train + val], order[len(order) - test :])
    return Split(protocol, seed, *(part.sort().values for part in parts))


def _refuse_empty(graph: Graph, protocol: str, count: int, *sizes: int) -> None:
    if min(sizes) < 1:
        rows = "nodes" if graph.graph_of_node is None else "graphs"
        few = f"{rows} ({count})" if count == len(graph.target) else f"labelled {rows} ({count})"
        raise UsageError(f"split {protocol!r} leaves a part empty: {graph.name!r} has too few {few}")


MAKERS: Final[dict[str, Callable[[Graph, str, int], Split]]] = {
    "public": _published,
    "random-80-10-10": _random,
    "random-60-20-20": _random,
    "random-48-32-20": _random,
    "class-80-10-10": _per_class,
    "class-40-30-30": _per_class,
    "class-70-15-15": _per_class,
    "class-60-20-20": _per_class,
    "geom-gcn": _published,
    "official-code": _by_index,
    "own": _published,
}
"""Maker of every split protocol of the vocabulary."""
