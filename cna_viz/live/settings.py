"""The network of the playground: a deep GCN, and the contents of its slots."""

from dataclasses import dataclass, field, replace
from typing import Any, Final, Self

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import ACTIVATIONS, NORMALIZATIONS
from cna_viz.errors import UsageError, unknown_name
from cna_viz.live.rationals import Coefficients

ASSIGNMENTS: Final = ("kmeans", "random", "none")
"""The values of C; labels and communities would need more than the features."""

MOST_LAYERS: Final = 32
MOST_CLUSTERS: Final = 20
MOST_HIDDEN: Final = 64
MOST_SEED: Final = 2**31 - 1


@dataclass(frozen=True)
class LiveSettings:
    """The network of the playground.

    Attributes:
        layers: Number of convolutions, 1 to 32.
        hidden: Channels of every hidden layer, 1 to 64.
        assignment: C: ``kmeans``, ``random`` or ``none`` (all nodes in one cluster).
        normalization: N: over each ``cluster``, ``node``, ``batch`` (all nodes), or ``none``.
        activation: A: ``rational``, ``relu`` or ``none``.
        clusters: Number of clusters K, 1 to 20; no effect without C.
        rational: The function of all clusters in all slots before training; no effect with another activation.
        seed: Seed of the weights, the clusters and the split, at least 0.

    Raises:
        UsageError: When a number is out of range or not an integer, or a name is unknown.
    """

    layers: int = 8
    hidden: int = 16
    assignment: str = "kmeans"
    normalization: str = "cluster"
    activation: str = "rational"
    clusters: int = 6
    rational: Coefficients = field(default_factory=Coefficients)
    seed: int = 0

    def __post_init__(self) -> None:
        names = {"assignment": ASSIGNMENTS, "normalization": NORMALIZATIONS, "activation": ACTIVATIONS}
        for name, choices in names.items():
            if getattr(self, name) not in choices:
                raise unknown_name(name, getattr(self, name), choices)
        ranges = {"layers": (1, MOST_LAYERS), "hidden": (1, MOST_HIDDEN), "clusters": (1, MOST_CLUSTERS)}
        for name, (least, most) in {**ranges, "seed": (0, MOST_SEED)}.items():
            value = getattr(self, name)
            if not isinstance(value, int) or isinstance(value, bool):
                raise UsageError(f"{name} = {value!r} is not accepted: it must be a whole number")
            if not least <= value <= most:
                raise UsageError(f"{name} = {value} is out of range: it must be {least} to {most}")

    def with_(self, **changes: Any) -> Self:
        """Return a validated copy with some settings changed."""
        return replace(self, **changes)

    def model(self) -> ModelConfig:
        """Return the config of the network."""
        factors = {name: getattr(self, name) for name in ("assignment", "normalization", "activation")}
        number = {} if self.assignment == "none" else {"clusters": self.clusters}
        return ModelConfig.model_validate(
            {"slot": "cna", "layers": self.layers, "hidden": self.hidden, **factors, **number}
        )
