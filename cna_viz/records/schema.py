"""The contract of a record: files, variables, dimensions. Spelled out for people in docs/schema.md."""

import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Any, Final, TypeGuard

from cna_viz.config import vocabulary
from cna_viz.config.measures import MEASURES
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
LARGEST: Final = 2**63 - 1
"""Largest whole number that arrays can hold."""
MOST_LAYERS: Final = 2**14
"""Layers of the deepest network whose record is read."""


@dataclass(frozen=True)
class Variable:
    """One variable of a record.

    Attributes:
        dims: Its dimensions.
        meaning: What it means.
        dtypes: Of a tensor, the types it may have, as safetensors calls them; integers are at least 0.
        sizes: Dimensions that always have the same size.
        most: Largest integer it may hold, or the dimension whose positions its integers are (of edges: their number).
        ascending: Whether its integers never fall.
    """

    dims: tuple[str, ...]
    meaning: str
    dtypes: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    most: int | str = LARGEST
    ascending: bool = False

    @property
    def stored_dims(self) -> tuple[str, ...]:
        """The dimensions of a stored tensor, which belongs to one snapshot, layer and stage."""
        return tuple(dim for dim in self.dims if dim not in ("snapshot", "layer", "stage"))


PER_LAYER: Final = ("epoch", "layer", "stage")
"""The dimensions of a measure."""

PER_PART: Final = ("epoch", "split")
"""The dimensions of loss and scores."""

PER_CLUSTER: Final = ("snapshot", "layer", "cluster")
"""The first dimensions of the state of a slot."""

HISTOGRAM_REACH: Final = 8.0
HISTOGRAM_BINS: Final = 82
"""80 bins of width 0.2 from -8 to 8, one for all that is below and one for all that is above."""

VARIABLES: Final[dict[str, Variable]] = {
    "loss": Variable(PER_PART, "mean cross-entropy in nats, or mean squared error"),
    "accuracy": Variable(PER_PART, "share of correctly classified nodes or graphs, 0 to 1"),
    "macro_f1": Variable(PER_PART, "F1, mean over classes, 0 to 1"),
    "roc_auc": Variable(PER_PART, "area under the ROC curve of two classes, 0 to 1"),
    "nmse": Variable(PER_PART, "mean squared error by the mean of all targets"),
    "r2": Variable(PER_PART, "share of the variance that is explained, at most 1"),
    **{name: Variable(PER_LAYER, measure.meaning) for name, measure in MEASURES.items()},
    "embedding": Variable(("snapshot", "layer", "stage", "node", "channel"), "features", ("F16", "F32")),
    "prediction": Variable(
        ("snapshot", "node"), "class or number answered for the node, or for its graph", ("I32", "F32")
    ),
    "cluster_label": Variable(
        ("snapshot", "layer", "node"), "cluster of the node in the slot", ("I32",), most="cluster"
    ),
    "centroid": Variable((*PER_CLUSTER, "channel"), "centroids of the slot's clusters", ("F32",)),
    "rational_numerator": Variable(
        (*PER_CLUSTER, "coefficient"), "a0 ... a5 of the rational", ("F32",), {"coefficient": 6}
    ),
    "rational_denominator": Variable(
        (*PER_CLUSTER, "coefficient"), "b1 ... b4 of the rational", ("F32",), {"coefficient": 4}
    ),
    "slot_input_histogram": Variable(
        (*PER_CLUSTER, "bin"),
        "how many values of the cluster's nodes enter its rational, by bin",
        ("I64",),
        {"bin": HISTOGRAM_BINS},
    ),
    "target": Variable(("node",), "class or number to tell, of the node or of its graph", ("I64", "F32")),
    "split_of_node": Variable(("node",), "0 none, 1 train, 2 val, 3 test", ("I8",), most=3),
    "degree": Variable(("node",), "number of neighbours", ("I64",), most="edge"),
    "edge_index": Variable(("end", "edge"), "edges, both directions", ("I64",), {"end": 2}, most="node"),
    "graph_of_node": Variable(
        ("node",), "number of the graph of the node, in datasets of graphs", ("I64",), most="node", ascending=True
    ),
}

LAYER_VARIABLES: Final = (
    "cluster_label",
    "centroid",
    "rational_numerator",
    "rational_denominator",
    "slot_input_histogram",
)

