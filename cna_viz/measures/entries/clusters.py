"""Measures of clusters."""

from typing import Final

from cna_viz.measures.entry import Entry

NMI = "2 I(A; B) / (H(A) + H(B))"
ARI = "(RI − E[RI]) / (max RI − E[RI])"
STREHL = "scikit-learn, by the mean of both entropies (Strehl and Ghosh 2002: by their geometric mean)"
HUBERT = "Hubert and Arabie 1985, as scikit-learn has it"
CHANCE = "It is not corrected for chance: many small clusters get more than 0 by accident. Read it next to the ARI."
PAIRS = "It counts pairs, so large clusters outweigh small ones."
TRIVIAL = "1 where both are one cluster, 0 where only one of them is; NaN without nodes or without a partner."


def _agreement(kind: str, partner: str, asks: str, trust: str) -> Entry:
    nmi = kind == "nmi"
    return Entry(
        name=f"cluster_{kind}_{partner}",
        asks=asks,
        formula=NMI if nmi else ARI,
        source=STREHL if nmi else HUBERT,
        range="0 to 1 (the same partition)" if nmi else "−½ to 1 (the same partition); 0 is chance",
        scale="does not apply",
        degenerate=TRIVIAL,
        trust=trust,
        criticism=CHANCE if nmi else PAIRS,
        cost="O(v)",
    )


CLASSES = "To see what clusters are good for. Compare with random clusters of the same number."
COMMUNITIES = "To see whether clusters only repeat the graph. Communities are one partition of many that are as good."
PREVIOUS = "To see whether every layer clusters anew. High agreement is not use: see the classes."

ENTRIES: Final = (
    Entry(
        name="cluster_entropy",
        asks="Are all clusters in use?",
        formula="−Σ_k p_k log p_k, p_k = n_k / v",
        source="Shannon 1948",
        range="0 (one cluster has all nodes) to log K, in nats",
        scale="does not apply",
        degenerate="0 for one cluster; empty clusters add nothing; NaN without nodes.",
        trust="To see clusters die. Its exponential is the number of clusters in use.",
        criticism="Equal sizes are not good clusters: random ones have nearly log K.",
        cost="O(v)",
    ),
    Entry(
        name="cluster_churn",
        asks="Do nodes keep their cluster from one look to the next?",
        formula="1 − (1/v) max_π Σ_i [π(b_i) = c_i], π one-to-one",
        source="the Hungarian method, Kuhn 1955, as scipy has it",
        range="0 (the same partition) to below 1",
        scale="does not apply",
        degenerate="NaN at the first look and without nodes; clusters that have no partner count as changed.",
        trust="For looks the same number of epochs apart: it grows with the time between them.",
        criticism="A cluster that splits in halves looks like churn of half its nodes.",
        cost="O(v + K³)",
    ),
    _agreement("nmi", "classes", "Do clusters agree with the classes?", CLASSES),
    _agreement("ari", "classes", "Do clusters agree with the classes beyond chance?", CLASSES),
    _agreement("nmi", "communities", "Do clusters agree with the communities of the graph?", COMMUNITIES),
    _agreement("ari", "communities", "Do clusters agree with the communities beyond chance?", COMMUNITIES),
    _agreement("nmi", "previous", "Do clusters agree with those of the layer before?", PREVIOUS),
    _agreement("ari", "previous", "Do clusters agree with the layer before beyond chance?", PREVIOUS),
)
