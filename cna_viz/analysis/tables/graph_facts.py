"""Facts about the graph of a record: homophily, size, and the energy of constant features."""

from collections.abc import Mapping, Sequence

import numpy as np

from cna_viz.analysis.tables.node_groups import Array, is_labelled
from cna_viz.analysis.tables.predictions import CHANCE, chance_score
from cna_viz.analysis.words import counted, signed
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, written


def edge_homophily(record: Record) -> float:
    r"""Return the share of edges that join two nodes of one class (Zhu et al., arXiv 2006.11468).

    .. math:: h = |\{(v, w) \in E : y_v = y_w\}| / |E|

    Between 0 and 1; NaN without edges, and where the task is not the classification of nodes. Edges of unlabelled nodes
    don't count.
    """
    first, second = _classes_of_ends(record)
    return float((first == second).mean()) if len(first) else float("nan")


def _classes_of_ends(record: Record) -> Array:
    """Return the classes of both ends of the edges between labelled nodes, ``[2, edges]``, in both directions."""
    if record.config.task != "node-classification":
        return np.empty((2, 0), np.int64)
    edges = record.graph["edge_index"].values
    return np.asarray(record.graph["target"].values[edges[:, is_labelled(record)[edges].all(axis=0)]])


def adjusted_homophily(record: Record) -> float:
    r"""Return edge homophily beyond that expected from the class sizes (Platonov et al., arXiv 2209.06177).

    With :math:`D_k` the sum of the degrees of the nodes of class k,

    .. math:: h_{adj} = \frac{h - \sum_k D_k^2 / (2|E|)^2}{1 - \sum_k D_k^2 / (2|E|)^2}

    At most 1; about 0 where edges are independent of classes, negative where neighbours avoid their own class. NaN
    where edge homophily is, and where all ends of edges are of one class.
    """
    homophily = edge_homophily(record)
    if np.isnan(homophily):
        return homophily
    ends = _classes_of_ends(record)[0]  # both directions of edges are listed
    by_chance = float(np.square(np.bincount(ends) / len(ends)).sum())
    return (homophily - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")


def constant_energy(record: Record) -> float:
    """Return the Rayleigh energy of identical features at all nodes, on the graph of this record.

    It is zero only where all degrees are equal: the operator of GCN smooths towards √(d+1), not towards a constant
    (Bison and Sperduti, arXiv 2512.09890). A layer of rank one at this energy has collapsed all the same.
    """
    scale = 1 / np.sqrt(record.graph["degree"].values + 1)
    first, second = record.graph["edge_index"].values
    # Both directions of every edge are listed.
    return float(np.square(scale[first] - scale[second]).sum() / 2 / len(scale))


def graph_words(record: Record) -> str:
    """Return size, classes and homophily of a graph, its score and its split in one sentence."""
    metric, facts = record.metric, record.config.facts
    known, edges = is_labelled(record), record.graph["edge_index"].sizes["edge"] // 2
    target = record.graph["target"].values[known]
    classes = f", {counted(len(np.unique(target)), 'class')}" if target.dtype.kind != "f" else ""
    classes += "" if known.all() else f", {counted(int((~known).sum()), 'node')} unlabelled"
    size = f"{facts['dataset']}: {counted(len(known), 'node')}, {counted(edges, 'edge')}"
    if not known.any():
        return f"{size}, no labels"
    plain, adjusted = (
        signed(value, 2).removeprefix("+") for value in (edge_homophily(record), adjusted_homophily(record))
    )
    chance = chance_score(record)
    level = "" if np.isnan(chance) else f" ({CHANCE[metric]} gives {written(metric, chance)})"
    return (
        f"{size}{classes}; edge homophily {plain}, adjusted for "
        f"class sizes {adjusted}; score: {WORDS[metric]}{level}; split {facts['split']}"
    )


def homophily_of(groups: Mapping[str, Sequence[Record]]) -> list[str]:
    """Return the sentence of :func:`graph_words` for the graph of each group."""
    return [graph_words(records[0]) for records in groups.values()]
