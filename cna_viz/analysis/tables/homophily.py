"""How often neighbours are of one class, from the graph that a record keeps."""

from collections.abc import Mapping, Sequence

import numpy as np

from cna_viz.analysis.tables.chance import CHANCE, chance_score
from cna_viz.records.record import Record
from cna_viz.scores import WORDS, written


def edge_homophily(record: Record) -> float:
    r"""Return the share of edges that join two nodes of one class (Zhu et al., arXiv 2006.11468).

    .. math:: h = |\{(v, w) \in E : y_v = y_w\}| / |E|

    Between 0 and 1; NaN without edges, and where it is not nodes that are classified.
    """
    if record.config.data.task != "node-classification" or record.graph["edge_index"].size == 0:
        return float("nan")
    first, second = record.graph["target"].values[record.graph["edge_index"].values]
    return float((first == second).mean())


def adjusted_homophily(record: Record) -> float:
    r"""Return edge homophily beyond what the sizes of the classes alone would give (Platonov et al., arXiv 2209.06177).

    With :math:`D_k` the sum of the degrees of the nodes of class k,

    .. math:: h_{adj} = \frac{h - \sum_k D_k^2 / (2|E|)^2}{1 - \sum_k D_k^2 / (2|E|)^2}

    At most 1; about 0 where classes say nothing of edges, negative where neighbours avoid their own class. NaN where
    edge homophily is, and where all ends of edges are of one class.
    """
    homophily = edge_homophily(record)
    if np.isnan(homophily):
        return homophily
    ends = record.graph["target"].values[record.graph["edge_index"].values[0]]  # both directions of edges are listed
    by_chance = float(np.square(np.bincount(ends) / len(ends)).sum())
    return (homophily - by_chance) / (1 - by_chance) if by_chance < 1 else float("nan")


def graph_words(record: Record) -> str:
    """Return what a graph is in one sentence: size, classes, homophily, and which score it has."""
    graph, metric = record.graph, record.metric
    target, edges = graph["target"].values, graph["edge_index"].sizes["edge"] // 2
    classes = f", {len(np.unique(target))} classes" if record.config.data.task != "node-regression" else ""
    own = _number(adjusted_homophily(record))
    pair = f"{_number(edge_homophily(record))}, adjusted for the sizes of the classes {own}"
    guess = f"{CHANCE[metric]} gives {written(metric, chance_score(record))}"
    return (
        f"{record.config.facts['dataset']}: {len(target):,} nodes, {edges:,} edges{classes}; edge homophily "
        f"{pair}; the score is {WORDS[metric]}, of which {guess}; "
        f"split {record.config.facts['split']}"
    )


def homophily_of(groups: Mapping[str, Sequence[Record]]) -> list[str]:
    """Return the sentence of :func:`graph_words` for the graph of each group."""
    return [graph_words(records[0]) for records in groups.values()]


def _number(value: float) -> str:
    return "undefined" if np.isnan(value) else f"{value:.2f}".replace("-", "−")
