"""The slots as switches: source of the clusters, scope of the normalization, activation."""

from dataclasses import dataclass, replace
from typing import Final

from cna_viz.config import RunConfig

STEPS: Final = {"assignment": "C", "normalization": "N", "activation": "A"}
"""The step of CNA that each switch sets."""

PART_WORDS: Final[dict[str, dict[str, str]]] = {
    "assignment": {
        "kmeans": "clusters found by k-means",
        "random": "clusters at random",
        "labels": "class labels as clusters",
        "communities": "communities as clusters",
        "none": "no clusters",
    },
    "normalization": {
        "cluster": "normalized within clusters",
        "node": "normalized node by node",
        "batch": "normalized over all nodes",
        "none": "not normalized",
    },
    "activation": {"rational": "rationals", "relu": "ReLU", "none": "no activation"},
}
"""What each switch can be set to, in the words of a legend."""


@dataclass(frozen=True)
class Parts:
    """The setting of each switch of a slot; values as in :data:`cna_viz.config.vocabulary.FACTORS`.

    Normalization within clusters is that over all nodes where there are no clusters: one switch for both.
    """

    assignment: str
    normalization: str
    activation: str

    def with_part(self, switch: str, value: str) -> "Parts":
        """Return the parts with one switch set to another value."""
        return replace(self, **{switch: value})

    def differing(self, other: "Parts") -> tuple[str, ...]:
        """Return the switches that are set differently, in the order C, N, A."""
        return tuple(switch for switch in STEPS if getattr(self, switch) != getattr(other, switch))


_PLAIN: Final = {"relu": Parts("none", "none", "relu"), "none": Parts("none", "none", "none")}


def parts_of(config: RunConfig) -> Parts | None:
    """Return the switches of the slot of a run; None for norms of the field and watched networks, which have none."""
    if config.watched is not None:
        return None
    factors = config.model.factors
    if not factors:
        return _PLAIN.get(config.model.slot)
    over_all = factors["assignment"] == "none" and factors["normalization"] == "batch"
    normalization = "cluster" if over_all else factors["normalization"]
    return Parts(factors["assignment"], normalization, factors["activation"])


def part_words(parts: Parts, switch: str) -> str:
    """Return the setting of a switch in words: ``clusters at random``."""
    value = getattr(parts, switch)
    alone = switch == "normalization" and value == "cluster" and parts.assignment == "none"
    return PART_WORDS[switch]["batch" if alone else value]
