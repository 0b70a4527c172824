"""The contract of a record: files, variables, dimensions. Spelled out for people in docs/schema.md."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, Final

from cna_viz import vocabulary
from cna_viz.errors import RecordError, shown

SCHEMA_VERSION: Final = 4

CONFIG_FILE: Final = "config.json"
ENVIRONMENT_FILE: Final = "environment.json"
GRAPH_FILE: Final = "graph.safetensors"
METRICS_FILE: Final = "metrics.jsonl"
TIMINGS_FILE: Final = "timings.jsonl"
SELECTED_FILE: Final = "selected.json"
SUMMARY_FILE: Final = "summary.json"
MANIFEST_FILE: Final = "manifest.jsonl"
COMPLETE_FILE: Final = "COMPLETE"
SNAPSHOT_FOLDER: Final = "snapshots"

REQUIRED_FILES: Final = (
    CONFIG_FILE,
    ENVIRONMENT_FILE,
    GRAPH_FILE,
    METRICS_FILE,
    TIMINGS_FILE,
    SELECTED_FILE,
    SUMMARY_FILE,
)
STATUSES: Final = ("complete", "diverged", "incomplete")
SUMMARY_KEYS: Final = ("best_epoch", "epochs", "warnings")
"""What the summary of a finished run has, beside its status."""
LARGEST: Final = 2**63 - 1
"""Largest whole number that arrays can hold."""
_COUNTS: Final = frozenset({"best_epoch", "epochs", "parameters"})
_MEASURED: Final = frozenset({"seconds_per_epoch", "peak_memory_mib"})


@dataclass(frozen=True)
class Variable:
    """One variable of a record: its dimensions and what it means."""

    dims: tuple[str, ...]
    meaning: str


PER_LAYER: Final = ("epoch", "layer", "stage")
"""The dimensions of a measure."""

PER_PART: Final = ("epoch", "split")
"""The dimensions of loss and scores."""

VARIABLES: Final[dict[str, Variable]] = {
    "loss": Variable(PER_PART, "mean cross-entropy in nats, or mean squared error"),
    "accuracy": Variable(PER_PART, "share of correctly classified nodes or graphs, 0 to 1"),
    "macro_f1": Variable(PER_PART, "F1, mean over classes, 0 to 1"),
    "roc_auc": Variable(PER_PART, "area under the ROC curve of two classes, 0 to 1"),
    "nmse": Variable(PER_PART, "mean squared error by the mean of all targets"),
    "r2": Variable(PER_PART, "share of the variance that is explained, at most 1"),
    "feature_norm": Variable(PER_LAYER, "Frobenius norm of the features"),
    "gradient_norm": Variable(PER_LAYER, "Frobenius norm of the loss gradient at the features"),
    "weight_norm": Variable(PER_LAYER, "Frobenius norm of the weights of the convolution"),
    "dirichlet_survey": Variable(PER_LAYER, "squared differences to the neighbours, mean over nodes"),
    "dirichlet_trace": Variable(PER_LAYER, "Dirichlet energy of the Laplacian D - A"),
    "dirichlet_sym": Variable(PER_LAYER, "Dirichlet energy of the normalized Laplacian without self-loops"),
    "dirichlet_sym_loops": Variable(PER_LAYER, "Dirichlet energy of the normalized Laplacian with self-loops"),
    "rayleigh": Variable(PER_LAYER, "Rayleigh quotient of the normalized Laplacian, 0 to 2"),
    "mad": Variable(PER_LAYER, "mean average cosine distance to the neighbours, 0 to 2"),
    "mad_gap": Variable(PER_LAYER, "cosine distance of remote minus that of near nodes, -2 to 2"),
    "mean_cosine": Variable(PER_LAYER, "mean cosine of all pairs of nodes, -1 to 1"),
    "eigenspace_distance": Variable(PER_LAYER, "distance from the dominant eigenspace"),
    "eigenspace_distance_normalized": Variable(PER_LAYER, "the same by the norm of the features, 0 to 1"),
    "numerical_rank": Variable(PER_LAYER, "numerical rank of the features"),
    "effective_rank": Variable(PER_LAYER, "effective rank of the features"),
    "rank_one_distance": Variable(PER_LAYER, "distance from rank one, 0 to 2"),
    "group_distance_ratio": Variable(PER_LAYER, "distance between classes by distance within them"),
    "information_gain": Variable(PER_LAYER, "information of the largest channel about the inputs, bits"),
    "cluster_entropy": Variable(PER_LAYER, "entropy of the sizes of the clusters, nats"),
    "cluster_churn": Variable(PER_LAYER, "share of nodes that changed their cluster since the last look"),
    "cluster_nmi_classes": Variable(PER_LAYER, "normalized mutual information of clusters and classes"),
    "cluster_ari_classes": Variable(PER_LAYER, "adjusted Rand index of clusters and classes"),
    "cluster_nmi_communities": Variable(PER_LAYER, "normalized mutual information of clusters and communities"),
    "cluster_ari_communities": Variable(PER_LAYER, "adjusted Rand index of clusters and communities"),
    "cluster_nmi_previous": Variable(PER_LAYER, "normalized mutual information with the clusters of the layer before"),
    "cluster_ari_previous": Variable(PER_LAYER, "adjusted Rand index with the clusters of the layer before"),
    "embedding": Variable(("snapshot", "layer", "stage", "node", "channel"), "features"),
    "prediction": Variable(("snapshot", "node"), "class or number answered for the node, or for its graph"),
    "cluster_label": Variable(("snapshot", "layer", "node"), "cluster of the node in the slot"),
    "centroid": Variable(("snapshot", "layer", "cluster", "channel"), "centroids of the slot's clusters"),
    "rational_numerator": Variable(("snapshot", "layer", "cluster", "coefficient"), "a0 ... a5 of the rational"),
    "rational_denominator": Variable(("snapshot", "layer", "cluster", "coefficient"), "b1 ... b4 of the rational"),
    "slot_input_histogram": Variable(
        ("snapshot", "layer", "cluster", "bin"), "how many values of the cluster's nodes enter its rational, by bin"
    ),
    "target": Variable(("node",), "class or number to tell, of the node or of its graph"),
    "split_of_node": Variable(("node",), "0 none, 1 train, 2 val, 3 test"),
    "degree": Variable(("node",), "number of neighbours"),
    "edge_index": Variable(("end", "edge"), "edges, both directions"),
    "graph_of_node": Variable(("node",), "number of the graph of the node, in datasets of graphs"),
}

LAYER_VARIABLES: Final = (
    "cluster_label",
    "centroid",
    "rational_numerator",
    "rational_denominator",
    "slot_input_histogram",
)

HISTOGRAM_REACH: Final = 8.0
HISTOGRAM_BINS: Final = 82
"""80 bins of width 0.2 from -8 to 8, one for all that is below and one for all that is above."""


def is_number(value: object) -> bool:
    """Return whether a value can be the number of a layer or an epoch; those of NumPy can."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def tensor_name(variable: str, layer: int, stage: str | None = None) -> str:
    """Return the name of a tensor in a snapshot file, such as ``embedding.conv.0003``."""
    return ".".join(part for part in (variable, stage, f"{layer:04d}") if part is not None)


