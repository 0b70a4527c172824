"""What is known of every dataset without loading it: origin, raw files, published splits. Imports no torch."""

from typing import Final

from cna_viz.config import DataConfig
from cna_viz.config.vocabulary import SPLIT_PROTOCOLS, TASK_OF
from cna_viz.data.spec import DatasetSpec, RawFiles
from cna_viz.errors import unknown_name

PUBLISHED_PROTOCOLS: Final = ("public", "geom-gcn")
"""Protocols whose masks come with the data; all others can be made."""


def _embedded(name: str, description: str) -> DatasetSpec:
    return DatasetSpec(name, description, "embedded")


def _planetoid(argument: str, description: str) -> DatasetSpec:
    name = argument.lower()
    parts = ("x", "tx", "allx", "y", "ty", "ally", "graph", "test.index")
    files = tuple(f"ind.{name}.{part}" for part in parts)
    raw = RawFiles(f"Planetoid/{argument}/raw", files)
    geom_gcn = RawFiles(f"Planetoid/{argument}/geom-gcn/raw", files, f"{name}_split_0.6_0.2_{{}}.npz")
    published = ("public", "geom-gcn")
    return DatasetSpec(name, description, "planetoid", "Planetoid", argument, published, raw, {"geom-gcn": geom_gcn})


def _geom_gcn(folder: str, prefix: str) -> RawFiles:
    files = ("out1_node_feature_label.txt", "out1_graph_edges.txt")
    return RawFiles(f"{folder}/raw", files, f"{prefix}_split_0.6_0.2_{{}}.npz")


def _webkb(name: str, description: str) -> DatasetSpec:
    raw = _geom_gcn(f"WebKB/{name}", name)
    return DatasetSpec(name, description, "webkb", "WebKB", name, ("geom-gcn",), raw)


def _actor(name: str, description: str) -> DatasetSpec:
    raw = _geom_gcn("Actor", "film")
    return DatasetSpec(name, description, "actor", "Actor", "", ("geom-gcn",), raw)


def _heterophilous(name: str, description: str) -> DatasetSpec:
    stem = name.replace("-", "_")
    loader = "HeterophilousGraphDataset"
    raw = RawFiles(f"{loader}/{stem}/raw", (f"{stem}.npz",))
    return DatasetSpec(name, description, "heterophilous", loader, name, ("public",), raw)


def _amazon(name: str, description: str) -> DatasetSpec:
    raw = RawFiles(f"Amazon/{name.capitalize()}/raw", (f"amazon_electronics_{name}.npz",))
    return DatasetSpec(name, description, "amazon", "Amazon", name, (), raw)


def _citation(name: str, description: str) -> DatasetSpec:
    stem = name.removesuffix("-full").replace("-", "_")
    raw = RawFiles(f"CitationFull/{stem}/raw", (f"{stem}.npz",))
    return DatasetSpec(name, description, "citation-full", "CitationFull", stem, (), raw)


def _ogb(name: str, description: str) -> DatasetSpec:
    files = ("raw/edge.csv.gz", "raw/node-feat.csv.gz", "raw/node-label.csv.gz")
    splits = tuple(f"split/time/{part}.csv.gz" for part in ("train", "valid", "test"))
    raw = RawFiles(name.replace("-", "_"), files + splits)
    return DatasetSpec(name, description, "ogb", published=("public",), raw=raw)


def _npz(name: str, published: str, description: str) -> DatasetSpec:
    raw = RawFiles("heterophilous-graphs", (f"{name.replace('-', '_')}.npz",))
    return DatasetSpec(name, description, "npz", published=(published,), raw=raw)


def _traffic(name: str, topic: str, description: str) -> DatasetSpec:
    raw = RawFiles("musae", tuple(f"{topic}_{part}" for part in ("edges.csv", "target.csv", "features.json")))
    return DatasetSpec(name, description, "musae", argument=topic, raw=raw)


def _tu(name: str, description: str) -> DatasetSpec:
    parts = ("A", "graph_indicator", "graph_labels", "node_labels")
    raw = RawFiles(f"TUDataset/{name.upper()}/raw", tuple(f"{name.upper()}_{part}.txt" for part in parts))
    return DatasetSpec(name, description, "tu", argument=name.upper(), raw=raw)


