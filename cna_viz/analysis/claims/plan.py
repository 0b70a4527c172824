"""The runs that test a claim."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cna_viz.analysis.claims.kinds import Parameters, Trend
from cna_viz.analysis.claims.model import Claim, ProtocolName, Trained
from cna_viz.config import ModelConfig, RunConfig
from cna_viz.config.fields import run_config

MEASURED: Final = ("feature_norm", "dirichlet_sym")
"""Measures of all runs of a ledger, so that claims about accuracy and about energy share runs."""


@dataclass(frozen=True)
class Plan:
    """What all runs of a ledger share.

    Attributes:
        seeds: One run each; a verdict needs five.
        epochs: Maximum number of epochs; None for those that the claims ask for. Capped claims are not judged.
        slow: Also make the runs of slow claims.
    """

    seeds: tuple[int, ...] = (0, 1, 2, 3, 4)
    epochs: int | None = None
    slow: bool = False

    def configs(self, claim: Trained, protocol: ProtocolName) -> dict[str, list[RunConfig]]:
        """Return the runs of every arm of a claim under a protocol, in the order of the seeds."""
        return {
            name: [self._config(claim, name, protocol, seed) for seed in dict.fromkeys(self.seeds)]
            for name in claim.arms
        }

    def all_configs(self, claims: Sequence[Claim]) -> list[RunConfig]:
        """Return all runs that test these claims, slow ones too, each once."""
        found = [
            config
            for claim in claims
            if isinstance(claim, Trained)
            for protocol in claim.protocols
            for configs in self.configs(claim, protocol).values()
            for config in configs
        ]
        return list({config.run_id: config for config in found}.values())

    def to_make(self, claims: Sequence[Claim]) -> list[RunConfig]:
        """Return the runs to make where they are missing."""
        return self.all_configs([one for one in claims if self.slow or not (isinstance(one, Trained) and one.slow)])

    def capped(self, claim: Trained, protocol: ProtocolName) -> str:
        """Return by how much the runs of a claim are shorter than it asks for; empty where they are not."""
        asked = max(claim.config_of(name, protocol).training.epochs for name in claim.arms)
        return "" if self.epochs is None or self.epochs >= asked else f"capped at {self.epochs} of {asked} epochs"

    def _config(self, claim: Trained, name: str, protocol: ProtocolName, seed: int) -> RunConfig:
        values = claim.settings_of(name, protocol)
        asked = claim.config_of(name, protocol).training.epochs
        epochs = asked if self.epochs is None else min(self.epochs, asked)
        extra = (claim.measure,) if isinstance(claim, Trend) else ()
        recording = {"every": max(1, epochs), "snapshots": "none", "measures": (*MEASURED, *extra)}
        return run_config({**values, **recording, "epochs": epochs, "seed": seed})


def about(claims: Sequence[Claim], dataset: str) -> list[Claim]:
    """Return the claims about a dataset that are not slow, and those about numbers of weights, which need none."""
    return [
        claim
        for claim in claims
        if isinstance(claim, Parameters)
        or (isinstance(claim, Trained) and not claim.slow and claim.config_of("arm", "fair").data.dataset == dataset)
    ]


def networks(claims: Sequence[Claim]) -> dict[str, tuple[ModelConfig, int, int]]:
    """Return the networks whose weights are to be counted, by claim: model, input and output channels."""
    return {
        claim.id: (claim.model, claim.in_channels, claim.out_channels)
        for claim in claims
        if isinstance(claim, Parameters)
    }
