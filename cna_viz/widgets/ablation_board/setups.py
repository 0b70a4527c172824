"""What else differs between runs: only those that share all of it are held against each other."""

from collections.abc import Mapping, Sequence
from typing import Final

from cna_viz.config.arms import active_settings
from cna_viz.config.vocabulary import FACTORS
from cna_viz.records.record import Record

SWITCHED: Final = frozenset({"dataset", "split", "slot", "layers", "clusters", *FACTORS})
"""Settings that have a control of their own, or are parts of the slot."""
FURTHER: Final = ("sharing", "metric", "schedule")
"""Factors of a slot that have no switch."""

Setup = tuple[tuple[str, object], ...]
"""The values of what else differs, by setting; those without an effect in a run are missing."""


def setups(records: Sequence[Record]) -> list[Setup]:
    """Return the setups in which the runs were made, in the order of their first runs.

    One in which a setting has no effect, as the learning rate of rationals beside ReLU, belongs to every setup that
    agrees with it in the rest, and is none of its own.

    Args:
        records: Runs on one dataset and one split protocol.
    """
    values = [further_settings(record) for record in records]
    names = sorted({name for one in values for name in one})
    differ = [name for name in names if len({one[name] for one in values if name in one}) > 1]
    found = list(dict.fromkeys(tuple((name, one[name]) for name in differ if name in one) for one in values))
    return [one for one in found if not any(set(one) < set(other) for other in found)]


def belongs(record: Record, setup: Setup) -> bool:
    """Whether a run was made in a setup: what has an effect in it has the value of the setup."""
    own = further_settings(record)
    return all(own.get(name, value) == value for name, value in setup)


def setup_words(setup: Setup) -> str:
    """Return a setup in words: ``hidden 12, lr 0.01``."""
    return ", ".join(f"{name.replace('_', ' ')} {value}" for name, value in setup) or "the same for all"


def further_settings(record: Record) -> Mapping[str, object]:
    """Return the settings that have an effect in a run and no switch on the board."""
    own = {name: value for name, value in active_settings(record.config).items() if name not in SWITCHED}
    factors = record.config.model.factors
    if not factors:
        return own
    has_effect = {
        "sharing": factors["assignment"] == "random" or factors["activation"] == "rational",
        "metric": factors["assignment"] == "kmeans",
        "schedule": factors["assignment"] == "kmeans",
    }
    return own | {name: factors[name] for name in FURTHER if has_effect[name]}
