"""Valid records of random numbers in milliseconds, for tests and documentation."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from cna_viz.config import RunConfig, vocabulary
from cna_viz.records import schema
from cna_viz.records.record import Record, load_record
from cna_viz.records.writing.writer import RecordWriter
from cna_viz.scores import recorded

RING: Final = 3
"""Nodes per graph in datasets of graphs."""

Array = np.ndarray[Any, Any]


def synthetic_record(
    runs: Path,
    config: RunConfig | None = None,
    *,
    nodes: int = 60,
    classes: int = 3,
    epochs: int = 5,
    unlabelled: int = 0,
    diverged: int | None = None,
    class_names: Sequence[str] = (),
    **summary: Any,
) -> Record:
    """Write a synthetic record of ``nodes`` on a ring below ``runs`` and open it; ``summary`` overrides its entries.

    Measures and scores fall with depth, the loss falls with the epochs; embeddings are class blobs that shrink with the
    layer. The last ``unlabelled`` nodes (graphs) have no target; where nothing is scored (a watched network), none has.
    From the epoch ``diverged`` on, nothing is finite. Everything is drawn from the config's seed.
    """
    config = config or RunConfig()
    rng = np.random.default_rng(config.seed)
    target = np.arange(nodes) % classes
    unlabelled = nodes if config.task == "none" else unlabelled
    best = summary.setdefault("best_epoch", epochs)
    selected = best if best in range(epochs + 1) else epochs
    folder = runs / config.run_id
    named = {"class_names": list(class_names)} if class_names else {}
    with RecordWriter(folder, config, {"versions": {}, "synthetic": True, **named}) as writer:
        writer.graph(_graph(config, target, unlabelled))
        lost = epochs + 1 if diverged is None else diverged
        lines = [_line(epoch, config, rng, finite=epoch < lost) for epoch in range(epochs + 1)]
        writer.selected(selected, lines[selected]["layers"])
        for line in lines:
            measured = line["epoch"] % config.recording.every == 0
            writer.epoch(line if measured else {k: v for k, v in line.items() if k != "layers"}, seconds=0.01)
        kept = {"none": (), "ends": (0, selected, epochs), "log": (0, 1, selected, epochs)}[config.recording.snapshots]
        for epoch in sorted({epoch for epoch in kept if epoch <= epochs}):
            tensors = _snapshot(config, target, rng)
            writer.snapshot(epoch, tensors if epoch < lost else {name: _lost(one) for name, one in tensors.items()})
        score = dict.fromkeys(vocabulary.SPLITS, float(0.9 * 0.95**config.layers + 0.02 * rng.random()))
        scores = dict.fromkeys(_scores(config), score if diverged is None else {})
        defaults: dict[str, Any] = {
            "status": "complete" if diverged is None else "diverged",
            **scores,
            "epochs": epochs,
            "warnings": [],
        }
        writer.seal({**defaults, "seconds_per_epoch": 0.01, "parameters": 100, "peak_memory_mib": 1.0, **summary})
    return load_record(folder)


def _graph(config: RunConfig, target: Array, unlabelled: int) -> dict[str, Array]:
    """Return the graph's tensors: a ring of nodes, or rings of three in datasets of graphs."""
    nodes = np.arange(len(target))
    graphs = config.task == "graph-classification"
    member = nodes // RING if graphs else nodes
    following = np.where((nodes + 1) % RING, nodes + 1, nodes + 1 - RING) if graphs else (nodes + 1) % len(nodes)
    edges = np.stack([nodes, np.minimum(following, len(nodes) - 1)])
    missing: float = -1
    if config.task == "node-regression":
        target, missing = (target + 0.5).astype(np.float32), np.nan
    known = member <= member.max() - unlabelled
    tensors = {
        "target": np.where(known, target[member], missing).astype(target.dtype),
        "split_of_node": np.where(known, member % len(vocabulary.SPLITS) + 1, 0).astype(np.int8),
        "degree": np.full(len(nodes), 2),
        "edge_index": np.concatenate([edges, edges[::-1]], axis=1),
        "graph_of_node": member,
        "edge_weight": np.ones(2 * len(nodes), dtype=np.float32),
        "is_arc": (np.arange(2 * len(nodes)) < len(nodes)).astype(np.int8),
    }
    return {name: tensors[name] for name in schema.graph_tensors(config.about)}


def _scores(config: RunConfig) -> tuple[str, ...]:
    return () if config.task == "none" else recorded(config.task, config.metric)


def _lost(tensor: Array) -> Array:
    """Return a tensor of a run without finite outputs: NaN, or -1 for a class."""
    return np.full_like(tensor, np.nan if tensor.dtype.kind == "f" else -1)


def _line(epoch: int, config: RunConfig, rng: np.random.Generator, *, finite: bool) -> dict[str, Any]:
    layers = config.layers
    falling = np.exp(-np.arange(1, layers + 1) / 4) * (1 + 0.1 * rng.random(layers))
    stages = {"conv": falling.tolist(), "slot": [*falling[:-1].tolist(), None]}
    loss = {name: 2 * 0.9**epoch + 0.1 * rng.random() for name in vocabulary.SPLITS}
    score = dict.fromkeys(vocabulary.SPLITS, 1 - 0.8 * 0.9**epoch)
    if not finite:
        unknown = dict.fromkeys(vocabulary.SPLITS)
        nothing = dict.fromkeys(config.recording.measures, dict.fromkeys(stages, [None] * layers))
        return {"epoch": epoch, "loss": unknown, **dict.fromkeys(_scores(config), unknown), "layers": nothing}
    scores = dict.fromkeys(_scores(config), score)
    return {"epoch": epoch, "loss": loss, **scores, "layers": dict.fromkeys(config.recording.measures, stages)}


def _snapshot(config: RunConfig, target: Array, rng: np.random.Generator) -> dict[str, Array]:
    layers, hidden, classes = config.layers, config.model.hidden, int(target.max()) + 1
    centers = rng.standard_normal((classes, hidden))
    dtype = np.float32 if config.task == "node-regression" else np.int32
    tensors: dict[str, Array] = {} if config.task == "none" else {"prediction": target.astype(dtype)}
    for layer in range(1, layers + 1):
        width = hidden if layer < layers else classes
        blobs = 1 + np.exp(-layer / 4) * (centers[target] + rng.standard_normal((len(target), hidden)))
        tensors[schema.tensor_name("embedding", layer, "conv")] = blobs[:, :width].astype(np.float16)
        if layer < layers:
            tensors[schema.tensor_name("embedding", layer, "slot")] = blobs.astype(np.float16)
    assignment = config.model.factors.get("assignment", "none")
    clusters = config.model.clusters if config.model.uses_clusters else 1
    clusters = classes if assignment == "labels" else clusters
    for layer in range(1, layers):
        state: dict[str, Array] = {}
        if assignment != "none":
            state["cluster_label"] = (np.arange(len(target)) % clusters).astype(np.int32)
        if assignment == "kmeans":
            state["centroid"] = rng.standard_normal((clusters, hidden)).astype(np.float32)
        if config.model.factors.get("activation") == "rational":
            state["rational_numerator"] = rng.random((clusters, 6)).astype(np.float32)
            state["rational_denominator"] = rng.random((clusters, 4)).astype(np.float32)
            bins = np.exp(-(np.linspace(-8, 8, schema.HISTOGRAM_BINS)[None] ** 2) / 2) * np.ones((clusters, 1))
            state["slot_input_histogram"] = np.round(1000 * bins).astype(np.int64)
        tensors |= {schema.tensor_name(name, layer): array for name, array in state.items()}
    return tensors
