"""Graphs of your own: import one once, and train, compare and report on ``own:NAME`` as on any dataset.

    >>> import networkx as nx
    >>> from cna_viz import RunConfig, graphs, load_or_run
    >>> entry = graphs.add(nx.karate_club_graph(), name="karate", label="club", features="onehot")
    >>> record = load_or_run(RunConfig(data=entry.config()))

Imports torch only where a graph is added, loaded or removed.
"""

import builtins
import math
from collections.abc import Sequence
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cna_viz.config.own import PREFIX, check_name, entry_path, look_up, own_names
from cna_viz.config.run import DataConfig
from cna_viz.data.own.options import import_options
from cna_viz.errors import DataError
from cna_viz.files import write_atomically

if TYPE_CHECKING:
    import networkx as nx
    import pandas as pd
    from torch_geometric.data import Data

    from cna_viz.data.graph import Graph

__all__ = ["OwnEntry", "add", "add_split", "example", "list", "load", "remove", "show"]


@dataclass(frozen=True)
class OwnEntry:
    """What is known of a graph without reading it.

    Attributes:
        name: Its name, a label.
        digest: SHA-256 of its content, its identity.
        task: node-classification, node-regression or graph-classification.
        metric: The score that selects a model.
        directed: Whether the direction of edges was kept.
        weighted: Whether edges have weights.
        masks: Whether it has masks, which are the split ``own``.
        repetitions: Number of repetitions of the masks.
        nodes: Number of nodes.
        edges: Number of undirected edges.
        features: Number of features of a node.
        classes: Number of classes; 0 where the targets are numbers.
        unlabelled: Number of nodes, or of graphs, without a label.
        homophily: Share of edges within a class, 0 to 1; NaN where there is none.
        class_names: Names of the classes where they have any.
        changes: What importing changed, a sentence each.
        source: Where it was imported from.
        added: When, in UTC.
    """

    name: str
    digest: str
    task: str
    metric: str
    directed: bool
    weighted: bool
    masks: bool
    repetitions: int
    nodes: int
    edges: int
    features: int
    classes: int
    unlabelled: int
    homophily: float
    class_names: tuple[str, ...]
    changes: tuple[str, ...]
    source: str
    added: str

    def config(self, split: str | None = None, **settings: Any) -> DataConfig:
        """Return the data of a run on this graph; the split is ``own`` where it has masks, unless you name another."""
        settings |= {"split": split or "own"} if split or self.masks else {}
        return DataConfig(dataset=PREFIX + self.name, **settings)


def add(
    data: "str | Path | Data | nx.Graph[Any] | Sequence[Data] | None" = None,
    *,
    name: str,
    nodes: "str | Path | pd.DataFrame | None" = None,
    edges: "str | Path | pd.DataFrame | None" = None,
    replace: bool = False,
    **options: Any,
) -> OwnEntry:
    """Import a graph and keep it under its name.

    Args:
        data: A file (.pt, .npz, .graphml, .gexf, .mtx), a folder of .pt files, a PyG ``Data``, a graph of networkx, or
            a list of ``Data``; left out for tables.
        name: Its name.
        nodes: Table of the nodes: CSV, parquet or a data frame.
        edges: Table of the edges.
        replace: Let the name point to other content than before.
        **options: The fields of :class:`~cna_viz.data.own.options.ImportOptions`.

    Raises:
        UsageError: The options don't fit, or the name is taken by other content.
        DataError: The graph can't be read or is refused, or the store can't be written.
    """
    check_name(name)
    known = import_options(options)
    from cna_viz.data.own.read import describe, import_graph
    from cna_viz.data.own.store import store

    found = import_graph(name, data, nodes, edges, known)
    store(name, found.graph, found.metric, found.changes, describe(data, nodes, edges), replaces=replace)
    return show(name)


def load(name: str) -> "Graph":
    """Return a graph.

    Raises:
        UsageError: There is no graph of this name.
        DataError: Its content was removed or is damaged.
    """
    from cna_viz.data.own.store import load_own

    return load_own(check_name(name), show(name).digest)


def example(folder: str | Path) -> tuple[Path, Path]:
    """Write Zachary's karate club as two tables, and return the paths of ``nodes.csv`` and ``edges.csv``.

    Its 34 members have a name and the club that they joined when it split, which is left out for two of them; ties are
    weighted by the number of contexts in which two members met (Zachary 1977).

    Args:
        folder: Folder of the tables, made if it is missing.
    """
    import networkx as nx
    import pandas as pd

    club = nx.karate_club_graph()
    people = pd.DataFrame(
        {"id": [f"member {node}" for node in club], "club": [club.nodes[node]["club"] for node in club]}
    )
    people.loc[[8, 9], "club"] = ""
    ties = nx.to_pandas_edgelist(nx.relabel_nodes(club, dict(enumerate(people["id"]))))
    paths = Path(folder) / "nodes.csv", Path(folder) / "edges.csv"
    for path, table in zip(paths, (people, ties), strict=True):
        write_atomically(path, table.to_csv(index=False))
    return paths


def add_split(file: str | Path, config: DataConfig, data: str | Path | None = None) -> str:
    """Keep a split of your own for any graph, and return its digest, for ``DataConfig(split_file=digest)``.

    Args:
        file: ``.npz`` with train_mask, val_mask and test_mask, as for a graph; or a CSV table with the columns node
            (numbers from 0), split (train, val or test) and, for several splits, repetition, from 0.
        config: The graph.
        data: Data root; ``CNA_VIZ_DATA`` or the user's cache folder when left out.

    Raises:
        DataError: The file can't be read or is no split of this graph, or the graph can't be read.
    """
    from cna_viz.data.datasets import load_graph
    from cna_viz.data.own.split_file import read_split_file
    from cna_viz.data.own.store import store_split

    return store_split(read_split_file(Path(file), load_graph(config, None if data is None else Path(data))))


def show(name: str) -> OwnEntry:
    """Return what is known of a graph.

    Raises:
        UsageError: There is no graph of this name.
        DataError: Its entry is damaged.
    """
    return _entry(name, look_up(name))


def remove(name: str) -> OwnEntry:
    """Forget a name, and remove the content that no other name points to; return what was known of the graph.

    Raises:
        UsageError: There is no graph of this name.
        DataError: A file can't be removed.
    """
    from cna_viz.data.own.store import forget

    return _entry(name, forget(name))


def list() -> builtins.list[OwnEntry]:  # noqa: A001
    """Return what is known of all graphs, by name.

    Raises:
        DataError: An entry is damaged.
    """
    return [show(name) for name in own_names()]


def _entry(name: str, facts: dict[str, Any]) -> OwnEntry:
    try:
        values = {field.name: facts[field.name] for field in fields(OwnEntry)}
        values |= {key: tuple(values[key]) for key in ("class_names", "changes")}
    except (KeyError, TypeError) as error:
        raise DataError(f"{entry_path(name)}: is damaged ({error}): import the graph again") from None
    if values["homophily"] is None:
        values["homophily"] = math.nan
    return OwnEntry(**values)
