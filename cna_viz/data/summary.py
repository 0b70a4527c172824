"""Figures of every dataset for a listing.

They are kept in the cache: a second listing is quick and does not import torch.
"""

import hashlib
import json
import math
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypedDict

from cna_viz.config import CSBMConfig, DataConfig
from cna_viz.config.vocabulary import METRIC_OF, TASK_OF
from cna_viz.data.catalog import CATALOG
from cna_viz.data.roots import READING_VERSION, data_root, find, fingerprint
from cna_viz.data.spec import DatasetSpec
from cna_viz.errors import CnaVizError
from cna_viz.files import cache_root, write_atomically

EMBEDDED: Final = "embedded"
"""Where an embedded dataset lies."""


class _Figures(TypedDict):
    nodes: int
    edges: int
    features: int
    classes: int
    homophily: float | None


@dataclass(frozen=True)
class DatasetSummary:
    """What a listing says of one dataset; the figures are ``None`` when it is not on disk or can't be read.

    Attributes:
        name: Name of the dataset.
        nodes: Number of nodes.
        edges: Number of undirected edges.
        features: Number of features of a node.
        classes: Number of classes; 0 where the targets are numbers.
        homophily: Share of edges that join nodes of one class, 0 to 1; ``None`` also where there are no edges or
            classes.
        on_disk: Whether it can be used without a download; embedded ones always can.
        where: Folder of the raw files, or ``"embedded"``; ``None`` when not on disk.
        problem: Why a dataset on disk can't be read; ``None`` when all is well.
    """

    name: str
    nodes: int | None = None
    edges: int | None = None
    features: int | None = None
    classes: int | None = None
    homophily: float | None = None
    on_disk: bool = False
    where: str | None = None
    problem: str | None = None

    @property
    def task(self) -> str:
        """What is to be told: node-classification, node-regression or graph-classification."""
        return TASK_OF[self.name]

    @property
    def metric(self) -> str:
        """The score that selects: accuracy, roc_auc or nmse."""
        return METRIC_OF[self.name]


def summarize(root: Path | None = None) -> list[DatasetSummary]:
    """Return a summary of every dataset, in the vocabulary's order. Nothing is downloaded.

    A ``csbm`` is summarized with its default parameters; a dataset with a folder of its own for ``geom-gcn`` by its
    main one.

    Args:
        root: Data root; ``CNA_VIZ_DATA`` or the cache when left out.

    Raises:
        DataError: The data root does not exist.
    """
    data_root(root)  # refuses before any work is done
    return [_summarize(spec, root) for spec in CATALOG.values()]


def _summarize(spec: DatasetSpec, root: Path | None) -> DatasetSummary:
    folder = find(spec.raw, root) if spec.raw is not None else None
    if spec.raw is not None and folder is None:
        return DatasetSummary(spec.name)
    where = EMBEDDED if folder is None else str(folder)
    try:
        figures = _kept_or_measured(spec, folder)
    except (CnaVizError, OSError) as error:
        return DatasetSummary(spec.name, on_disk=True, where=where, problem=str(error))
    return DatasetSummary(spec.name, **figures, on_disk=True, where=where)


def _kept_or_measured(spec: DatasetSpec, folder: Path | None) -> _Figures:
    path = cache_root() / "summaries" / f"{spec.name}-{_key(spec, folder)}.json"
    try:
        return _checked(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):  # not there yet, or damaged: either way it is measured
        figures = _measured(spec, folder)
    with suppress(OSError):  # a cache that can't be written makes the next listing slow, not wrong
        write_atomically(path, json.dumps(figures, allow_nan=False))
    return figures


def _key(spec: DatasetSpec, folder: Path | None) -> str:
    if folder is not None and spec.raw is not None:
        return fingerprint(folder, spec.raw)
    return hashlib.sha256(f"{READING_VERSION} {CSBMConfig().model_dump_json()}".encode()).hexdigest()[:16]


def _checked(figures: _Figures) -> _Figures:
    homophily = figures["homophily"]
    return _Figures(
        nodes=int(figures["nodes"]),
        edges=int(figures["edges"]),
        features=int(figures["features"]),
        classes=int(figures["classes"]),
        homophily=None if homophily is None else float(homophily),
    )


def _measured(spec: DatasetSpec, folder: Path | None) -> _Figures:
    from cna_viz.data.datasets import load_graph, read_graph  # imports torch, which a listing from the cache avoids
    from cna_viz.data.homophily import edge_homophily

    data = DataConfig(dataset=spec.name)
    # Read without the graph cache: to list a folder of large graphs must not copy them all.
    graph = load_graph(data) if folder is None else read_graph(spec, data.split, folder)
    homophily = edge_homophily(graph)
    return _Figures(
        nodes=graph.num_nodes,
        edges=graph.edge_index.shape[1] // 2,
        features=graph.num_features,
        classes=graph.num_classes,
        homophily=None if math.isnan(homophily) else homophily,
    )
