"""Split protocols: the nodes, or graphs, that train, select and test. Same protocol and seed, same split."""

from collections.abc import Callable
from functools import partial
from typing import Final

import torch
from torch import Tensor

from cna_viz.data.graph import Graph, Split
from cna_viz.errors import DataError, UsageError, unknown_name


def make_split(graph: Graph, protocol: str, seed: int) -> Split:
    """Return the split of ``graph`` that ``protocol`` and ``seed`` name. The global random state is left alone.

    ``random-A-B-C`` draws A, B and C % of the nodes (of the graphs in a dataset of graphs), uniformly and without
    regard to class. ``public`` and ``geom-gcn`` take the published masks; of R repetitions, the one numbered ``seed``
    modulo R, so that any run seed names one. ``official-code`` takes the first 80 %, the next 10 % and the last 10 % of
    the nodes by number, as the code released with CNA (arXiv 2412.04064) does; it has no seed, and its split has 0.

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
    where = f"published split {protocol!r} number {number} of dataset {graph.name!r}"
    if int(torch.stack(parts).sum(dim=0).max()) > 1:
        raise DataError(f"{where} puts a node into two parts")
    if not all(bool(part.any()) for part in parts):
        raise DataError(f"{where} leaves a part empty")
    train, val, test = (part.nonzero().flatten() for part in parts)
    return Split(protocol, number, train, val, test)


def _random(graph: Graph, protocol: str, seed: int, percent: tuple[int, int, int]) -> Split:
    nodes = len(graph.target)
    _, val, test = (max(1, (nodes * share + 50) // 100) for share in percent)  # rounded; what is left trains
    train = nodes - val - test
    if train < 1:
        raise _too_few(graph, protocol)
    order = torch.randperm(nodes, generator=torch.Generator().manual_seed(seed))
    return _sorted(protocol, seed, order[:train], order[train : train + val], order[train + val :])


def _by_index(graph: Graph, protocol: str, seed: int) -> Split:
    del seed  # the order of the nodes decides
    nodes = len(graph.target)
    train, known = nodes * 8 // 10, nodes * 9 // 10
    if not 0 < train < known < nodes:
        raise _too_few(graph, protocol)
    order = torch.arange(nodes)
    return _sorted(protocol, 0, order[:train], order[train:known], order[known:])


def _sorted(protocol: str, seed: int, train: Tensor, val: Tensor, test: Tensor) -> Split:
    return Split(protocol, seed, train.sort().values, val.sort().values, test.sort().values)


def _too_few(graph: Graph, protocol: str) -> UsageError:
    what, count = ("nodes" if graph.graph_of_node is None else "graphs"), len(graph.target)
    return UsageError(f"split {protocol!r} leaves a part empty: {graph.name!r} has too few {what} ({count})")


MAKERS: Final[dict[str, Callable[[Graph, str, int], Split]]] = {
    "public": _published,
    "random-80-10-10": partial(_random, percent=(80, 10, 10)),
    "random-60-20-20": partial(_random, percent=(60, 20, 20)),
    "random-48-32-20": partial(_random, percent=(48, 32, 20)),
    "geom-gcn": _published,
    "official-code": _by_index,
}
"""Maker of every split protocol of the vocabulary."""
