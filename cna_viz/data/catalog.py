"""Split protocols of every dataset, known without loading it. Imports no torch."""

from collections.abc import Collection
from typing import Final

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.config.vocabulary import SPLIT_PROTOCOLS
from cna_viz.errors import UsageError, unknown_name

PUBLISHED_PROTOCOLS: Final = ("public", "geom-gcn", "own")
"""Protocols whose masks come with the data; all others are drawn, or go by number."""

CLASS_PROTOCOLS: Final = tuple(name for name in SPLIT_PROTOCOLS if name.startswith("class-"))
"""Protocols that are drawn in every class: for all datasets but those with numbers to predict."""


def protocols(name: str) -> tuple[str, ...]:
    """Return the split protocols of dataset ``name``, in the vocabulary's order.

    Raises:
        UsageError: There is no such dataset.
    """
    return _protocols(DataConfig(dataset=name))


def _protocols(data: DataConfig) -> tuple[str, ...]:
    published = set(CATALOG[data.dataset].published) if data.own is None else set()
    if data.split_file is not None or (data.own is not None and data.own.masks):
        published |= {"own"}
    lacking = set(PUBLISHED_PROTOCOLS) - published
    if data.own is not None or not CATALOG[data.dataset].by_index:
        lacking |= {"official-code"}
    if data.task == "node-regression":
        lacking |= set(CLASS_PROTOCOLS)
    return tuple(protocol for protocol in SPLIT_PROTOCOLS if protocol not in lacking)


def published_split(name: str) -> str:
    """Return the split protocol that was published with a dataset, else ``random-48-32-20``.

    Raises:
        UsageError: There is no such dataset.
    """
    return next((protocol for protocol in protocols(name) if protocol in PUBLISHED_PROTOCOLS), "random-48-32-20")


def check(data: DataConfig) -> None:
    """Refuse a split protocol that the dataset does not have, before anything is loaded.

    Raises:
        UsageError: The dataset has no such split; the message lists those it has.
    """
    choices = _protocols(data)
    if data.split not in choices:
        raise lacks_split(data.split, choices, f"These are the ones dataset {data.dataset!r} has.")


def lacks_split(protocol: str, choices: Collection[str], note: str) -> UsageError:
    """Return the error for a split protocol that a graph lacks; ``note`` says whose ``choices`` are listed."""
    if protocol == "official-code" and CLASS_PROTOCOLS[0] in choices:
        note += f" official-code is only for Planetoid graphs; the released code splits others by {CLASS_PROTOCOLS[0]}."
    if protocol in CLASS_PROTOCOLS:
        note += " class-A-B-C needs classes, not numbers to predict."
    return unknown_name("split protocol", protocol, choices, note)
