"""The contract of a record: files, variables, dimensions. Explained in docs/schema.md."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from numbers import Integral
from typing import Final, TypeGuard

from cna_viz.config import DataConfig, RunConfig, WatchedConfig, vocabulary
from cna_viz.config.measures import MEASURES

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

_LINES: Final = (METRICS_FILE, TIMINGS_FILE)
REQUIRED_FILES: Final = (CONFIG_FILE, ENVIRONMENT_FILE, GRAPH_FILE, *_LINES, SELECTED_FILE, SUMMARY_FILE)
STATUSES: Final = ("complete", "diverged", "incomplete")
LARGEST: Final = 2**63 - 1
"""Largest integer that arrays can hold."""
MOST_LAYERS: Final = 2**14
"""Maximum depth of a network whose record is read."""


@dataclass(frozen=True)
class Variable:
    """One variable of a record.

    Attributes:
        dims: Its dimensions.
        dtypes: Allowed dtypes of a tensor, in the names of safetensors.
        sizes: Dimensions of fixed size.
        most: Largest allowed integer, or the dimension that its integers index (``edge``: a number of edges).
        ascending: Whether its integers ascend.
        least: Smallest allowed integer.
    """

    dims: tuple[str, ...]
    dtypes: tuple[str, ...] = ()
    sizes: Mapping[str, int] = field(default_factory=dict)
    most: int | str = LARGEST
    ascending: bool = False
    least: int = 0

    @property
    def stored_dims(self) -> tuple[str, ...]:
        """The dimensions of a stored tensor, which belongs to one snapshot, layer and stage."""
        return tuple(dim for dim in self.dims if dim not in ("snapshot", "layer", "stage"))


PER_LAYER: Final = ("epoch", "layer", "stage")
"""Dimensions of a measure."""
PER_SPLIT: Final = ("epoch", "split")
"""Dimensions of loss and scores."""
_PER_CLUSTER: Final = ("snapshot", "layer", "cluster")

HISTOGRAM_REACH: Final = 8.0
HISTOGRAM_BINS: Final = 82
"""80 bins of width 0.2 from -8 to 8, one below and one above."""

VARIABLES: Final[dict[str, Variable]] = {
    **dict.fromkeys(("loss", *vocabulary.SCORES), Variable(PER_SPLIT)),
    **dict.fromkeys(MEASURES, Variable(PER_LAYER)),
    "embedding": Variable(("snapshot", "layer", "stage", "node", "channel"), ("F16", "F32")),
    "prediction": Variable(("snapshot", "node"), ("I32", "F32"), least=-1),
    "cluster_label": Variable(("snapshot", "layer", "node"), ("I32",), most="cluster"),
    "centroid": Variable((*_PER_CLUSTER, "channel"), ("F32",)),
    "rational_numerator": Variable((*_PER_CLUSTER, "coefficient"), ("F32",), {"coefficient": 6}),
    "rational_denominator": Variable((*_PER_CLUSTER, "coefficient"), ("F32",), {"coefficient": 4}),
    "slot_input_histogram": Variable((*_PER_CLUSTER, "bin"), ("I64",), {"bin": HISTOGRAM_BINS}),
    "target": Variable(("node",), ("I64", "F32"), least=-1),
    "split_of_node": Variable(("node",), ("I8",), most=3),
    "degree": Variable(("node",), ("I64",), most="edge"),
    "edge_index": Variable(("end", "edge"), ("I64",), {"end": 2}, most="node"),
    "edge_weight": Variable(("edge",), ("F32",)),
    "is_arc": Variable(("edge",), ("I8",), most=1),
    "graph_of_node": Variable(("node",), ("I64",), most="node", ascending=True),
}

_RATIONAL: Final = ("rational_numerator", "rational_denominator")
LAYER_VARIABLES: Final = ("cluster_label", "centroid", *_RATIONAL, "slot_input_histogram")
"""The state of a slot."""

_SNAPSHOT: Final = re.compile(rf"{SNAPSHOT_FOLDER}/([0-9]{{4,19}})\.safetensors")
_TENSOR: Final = re.compile(
    rf"(?:(embedding)\.({'|'.join(vocabulary.STAGES)})|({'|'.join(LAYER_VARIABLES)}))\.([0-9]{{4,9}})"
)


def is_number(value: object) -> bool:
    """Whether a value is an integer, also one of NumPy, and not a bool."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def tensor_name(variable: str, layer: int, stage: str | None = None) -> str:
    """Return the name of a tensor in a snapshot file, such as ``embedding.conv.0003``."""
    return ".".join(part for part in (variable, stage, f"{layer:04d}") if part is not None)


def snapshot_file(epoch: int) -> str:
    """Return the path of the snapshot of this epoch within the record."""
    return f"{SNAPSHOT_FOLDER}/{epoch:04d}.safetensors"


def snapshot_epoch(file: str) -> int | None:
    """Return the epoch of the snapshot with this path within the record; None for any other path."""
    found = _SNAPSHOT.fullmatch(file)
    epoch = int(found[1]) if found else LARGEST + 1
    return epoch if epoch <= LARGEST and snapshot_file(epoch) == file else None


def is_record_file(file: object) -> TypeGuard[str]:
    """Whether a manifest can list a file of this path."""
    return isinstance(file, str) and (file in REQUIRED_FILES or snapshot_epoch(file) is not None)


def variable_of(name: str, layers: int = LARGEST) -> tuple[str, int] | None:
    """Return variable and layer of a tensor of a snapshot (the prediction has layer 0); None if the name is invalid.

    ``layers`` is the depth of the network, whose last layer has no slot.
    """
    if name == "prediction":
        return name, 0
    found = _TENSOR.fullmatch(name)
    if found is None:
        return None
    variable, stage, layer = found[1] or found[3], found[2], int(found[4])
    last = layers if stage == "conv" else layers - 1
    return (variable, layer) if 1 <= layer <= last and tensor_name(variable, layer, stage) == name else None


def graph_tensors(data: DataConfig | WatchedConfig) -> tuple[str, ...]:
    """Return the names of the tensors of the graph of a run on this data."""
    some = {
        "graph_of_node": data.task == "graph-classification",
        "edge_weight": data.is_weighted,
        "is_arc": data.is_directed,
    }
    return ("target", "split_of_node", "degree", "edge_index", *(name for name, has in some.items() if has))


def required_tensors(config: RunConfig) -> Iterator[str]:
    """Yield the tensors that every snapshot has; the layers of a watched network may lack embeddings."""
    if config.task != "none":
        yield "prediction"
    for layer in range(1, 1 if config.watched is not None else config.layers + 1):
        yield tensor_name("embedding", layer, "conv")
        if layer < config.layers:
            yield tensor_name("embedding", layer, "slot")


def is_count(value: object) -> bool:
    """Whether a value from JSON is an integer from 0 to :data:`LARGEST`."""
    return type(value) is int and 0 <= value <= LARGEST
