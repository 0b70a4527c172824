"""The names users may type: datasets, split protocols, backbones, slots and their factors, measures.

Checking a config imports no torch. Each room that implements such names has a dictionary from name to thing, and a test
compares that dictionary with the tuple here.
"""

from typing import Final, Literal

from cna_viz.config.datasets import CATALOG
from cna_viz.config.measures import MEASURES

DATASETS: Final = tuple(CATALOG)

TASKS: Final = ("node-classification", "node-regression", "graph-classification")
WATCHED_TASKS: Final = (*TASKS, "none")
"""Tasks of watched networks; ``none``: no labels are read, nothing is scored."""

TASK_OF: Final = {name: spec.task for name, spec in CATALOG.items()}
"""What is predicted, for every node or for every graph, by dataset."""

SCORES: Final = ("accuracy", "macro_f1", "roc_auc", "nmse", "r2")
"""Scores of a model: those of classes, then those of numbers."""

LOWER_IS_BETTER: Final = frozenset({"nmse"})
"""Scores that are errors."""

METRIC_OF: Final = {name: spec.metric for name, spec in CATALOG.items()}
"""The score that the field reports, by dataset: it selects the model and compares arms."""

READOUTS: Final = ("mean", "sum", "max")

SPLIT_PROTOCOLS: Final = (
    "public",
    "random-80-10-10",
    "random-60-20-20",
    "random-48-32-20",
    "class-80-10-10",
    "class-40-30-30",
    "class-70-15-15",
    "class-60-20-20",
    "geom-gcn",
    "official-code",
    "own",
)

BACKBONES: Final = (
    *("gcn", "sage", "gat", "gin", "transformer", "chebyshev", "sgc", "gcnii", "appnp", "dirgnn", "dirgcn", "mlp"),
)
WEIGHTED: Final = ("gcn", "sage", "chebyshev", "sgc", "gcnii", "appnp")
"""Backbones that use the weights of edges; ``mlp`` uses no edges."""
DIRECTED: Final = ("dirgnn", "dirgcn")
"""Backbones that use the direction of edges."""
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
"""Factors of a slot of the CNA family, and the choices for each."""


def _preset(assignment: str, normalization: str, activation: str, **others: str) -> dict[str, str]:
    factors = {"assignment": assignment, "normalization": normalization, "activation": activation}
    return {**factors, "sharing": "per-layer", "metric": "euclidean", "schedule": "warm", **others}


# Without A, ReLU stays, as in the paper's ablation; without C, N is over all nodes.
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
"""Slots of the CNA family by name, with their factors."""

NORM_SLOTS: Final = ("layernorm", "nodenorm", "batchnorm", "pairnorm", "diffgroupnorm", "graphnorm", "meansub")
"""Baseline norms, each followed by ReLU."""

SLOTS: Final = ("none", "relu", *PRESETS, *NORM_SLOTS)

INITS: Final = ("glorot", "orthogonal", "large")

JUMPING_KNOWLEDGE: Final = ("none", "cat", "max")

Stage = Literal["conv", "slot"]
STAGES: Final[tuple[Stage, ...]] = ("conv", "slot")

SplitName = Literal["train", "val", "test"]
SPLITS: Final[tuple[SplitName, ...]] = ("train", "val", "test")

FEATURE_MEASURES: Final = tuple(name for name, measure in MEASURES.items() if measure.kind == "feature")
"""Measures of the features of a layer."""

CLUSTER_MEASURES: Final = tuple(name for name, measure in MEASURES.items() if measure.kind == "cluster")
"""Measures of the clusters of a slot."""

DEFAULT_MEASURES: Final = tuple(name for name, measure in MEASURES.items() if measure.default)
"""Measures that are recorded by default: the cheap ones."""
