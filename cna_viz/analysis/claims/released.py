"""The settings of the released configs of CNA (ml-research/cna_modules, 848f5db), as settings of this library.

``released_configs.csv`` has the facts of the 279 files: dataset, loader, convolution, layers, width, clusters,
switches, epochs, learning rates, weight decay. The other settings are those of the released code, which reads none of
them from a file: its switches choose the network and, with the loader, the split; it never stops early.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any, Final

from cna_viz.errors import UsageError, nearest_first, unknown_name

Row = Mapping[str, str]

DATASETS: Final = {
    ("Planetoid", "Cora"): "cora",
    ("Planetoid", "CiteSeer"): "citeseer",
    ("Planetoid", "PubMed"): "pubmed",
    ("CitationFull", "Cora"): "cora-full",
    ("CitationFull", "CiteSeer"): "citeseer-full",
    ("CitationFull", "DBLP"): "dblp",
    ("Amazon", "Computers"): "computers",
    ("Amazon", "Photo"): "photo",
    ("WebKB", "Texas"): "texas",
    ("WebKB", "Wisconsin"): "wisconsin",
    ("WikipediaNetwork", "Chameleon"): "chameleon-directed",
    ("WikipediaNetwork", "Squirrel"): "squirrel-directed",
    ("PygNodePropPredDataset", "ogbn-arxiv"): "ogbn-arxiv",
}
"""Our dataset by loader and dataset of theirs."""

BACKBONES: Final = {
    "GCNConv": "gcn",
    "SAGEConv": "sage",
    "GATConv": "gat",
    "TransformerConv": "transformer",
    "ChebConv": "chebyshev",
    "DirGCNConv": "dirgcn",
}
"""Our backbone by convolution of theirs."""

ROW_NORMALIZED: Final = ("CitationFull", "WebKB", "WikipediaNetwork")
"""Loaders that divide every row of the features by its sum."""

BASELINE_SPLITS: Final = {"Planetoid": "public", "PygNodePropPredDataset": "class-60-20-20"}
"""Split of networks without C or without N by loader; ``class-40-30-30`` of all others."""


@cache
def released_configs() -> dict[str, Row]:
    """Return the rows of ``released_configs.csv`` by config."""
    text = (resources.files("cna_viz.analysis.claims") / "released_configs.csv").read_text("utf-8")
    return {row["config"]: row for row in csv.DictReader(text.splitlines())}


def released_settings(config: str) -> dict[str, Any]:
    """Return the settings of a released config by flat name, such as ``layers``; all but seed and recording.

    Raises:
        UsageError: There is no such config, or it can't be run here.
    """
    configs = released_configs()
    if config not in configs:
        raise unknown_name("released config", config, nearest_first(config, configs)[:5])
    row = configs[config]
    if row["task"] == "node_regression":
        raise UsageError(f"released config {config!r} is one of regression, where nothing is claimed in numbers")
    if not row["normalize"]:
        raise UsageError(f"released config {config!r} does not say whether it normalizes: the released code refuses it")
    return {
        "dataset": DATASETS[row["dataset_loader"], row["dataset"]],
        "split": _split(row),
        "features": "row-normalized" if row["dataset_loader"] in ROW_NORMALIZED else "raw",
        "backbone": BACKBONES[row["conv"]],
        "layers": int(row["layers"]),
        "hidden": int(row["hidden"]),
        "clusters": int(row["clusters"]),
        **_slot(row),
        "epochs": int(row["epochs"]),
        "patience": None,
        **{name: float(row[name]) for name in ("lr", "lr_activation", "weight_decay")},
    }


def _slot(row: Row) -> dict[str, str]:
    """Return the slot: C and N have no effect with ReLU, and N has none without C."""
    if row["activation"] == "RELU":
        return {"slot": "relu"}
    if row["with_clusters"] != "True":
        return {"slot": "a", "sharing": "shared"}
    return {"slot": "cna-released"} | ({} if row["normalize"] == "True" else {"normalization": "none"})


def _split(row: Row) -> str:
    """Return the split, which depends on C and N together, also where they have no other effect."""
    loader = row["dataset_loader"]
    if row["dataset"] == "Texas":
        return "class-70-15-15"
    if row["with_clusters"] == row["normalize"] == "True":
        return "official-code" if loader == "Planetoid" else "class-80-10-10"
    return BASELINE_SPLITS.get(loader, "class-40-30-30")
