"""Split protocols of every dataset, known without loading it. Imports no torch."""

from typing import Final

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.config.vocabulary import SPLIT_PROTOCOLS
from cna_viz.errors import unknown_name

PUBLISHED_PROTOCOLS: Final = ("public", "geom-gcn", "own")
"""Protocols whose masks come with the data; all others can be drawn for any graph."""


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
    if data.task == "graph-classification":
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
    choices = _protocols(data)
    if data.split not in choices:
        raise unknown_name("split protocol", data.split, choices, f"These are the ones dataset {data.dataset!r} has.")
