"""Valid records of random numbers in milliseconds, for tests and documentation."""

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
    runs: Path, config: RunConfig | None = None, *, nodes: int = 60, classes: int = 3, epochs: int = 5, **summary: Any
) -> Record:
    """Write a synthetic record below ``runs`` and open it.

    Measures and scores fall with depth, the loss falls with the epochs; embeddings are class blobs that shrink with the
    layer. Everything is drawn from the config's seed.

    Args:
        runs: Folder of the records.
        config: The config of the run.
        nodes: Number of nodes, on a ring.
        classes: Number of classes.
        epochs: Last epoch.
        **summary: Entries of the summary to override.
    """
    config = config or RunConfig()
    rng = np.random.default_rng(config.seed)
    target = np.arange(nodes) % classes
    folder = runs / config.run_id
    with RecordWriter(folder, config, {"versions": {}, "synthetic": True}) as writer:
        writer.graph(_graph(config, target))
        lines = [_line(epoch, config, rng) for epoch in range(epochs + 1)]
        writer.selected(epochs, lines[-1]["layers"])
        for line in lines:
            measured = line["epoch"] % config.recording.every == 0
            writer.epoch(line if measured else {k: v for k, v in line.items() if k != "layers"}, seconds=0.01)
        kept = {"none": (), "ends": (0, epochs), "log": (0, 1, epochs)}[config.recording.snapshots]
        for epoch in sorted({epoch for epoch in kept if epoch <= epochs}):
            writer.snapshot(epoch, _snapshot(config, target, rng))
        score = dict.fromkeys(vocabulary.SPLITS, float(0.9 * 0.95**config.model.layers + 0.02 * rng.random()))
        ends = {"best_epoch": epochs, "epochs": epochs}
        scores = dict.fromkeys(recorded(config.data.task, config.metric), score)
        defaults = {"status": "complete", **scores, **ends, "warnings": []}
        writer.seal({**defaults, "seconds_per_epoch": 0.01, "parameters": 100, "peak_memory_mib": 1.0, **summary})
    return load_record(folder)


def _graph(config: RunConfig, target: Array) -> dict[str, Array]:
    """Return the graph's tensors: a ring of nodes, or rings of three in datasets of graphs."""
    nodes = np.arange(len(target))
    graphs = config.data.task == "graph-classification"
    member = nodes // RING if graphs else nodes
    following = np.where((nodes + 1) % RING, nodes + 1, nodes + 1 - RING) if graphs else (nodes + 1) % len(nodes)
    edges = np.stack([nodes, np.minimum(following, len(nodes) - 1)])
    if graphs:
        target = target[member]
    if config.data.task == "node-regression":
        target = (target + 0.5).astype(np.float32)
    tensors = {
        "target": target,
        "split_of_node": (member % len(vocabulary.SPLITS) + 1).astype(np.int8),
        "degree": np.full(len(nodes), 2),
        "edge_index": np.concatenate([edges, edges[::-1]], axis=1),
    }
    return tensors | {"graph_of_node": member} if graphs else tensors


def _line(epoch: int, config: RunConfig, rng: np.random.Generator) -> dict[str, Any]:
    layers = config.model.layers
    depth = np.arange(1, layers + 1)
    falling = np.exp(-depth / 4) * (1 + 0.1 * rng.random(layers))
    measures = {name: {stage: falling.tolist() for stage in vocabulary.STAGES} for name in config.recording.measures}
    for stages in measures.values():
        stages["slot"] = [*stages["slot"][:-1], None]
    loss = {name: 2 * 0.9**epoch + 0.1 * rng.random() for name in vocabulary.SPLITS}
    score = dict.fromkeys(vocabulary.SPLITS, 1 - 0.8 * 0.9**epoch)
    scores = dict.fromkeys(recorded(config.data.task, config.metric), score)
    return {"epoch": epoch, "loss": loss, **scores, "layers": measures}


def _snapshot(config: RunConfig, target: Array, rng: np.random.Generator) -> dict[str, Array]:
    layers, hidden, classes = config.model.layers, config.model.hidden, int(target.max()) + 1
    centers = rng.standard_normal((classes, hidden))
    kind = np.float32 if config.data.task == "node-regression" else np.int32
    tensors: dict[str, Array] = {"prediction": target.astype(kind)}
    for layer in range(1, layers + 1):
        width = hidden if layer < layers else classes
        blobs = 1 + np.exp(-layer / 4) * (centers[target] + rng.standard_normal((len(target), hidden)))
        tensors[schema.tensor_name("embedding", layer, "conv")] = blobs[:, :width].astype(np.float16)
        if layer < layers:
            tensors[schema.tensor_name("embedding", layer, "slot")] = blobs.astype(np.float16)
    for layer in range(1, layers):
        factors = config.model.factors
        clusters = config.model.clusters if config.model.uses_clusters else 1
        if factors.get("assignment") == "labels":
            clusters = classes
        if factors.get("assignment", "none") != "none":
            tensors[schema.tensor_name("cluster_label", layer)] = (np.arange(len(target)) % clusters).astype(np.int32)
        if factors.get("assignment") == "kmeans":
            tensors[schema.tensor_name("centroid", layer)] = rng.standard_normal((clusters, hidden)).astype(np.float32)
        if factors.get("activation") == "rational":
            tensors[schema.tensor_name("rational_numerator", layer)] = rng.random((clusters, 6)).astype(np.float32)
            tensors[schema.tensor_name("rational_denominator", layer)] = rng.random((clusters, 4)).astype(np.float32)
            bins = np.exp(-(np.linspace(-8, 8, schema.HISTOGRAM_BINS)[None] ** 2) / 2) * np.ones((clusters, 1))
            tensors[schema.tensor_name("slot_input_histogram", layer)] = np.round(1000 * bins).astype(np.int64)
    return tensors
