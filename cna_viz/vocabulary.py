"""The names users may type, and nothing else: datasets, split protocols, backbones, slots, measures.

They stand below everything so that a config can be checked without importing torch. Each room that gives such a name
its meaning keeps a dictionary from name to thing, and a test holds that dictionary against the tuple here.
"""

from typing import Final

DATASETS: Final = (
    "digits",
    "karate",
    "grid",
    "csbm",
    "cora",
    "citeseer",
    "pubmed",
    "texas",
    "wisconsin",
    "cornell",
    "actor",
    "minesweeper",
    "tolokers",
    "roman-empire",
    "amazon-ratings",
    "questions",
    "computers",
    "photo",
    "cora-full",
    "cora-ml",
    "dblp",
    "citeseer-full",
    "ogbn-arxiv",
    "chameleon",
    "squirrel",
    "chameleon-filtered",
    "squirrel-filtered",
)

SPLIT_PROTOCOLS: Final = (
    "public",
    "random-80-10-10",
    "random-60-20-20",
    "random-48-32-20",
    "geom-gcn",
    "official-code",
)

BACKBONES: Final = ("gcn",)

SLOTS: Final = ("none", "relu", "rational", "cna")

STAGES: Final = ("conv", "slot")

SPLITS: Final = ("train", "val", "test")

MEASURES: Final = ("feature_norm", "gradient_norm", "rayleigh", "mad", "effective_rank")
