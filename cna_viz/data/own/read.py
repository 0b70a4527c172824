"""From a file, a folder or an object to the parts of a graph: which reader it needs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import networkx as nx
import pandas as pd

from cna_viz.data.download import reason
from cna_viz.data.own import arrays, matrix_market, networks, tables
from cna_viz.data.own.many import read_folder, side_by_side
from cna_viz.data.own.npz import read_npz
from cna_viz.data.own.options import ImportOptions
from cna_viz.data.own.parts import Parts
from cna_viz.data.own.pt import arrays_of, read_pt
from cna_viz.data.own.rules import Imported, apply_rules
from cna_viz.errors import CnaVizError, DataError, UsageError, unknown_name

READERS: Final[dict[str, Callable[[Path, ImportOptions], Parts]]] = {
    ".pt": lambda path, options: _of_arrays(read_pt(path), options),
    ".npz": lambda path, options: arrays.parts(read_npz(path), options),
    ".graphml": lambda path, options: networks.parts(networks.read_graphml(path), options),
    ".gexf": lambda path, options: networks.parts(networks.read_gexf(path), options),
    ".mtx": matrix_market.parts,
}
"""Reader of every format that is one file, by suffix."""
_TABLES: Final = (".csv", ".tsv", ".gz", ".parquet")


def import_graph(name: str, data: Any, nodes: Any, edges: Any, options: ImportOptions) -> Imported:
    """Read a graph and bring it into normal form.

    Args:
        name: Name of the graph, for messages.
        data: A path, a PyG ``Data``, a graph of networkx, or a list of ``Data``; None for tables.
        nodes: Table of the nodes.
        edges: Table of the edges.
        options: What the user says of them.

    Raises:
        DataError: The files can't be read, or are refused.
        UsageError: The options don't fit.
    """
    try:
        return apply_rules(name, _parts(data, nodes, edges, options), options)
    except CnaVizError:
        raise
    # A damaged file can make a reader raise anything.
    except Exception as error:
        raise DataError(f"{describe(data, nodes, edges)} can't be read: {reason(error)}") from error


def describe(data: Any, nodes: Any, edges: Any) -> str:
    """Return in a few words where a graph comes from."""
    if data is None:
        return " and ".join(str(table) if isinstance(table, str | Path) else "a table" for table in (nodes, edges))
    return str(data) if isinstance(data, str | Path) else f"a {type(data).__name__}"


def _parts(data: Any, nodes: Any, edges: Any, options: ImportOptions) -> Parts:
    if (data is None) == (nodes is None) or (nodes is None) != (edges is None):
        raise UsageError("a graph is one file or folder, or --nodes FILE and --edges FILE together")
    if data is None:
        return tables.parts(_table(nodes), _table(edges), options)
    if isinstance(data, str | Path):
        return _of_path(Path(data), options)
    if isinstance(data, nx.Graph):
        return networks.parts(data, options)
    return _of_arrays(list(map(arrays_of, data)) if isinstance(data, list | tuple) else arrays_of(data), options)


def _table(table: Any) -> Path | pd.DataFrame:
    return table if isinstance(table, pd.DataFrame) else _existing(Path(table), _TABLES)


def _of_path(path: Path, options: ImportOptions) -> Parts:
    if path.is_dir():
        return side_by_side(read_folder(path), options)
    if path.suffix in _TABLES:
        raise UsageError(f"{path} is one table, and a graph is two: --nodes FILE --edges FILE")
    existing = _existing(path, READERS)
    return READERS[path.suffix](existing, options)


def _existing(path: Path, suffixes: Any) -> Path:
    if path.suffix not in suffixes:
        raise unknown_name("format", path.suffix, suffixes, f"The suffix of {path.name!r} says how it is read.")
    if not path.is_file():
        raise DataError(f"{path} is no file")
    return path


def _of_arrays(found: Any, options: ImportOptions) -> Parts:
    return side_by_side(found, options) if isinstance(found, list) else arrays.parts(found, options)