def snapshot_file(epoch: int) -> str:
    """Return the path of the snapshot of this epoch within the record."""
    return f"{SNAPSHOT_FOLDER}/{epoch:04d}.safetensors"


def check_metrics_line(line: Mapping[str, Any], layers: int, where: str) -> None:
    """Check one line of ``metrics.jsonl`` against the contract.

    Args:
        line: The decoded line.
        layers: Number of layers of the run.
        where: File and line, for the message.

    Raises:
        RecordError: Naming the place and what is wrong there.
    """
    if not _is_count(line.get("epoch")):
        raise RecordError(f"{where}: 'epoch' is {shown(line.get('epoch'))}, it must be an integer of at least 0")
    for variable in ("loss", *(name for name in vocabulary.SCORES if name in line)):
        values = line.get(variable)
        if not isinstance(values, Mapping) or set(values) != set(vocabulary.SPLITS):
            raise RecordError(f"{where}: {variable!r} must hold {', '.join(vocabulary.SPLITS)}")
        _check_numbers(list(values.values()), f"{where}: {variable!r}")
    check_layers(line.get("layers", {}), layers, where)


def check_layers(measures: Any, layers: int, where: str) -> None:
    """Check the measures of one epoch; arguments and errors as in :func:`check_metrics_line`."""
    if not isinstance(measures, Mapping):
        raise RecordError(f"{where}: 'layers' must hold measures")
    for variable, stages in measures.items():
        if variable not in vocabulary.MEASURES or not isinstance(stages, Mapping):
            raise RecordError(f"{where}: unknown measure {shown(variable)}")
        if set(stages) != set(vocabulary.STAGES):
            raise RecordError(f"{where}: {variable!r} must hold {', '.join(vocabulary.STAGES)}")
        for stage, values in stages.items():
            if not isinstance(values, list) or len(values) != layers:
                raise RecordError(f"{where}: {variable!r} at {stage} must be a list of {layers} values, one per layer")
            _check_numbers(values, f"{where}: {variable!r} at {stage}")


def check_summary(summary: Mapping[str, Any], where: str) -> None:
    """Check what a summary holds of what readers use.

    Args:
        summary: The decoded file.
        where: The file, for the message.

    Raises:
        RecordError: Naming the file and what is wrong there.
    """
    if summary.get("status") not in STATUSES:
        raise RecordError(f"{where}: unknown status {shown(summary.get('status'))}")
    for name in _COUNTS & summary.keys():
        if not _is_count(summary[name]) and not (summary[name] is None and name == "parameters"):
            raise RecordError(f"{where}: {name!r} is {shown(summary[name])}, it must be an integer of at least 0")
    for name in _MEASURED & summary.keys():
        _check_numbers([summary[name]], f"{where}: {name!r}")
    for name in (name for name in vocabulary.SCORES if name in summary):
        scores = summary[name]
        if not isinstance(scores, Mapping) or not set(scores) <= set(vocabulary.SPLITS):
            raise RecordError(f"{where}: {name!r} must hold some of {', '.join(vocabulary.SPLITS)}")
        _check_numbers(list(scores.values()), f"{where}: {name!r}")
    said = summary.get("warnings", [])
    if not isinstance(said, list) or not all(isinstance(line, str) for line in said):
        raise RecordError(f"{where}: 'warnings' must be a list of sentences")


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _check_numbers(values: list[Any], where: str) -> None:
    for value in values:
        number = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max
        if value is not None and not number:
            raise RecordError(f"{where} holds {shown(value)}, which is no finite number")
