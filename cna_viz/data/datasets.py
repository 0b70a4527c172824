"""From a name to a graph: embedded, or read from raw files in the data root, or downloaded into the cache first."""

import logging
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import torch
from safetensors import SafetensorError
from torch_geometric.data import Data
from torch_geometric.transforms import NormalizeFeatures

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG, DatasetSpec
from cna_viz.data import readers
from cna_viz.data.catalog import check
from cna_viz.data.clean import clean
from cna_viz.data.content import content_digest, load_tensors, save_tensors
from cna_viz.data.download import download, reason
from cna_viz.data.embedded import EMBEDDED
from cna_viz.data.graph import Graph
from cna_viz.data.known import published_content
from cna_viz.data.own.store import load_own, load_split
from cna_viz.data.roots import find, fingerprint
from cna_viz.data.splits import make_split
from cna_viz.errors import DataError
from cna_viz.files import cache_root, write_atomically

logger = logging.getLogger("cna_viz")


def load_graph(data: DataConfig, root: Path | None = None) -> Graph:
    """Return the graph that ``data`` names, with the masks of its split protocol where it has any.

    Raw files are looked for in the data root, then among earlier downloads, and are otherwise downloaded into the
    cache. Nothing is ever written to the data root. The graph is cached until its raw files change.

    Args:
        data: Which graph, and which split.
        root: Data root; ``CNA_VIZ_DATA`` or the cache when left out. An embedded graph needs none.

    Raises:
        UsageError: The dataset lacks the split protocol, or the parameters of a csbm contradict each other.
        DataError: The data root does not exist, or the raw files can't be found, downloaded or read.
    """
    check(data)
    graph = _load(data, root) if data.own is None else load_own(data.own.name, data.own.digest)
    graph = replace(graph, content=content_digest(graph) if data.own is None else data.own.digest)
    published = None if data.own else published_content(data)
    if published not in (None, graph.content):
        logger.warning(
            "%s has content %s, not the published %s: its numbers compare with no published ones",
            data.dataset,
            graph.content[:12],
            published[:12],
        )
    if not data.is_directed and graph.arcs is not None:
        graph = replace(graph, arcs=None)
    if not data.is_weighted and graph.edge_weight is not None:
        graph = replace(graph, edge_weight=None)
    if data.features == "row-normalized":
        graph = replace(graph, x=NormalizeFeatures()(Data(x=graph.x)).x)
    if data.split_file is not None:
        graph = replace(graph, published={**graph.published, "own": load_split(data.split_file, graph)})
    return graph


def _load(data: DataConfig, root: Path | None) -> Graph:
    if data.dataset in EMBEDDED:
        return EMBEDDED[data.dataset](data)
    spec = CATALOG[data.dataset]
    raw = spec.raw_for(data.split)
    assert raw is not None, f"{spec.name} is not embedded and has no files"
    folder = find(raw, root) or download(spec, data.split, raw, root)
    cached = cache_root() / "graphs" / f"{spec.name}-{fingerprint(folder, raw)}.safetensors"
    return load_or_make(cached, spec.name, lambda: read_graph(spec, data.split, folder))


def load_data(config: DataConfig, root: Path | str | None = None, *, seed: int = 0) -> Data:
    """Return ``Data`` with ``x``, ``y``, ``edge_index``, ``num_classes`` and the masks of the split, for your own loop.

    A dataset of graphs is one ``Data`` with all of them side by side: ``batch`` is the graph of every node, and ``y``
    and the masks have an entry per graph.

    Args:
        config: Dataset and split protocol.
        root: Data root; the environment variable CNA_VIZ_DATA or the user's cache folder when left out.
        seed: Seed of a random split, where the config has none.

    Raises:
        UsageError: When the dataset has no such split.
        DataError: When the dataset can't be found, downloaded or read.
    """
    graph = load_graph(config, None if root is None else Path(root))
    split = make_split(graph, config.split, seed if config.split_seed is None else config.split_seed)
    edges = graph.edge_index if graph.arcs is None else graph.arcs
    data = Data(x=graph.x, y=graph.target, edge_index=edges, num_classes=graph.num_classes)
    if graph.edge_weight is not None:
        data.edge_weight = graph.edge_weight
    if graph.graph_of_node is not None:
        data.batch = graph.graph_of_node
    for name, rows in split.items():
        mask = torch.zeros(len(graph.target), dtype=torch.bool)
        mask[rows] = True
        data[f"{name}_mask"] = mask
    return data


def read_graph(spec: DatasetSpec, protocol: str, folder: Path) -> Graph:
    """Read a dataset, not an embedded one, from the folder with the files of ``spec.raw_for(protocol)``.

    Raises:
        DataError: The files are not what they should be.
    """
    try:
        return clean(spec.name, readers.read(spec, protocol, folder), spec.masks_with(protocol))
    except DataError:
        raise
    # A damaged file can make a reader raise anything: bad pickles alone raise a dozen types.
    except Exception as error:
        raise DataError(f"dataset {spec.name!r} can't be read from {folder}: {reason(error)}") from error


def load_or_make(path: Path, name: str, make: Callable[[], Graph]) -> Graph:
    """Return the graph cached at ``path`` in a safetensors file; make and cache it where there is none.

    A damaged file is made again. A cache that can't be written costs time only and is logged; errors of ``make`` are
    passed on.
    """
    if path.is_file():
        try:
            return load_tensors(path, name)
        except (OSError, SafetensorError, KeyError) as error:
            logger.warning("cached graph %s is damaged (%s): it is made again", path, error)
    graph = make()
    try:
        write_atomically(path, save_tensors(graph))
    except (OSError, SafetensorError) as error:
        logger.warning("graph %r can't be cached: %s", name, error)
    return graph