_SNAPSHOT: Final = re.compile(rf"{SNAPSHOT_FOLDER}/([0-9]{{4,19}})\.safetensors")
_TENSOR: Final = re.compile(
    rf"(?:(embedding)\.({'|'.join(vocabulary.STAGES)})|({'|'.join(LAYER_VARIABLES)}))\.([0-9]{{4,9}})"
)


def is_number(value: object) -> bool:
    """Return whether a value can be the number of a layer or an epoch; those of NumPy can."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def tensor_name(variable: str, layer: int, stage: str | None = None) -> str:
    """Return the name of a tensor in a snapshot file, such as ``embedding.conv.0003``."""
    return ".".join(part for part in (variable, stage, f"{layer:04d}") if part is not None)


def snapshot_file(epoch: int) -> str:
    """Return the path of the snapshot of this epoch within the record."""
    return f"{SNAPSHOT_FOLDER}/{epoch:04d}.safetensors"


def snapshot_epoch(file: str) -> int | None:
    """Return the epoch whose snapshot has this path within the record; None where none has."""
    found = _SNAPSHOT.fullmatch(file)
    epoch = int(found[1]) if found else LARGEST + 1
    return epoch if epoch <= LARGEST and snapshot_file(epoch) == file else None


def is_record_file(file: object) -> TypeGuard[str]:
    """Return whether the manifest of a record can list a file of this path."""
    return isinstance(file, str) and (file in REQUIRED_FILES or snapshot_epoch(file) is not None)


def variable_of(name: str, layers: int = LARGEST) -> tuple[str, int] | None:
    """Return the variable and the layer of a tensor of a snapshot; None where no snapshot has one of this name.

    Args:
        name: Name of the tensor; that of the prediction has no layer, which is 0.
        layers: Layers of the network; the last has no slot.
    """
    if name == "prediction":
        return name, 0
    found = _TENSOR.fullmatch(name)
    if found is None:
        return None
    variable, stage, layer = found[1] or found[3], found[2], int(found[4])
    last = layers if stage == "conv" else layers - 1
    return (variable, layer) if 1 <= layer <= last and tensor_name(variable, layer, stage) == name else None


def graph_tensors(task: str) -> tuple[str, ...]:
    """Return the names of the tensors that the graph of a run with this task has."""
    names = ("target", "split_of_node", "degree", "edge_index")
    return (*names, "graph_of_node") if task == "graph-classification" else names


def required_tensors(layers: int, *, watched: bool) -> Iterator[str]:
    """Yield the names of the tensors that every snapshot has.

    Args:
        layers: Layers of the network.
        watched: Whether it was watched: what enters a layer of somebody else's need not be features.
    """
    yield "prediction"
    for layer in range(1, 1 if watched else layers + 1):
        yield tensor_name("embedding", layer, "conv")
        if layer < layers:
            yield tensor_name("embedding", layer, "slot")


def check_metrics_line(line: Mapping[str, Any], layers: int, where: str) -> None:
    """Check one line of ``metrics.jsonl`` against the contract.

    Args:
        line: The decoded line.
        layers: Number of layers of the run.
        where: File and line, for the message.

    Raises:
        RecordError: Naming the place and what is wrong there.
    """
    if not is_count(line.get("epoch")):
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
        if variable not in MEASURES or not isinstance(stages, Mapping):
            raise RecordError(f"{where}: unknown measure {shown(variable)}")
        if set(stages) != set(vocabulary.STAGES):
            raise RecordError(f"{where}: {variable!r} must hold {', '.join(vocabulary.STAGES)}")
        for stage, values in stages.items():
            if not isinstance(values, list) or len(values) != layers:
                raise RecordError(f"{where}: {variable!r} at {stage} must be a list of {layers} values, one per layer")
            _check_numbers(values, f"{where}: {variable!r} at {stage}")


def is_count(value: object) -> bool:
    """Return whether a value from JSON counts something."""
    return type(value) is int and 0 <= value <= LARGEST


def is_measured(value: object) -> bool:
    """Return whether a value from JSON is a finite number, or null where nothing was measured."""
    if value is None:
        return True
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _check_numbers(values: list[Any], where: str) -> None:
    for value in values:
        if not is_measured(value):
            raise RecordError(f"{where} holds {shown(value)}, which is no finite number")
