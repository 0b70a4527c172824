"""Split protocols of every dataset, known without loading it. Imports no torch."""

from typing import Final

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.config.vocabulary import SPLIT_PROTOCOLS
from cna_viz.errors import unknown_name

PUBLISHED_PROTOCOLS: Final = ("public", "geom-gcn")
"""Protocols whose masks come with the data; all others can be drawn for any graph."""


def protocols(name: str) -> tuple[str, ...]:
    """Return the split protocols of dataset ``name``, in the vocabulary's order.

    Raises:
        UsageError: There is no such dataset.
    """
    if name not in CATALOG:
        raise unknown_name("dataset", name, CATALOG)
    lacking = set(PUBLISHED_PROTOCOLS) - set(CATALOG[name].published)
    if CATALOG[name].task == "graph-classification":
        lacking |= {"official-code"}  # files of graphs are sorted by class: the last 10 % would be of one class
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
    choices = protocols(data.dataset)
    if data.split not in choices:
        raise unknown_name("split protocol", data.split, choices, f"These are the ones dataset {data.dataset!r} has.")
