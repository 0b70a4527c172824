"""From a name to a graph: embedded, or read from raw files in the data root, or downloaded into the cache first."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from cna_viz.config import DataConfig
from cna_viz.data import musae, npz, ogb, pyg, tu
from cna_viz.data.catalog import CATALOG, check
from cna_viz.data.clean import RawGraph, clean
from cna_viz.data.download import download, reason
from cna_viz.data.embedded import EMBEDDED
from cna_viz.data.graph import Graph
from cna_viz.data.graph_cache import load_or_make
from cna_viz.data.roots import find, fingerprint
from cna_viz.data.spec import DatasetSpec
from cna_viz.errors import DataError
from cna_viz.files import cache_root

READERS: Final[dict[str, Callable[[DatasetSpec, str, Path], RawGraph]]] = {
    "planetoid": pyg.read,
    "webkb": pyg.read,
    "actor": pyg.read,
    "heterophilous": pyg.read,
    "amazon": pyg.read,
    "citation-full": pyg.read,
    "ogb": ogb.read,
    "npz": npz.read,
    "musae": musae.read,
    "tu": tu.read,
}
"""What reads the raw files of a dataset, by its family."""


def load_graph(data: DataConfig, root: Path | None = None) -> Graph:
    """Return the graph that ``data`` names, with the published masks of its split protocol where it has any.

    Raw files are looked for in the data root and then among earlier downloads; when they are in neither, they are
    downloaded into the cache. Nothing is ever written to the data root. What was read is kept in the cache and used
    again while the raw files stay the same.

    Args:
        data: Which graph, and which split.
        root: Data root; ``CNA_VIZ_DATA`` or the cache when left out. An embedded graph needs none.

    Raises:
        UsageError: The dataset lacks the split protocol, or the parameters of a csbm contradict each other.
        DataError: The data root does not exist, or the raw files can't be found, downloaded or read.
    """
    check(data)
    if data.dataset in EMBEDDED:
        return EMBEDDED[data.dataset](data)
    spec = CATALOG[data.dataset]
    raw = spec.raw_for(data.split)
    assert raw is not None, f"{spec.name} is not embedded and has no files"
    folder = find(raw, root) or download(spec, data.split, raw, root)
    cached = cache_root() / "graphs" / f"{spec.name}-{fingerprint(folder, raw)}.safetensors"
    return load_or_make(cached, spec.name, lambda: read_graph(spec, data.split, folder))


def read_graph(spec: DatasetSpec, protocol: str, folder: Path) -> Graph:
    """Read a dataset from its raw files.

    Args:
        spec: The dataset, not an embedded one.
        protocol: Split protocol wanted.
        folder: Folder that holds the files of ``spec.raw_for(protocol)``.

    Raises:
        DataError: The files are not what they should be.
    """
    try:
        return clean(spec.name, READERS[spec.family](spec, protocol, folder), spec.masks_with(protocol))
    except DataError:
        raise
    # A damaged file can make a reader raise anything: bad pickles alone raise a dozen types.
    except Exception as error:
        raise DataError(f"dataset {spec.name!r} can't be read from {folder}: {reason(error)}") from error
