"""The names users may type, and nothing else: datasets, split protocols, backbones, slots and their factors, measures.

They stand below everything so that a config can be checked without importing torch. Each room that gives such a name
its meaning keeps a dictionary from name to thing, and a test holds that dictionary against the tuple here.
"""

from typing import Final

from cna_viz.config.measures import MEASURES

DATASETS: Final = (
    "digits",
    "karate",
    "grid",
    "csbm",
    "cora",
    "citeseer",
    "pubmed",
    "texas",
    "wisconsin",
    "cornell",
    "actor",
    "minesweeper",
    "tolokers",
    "roman-empire",
    "amazon-ratings",
    "questions",
    "computers",
    "photo",
    "cora-full",
    "cora-ml",
    "dblp",
    "citeseer-full",
    "ogbn-arxiv",
    "chameleon",
    "squirrel",
    "chameleon-filtered",
    "squirrel-filtered",
    "chameleon-traffic",
    "squirrel-traffic",
    "chameleon-traffic-misaligned",
    "squirrel-traffic-misaligned",
    "motifs",
    "mutag",
    "proteins",
    "enzymes",
    "nci1",
)

TASKS: Final = ("node-classification", "node-regression", "graph-classification")

_REGRESSION: Final = tuple(name for name in DATASETS if "-traffic" in name)
_GRAPHS: Final = ("motifs", "mutag", "proteins", "enzymes", "nci1")

TASK_OF: Final[dict[str, str]] = {
    **dict.fromkeys(DATASETS, "node-classification"),
    **dict.fromkeys(_REGRESSION, "node-regression"),
    **dict.fromkeys(_GRAPHS, "graph-classification"),
}
"""What is to be told of every node, or of every graph, by dataset."""

SCORES: Final = ("accuracy", "macro_f1", "roc_auc", "nmse", "r2")
"""Scores of a model: those of classes, and those of numbers."""

LOWER_IS_BETTER: Final = frozenset({"nmse"})
"""Scores that are errors."""

METRIC_OF: Final[dict[str, str]] = {
    **dict.fromkeys(DATASETS, "accuracy"),
    **dict.fromkeys(("minesweeper", "tolokers", "questions"), "roc_auc"),
    **dict.fromkeys(_REGRESSION, "nmse"),
}
"""The score that the field reports for a dataset: it selects the model and compares arms."""

READOUTS: Final = ("mean", "sum", "max")

SPLIT_PROTOCOLS: Final = (
    "public",
    "random-80-10-10",
    "random-60-20-20",
    "random-48-32-20",
    "geom-gcn",
    "official-code",
)

BACKBONES: Final = (
    "gcn",
    "sage",
    "gat",
    "gin",
    "transformer",
    "chebyshev",
    "sgc",
    "gcnii",
    "appnp",
    "dirgnn",
    "mlp",
)

ASSIGNMENTS: Final = ("kmeans", "random", "labels", "communities", "none")
NORMALIZATIONS: Final = ("cluster", "node", "batch", "none")
ACTIVATIONS: Final = ("rational", "relu", "none")
SHARINGS: Final = ("per-layer", "shared")
METRICS: Final = ("euclidean", "cosine")
SCHEDULES: Final = ("warm", "released", "running")

FACTORS: Final[dict[str, tuple[str, ...]]] = {
    "assignment": ASSIGNMENTS,
    "normalization": NORMALIZATIONS,
    "activation": ACTIVATIONS,
    "sharing": SHARINGS,
    "metric": METRICS,
    "schedule": SCHEDULES,
}
"""What a slot of the CNA family is composed of, and the choices for each."""


def _preset(assignment: str, normalization: str, activation: str, **others: str) -> dict[str, str]:
    factors = {"assignment": assignment, "normalization": normalization, "activation": activation}
    return {**factors, "sharing": "per-layer", "metric": "euclidean", "schedule": "warm", **others}


# Where A is taken away ReLU stays, as in the paper's ablation; where C is, N is over all nodes.
PRESETS: Final[dict[str, dict[str, str]]] = {
    "cna": _preset("kmeans", "cluster", "rational"),
    "c": _preset("kmeans", "none", "relu"),
    "n": _preset("none", "batch", "relu"),
    "a": _preset("none", "none", "rational"),
    "cn": _preset("kmeans", "cluster", "relu"),
    "ca": _preset("kmeans", "none", "rational"),
    "na": _preset("none", "batch", "rational"),
    "cna-released": _preset("kmeans", "node", "rational", sharing="shared", metric="cosine", schedule="released"),
    "cna-random": _preset("random", "cluster", "rational"),
    "cna-labels": _preset("labels", "cluster", "rational"),
    "cna-communities": _preset("communities", "cluster", "rational"),
}
"""The slots of the CNA family by name, and the factors each is composed of."""

NORM_SLOTS: Final = ("layernorm", "nodenorm", "batchnorm", "pairnorm", "diffgroupnorm", "graphnorm", "meansub")
"""Slots that normalize, each followed by ReLU: the baselines of the field."""

SLOTS: Final = ("none", "relu", *PRESETS, *NORM_SLOTS)

INITS: Final = ("glorot", "orthogonal", "large")

JUMPING_KNOWLEDGE: Final = ("none", "cat", "max")

STAGES: Final = ("conv", "slot")

SPLITS: Final = ("train", "val", "test")

FEATURE_MEASURES: Final = tuple(name for name, measure in MEASURES.items() if measure.kind == "feature")
"""Measures of the features of a layer."""

CLUSTER_MEASURES: Final = tuple(name for name, measure in MEASURES.items() if measure.kind == "cluster")
"""Measures of the clusters of a slot."""

DEFAULT_MEASURES: Final = tuple(name for name, measure in MEASURES.items() if measure.default)
"""What is recorded unless somebody asks for more: cheap enough to be taken all the time."""