_SPECS: Final = (
    _embedded("digits", "handwritten digits of scikit-learn, each joined to its 8 nearest"),
    _embedded("karate", "Zachary's karate club, 4 communities, one-hot features"),
    _embedded("grid", "10 x 10 grid, random features, classes are the quadrants"),
    _embedded("csbm", "contextual stochastic block model; homophily, degree and noise can be set"),
    _planetoid("Cora", "citations between papers on machine learning"),
    _planetoid("CiteSeer", "citations between papers on computer science"),
    _planetoid("PubMed", "citations between papers on diabetes"),
    _webkb("texas", "web pages of a university, heterophilous"),
    _webkb("wisconsin", "web pages of a university, heterophilous"),
    _webkb("cornell", "web pages of a university, heterophilous"),
    _actor("actor", "actors on the same Wikipedia page, heterophilous"),
    _heterophilous("minesweeper", "100 x 100 grid of the game, two unbalanced classes"),
    _heterophilous("tolokers", "crowd workers on the same project, two unbalanced classes"),
    _heterophilous("roman-empire", "words of a Wikipedia article, classes are their syntactic roles"),
    _heterophilous("amazon-ratings", "products bought together, classes are their ratings"),
    _heterophilous("questions", "users who answered each other, two unbalanced classes"),
    _amazon("computers", "computers bought together"),
    _amazon("photo", "photo articles bought together"),
    _citation("cora-full", "all of Cora, 70 classes"),
    _citation("cora-ml", "the machine-learning part of Cora, other features than cora"),
    _citation("dblp", "citations between papers in DBLP"),
    _citation("citeseer-full", "all of CiteSeer, other features than citeseer"),
    _ogb("ogbn-arxiv", "citations between computer-science papers on arXiv, split by year"),
    _npz("chameleon", "geom-gcn", "Wikipedia pages as first published, with duplicate nodes"),
    _npz("squirrel", "geom-gcn", "Wikipedia pages as first published, with duplicate nodes"),
    _npz("chameleon-filtered", "public", "chameleon without duplicate nodes (arXiv 2302.11640)"),
    _npz("squirrel-filtered", "public", "squirrel without duplicate nodes (arXiv 2302.11640)"),
    _traffic("chameleon-traffic", "chameleon", "monthly traffic of Wikipedia pages, edges by the numbers of the pages"),
    _traffic("squirrel-traffic", "squirrel", "monthly traffic of Wikipedia pages, edges by the numbers of the pages"),
    _traffic("chameleon-traffic-misaligned", "chameleon", "the same as loaded by published code: edges of other pages"),
    _traffic("squirrel-traffic-misaligned", "squirrel", "the same as loaded by published code: edges of other pages"),
    _embedded("motifs", "600 random trees with a house, a pentagon or a K2,3; which of them?"),
    _tu("mutag", "188 molecules; mutagenic?"),
    _tu("proteins", "1,113 proteins; enzymes?"),
    _tu("enzymes", "600 enzymes, 6 classes"),
    _tu("nci1", "4,110 molecules; active against lung cancer?"),
)

CATALOG: Final[dict[str, DatasetSpec]] = {spec.name: spec for spec in _SPECS}
"""Every dataset of the vocabulary by name, in the vocabulary's order."""


def protocols(name: str) -> tuple[str, ...]:
    """Return the split protocols that dataset ``name`` has, in the vocabulary's order.

    Args:
        name: Name of a dataset.

    Raises:
        UsageError: There is no such dataset.
    """
    if name not in CATALOG:
        raise unknown_name("dataset", name, CATALOG)
    lacking = set(PUBLISHED_PROTOCOLS) - set(CATALOG[name].published)
    if TASK_OF[name] == "graph-classification":
        lacking |= {"official-code"}  # files of graphs are sorted by class: the last 10 % would be of one class
    return tuple(protocol for protocol in SPLIT_PROTOCOLS if protocol not in lacking)


def check(data: DataConfig) -> None:
    """Refuse a split protocol that the dataset does not have, before anything is loaded.

    Args:
        data: Which graph and which split.

    Raises:
        UsageError: The dataset has no such split; the message lists those it has.
    """
    choices = protocols(data.dataset)
    if data.split not in choices:
        raise unknown_name("split protocol", data.split, choices, f"These are the ones dataset {data.dataset!r} has.")
