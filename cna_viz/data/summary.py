"""Figures of every dataset for a listing; cached, so that a second listing is quick and does not import torch."""

import hashlib
import json
import math
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cna_viz.config import CSBMConfig, DataConfig
from cna_viz.config.datasets import CATALOG, DatasetSpec
from cna_viz.config.own import PREFIX, entry_path, look_up, own_names
from cna_viz.data.roots import READING_VERSION, data_root, find, fingerprint
from cna_viz.errors import CnaVizError
from cna_viz.files import cache_root, write_atomically

EMBEDDED: Final = "embedded"
"""Location of an embedded dataset."""
_COUNTS: Final = ("nodes", "edges", "features", "classes")


@dataclass(frozen=True)
class DatasetSummary:
    """A dataset in a listing; the figures are ``None`` when it is not on disk or can't be read.

    Attributes:
        task: The task: node-classification, node-regression or graph-classification; empty where it is unknown.
        metric: The score that selects, such as accuracy, roc_auc or nmse; empty where it is unknown.
        edges: Number of undirected edges.
        classes: Number of classes; 0 where the targets are numbers.
        homophily: Share of edges within a class, 0 to 1; ``None`` also where there are no edges or classes.
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
    task: str = ""
    metric: str = ""


def summarize(root: Path | None = None) -> list[DatasetSummary]:
    """Return a summary of every dataset, in the vocabulary's order, then the user's graphs. Nothing is downloaded.

    A ``csbm`` is summarized with its default parameters; a dataset with a folder of its own for ``geom-gcn`` by its
    main one.

    Args:
        root: Data root; ``CNA_VIZ_DATA`` or the cache when left out.

    Raises:
        DataError: The data root does not exist.
    """
    data_root(root)  # refuses before any work is done
    published = (replace(_summarize(spec, root), task=spec.task, metric=spec.metric) for spec in CATALOG.values())
    return [*published, *map(_summarize_own, own_names())]


def _summarize_own(name: str) -> DatasetSummary:
    where = str(entry_path(name))
    try:
        facts = look_up(name)
        figures = {key: facts[key] for key in (*_COUNTS, "homophily", "task", "metric")}
    except (CnaVizError, KeyError) as error:
        return DatasetSummary(PREFIX + name, on_disk=True, where=where, problem=f"{where}: is damaged ({error})")
    return DatasetSummary(PREFIX + name, **figures, on_disk=True, where=where)


def _summarize(spec: DatasetSpec, root: Path | None) -> DatasetSummary:
    folder = None if spec.raw is None else find(spec.raw, root)
    if spec.raw is not None and folder is None:
        return DatasetSummary(spec.name)
    where = EMBEDDED if folder is None else str(folder)
    try:
        figures = _cached_or_measured(spec, folder)
    except (CnaVizError, OSError) as error:
        return DatasetSummary(spec.name, on_disk=True, where=where, problem=str(error))
    return DatasetSummary(spec.name, **figures, on_disk=True, where=where)


def _cached_or_measured(spec: DatasetSpec, folder: Path | None) -> dict[str, Any]:
    if folder is not None and spec.raw is not None:
        key = fingerprint(folder, spec.raw)
    else:
        key = hashlib.sha256(f"{READING_VERSION} {CSBMConfig().model_dump_json()}".encode()).hexdigest()[:16]
    path = cache_root() / "summaries" / f"{spec.name}-{key}.json"
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        homophily = None if found["homophily"] is None else float(found["homophily"])
        return {name: int(found[name]) for name in _COUNTS} | {"homophily": homophily}
    except (OSError, ValueError, KeyError, TypeError):  # not there yet, or damaged: either way it is measured
        figures = _measured(spec, folder)
    with suppress(OSError):  # a cache that can't be written makes the next listing slow, not wrong
        write_atomically(path, json.dumps(figures, allow_nan=False))
    return figures


def _measured(spec: DatasetSpec, folder: Path | None) -> dict[str, Any]:
    from cna_viz.data.datasets import load_graph, read_graph  # imports torch, which a listing from the cache avoids
    from cna_viz.data.graph import edge_homophily

    data = DataConfig(dataset=spec.name)
    # Read without the graph cache: listing a folder of large graphs must not copy them all.
    graph = load_graph(data) if folder is None else read_graph(spec, data.split, folder)
    counts = (graph.num_nodes, graph.edge_index.shape[1] // 2, graph.num_features, graph.num_classes)
    homophily = edge_homophily(graph)
    return dict(zip(_COUNTS, counts, strict=True)) | {"homophily": None if math.isnan(homophily) else homophily}
