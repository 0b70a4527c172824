"""Where to look a measure up: what it asks, how it is defined, when to trust it, what has been said against it."""

from typing import Final

from cna_viz.config.vocabulary import MEASURES
from cna_viz.errors import unknown_name
from cna_viz.measures.entries import clusters, energies, norms, ranks, separation, similarity
from cna_viz.measures.entry import Entry

_ALL = [entry for room in (norms, energies, similarity, ranks, separation, clusters) for entry in room.ENTRIES]

ENTRIES: Final[dict[str, Entry]] = {name: entry for name in MEASURES for entry in _ALL if entry.name == name}
"""Every measure of the vocabulary by name, in its order."""


def describe(name: str) -> None:
    """Print what there is to know about a measure.

    Args:
        name: A name out of ``vocabulary.MEASURES``.

    Raises:
        UsageError: For a name that is none.
    """
    if name not in ENTRIES:
        raise unknown_name("measure", name, ENTRIES)
    print(ENTRIES[name].text())


def table() -> str:
    """Return the table of docs/measures.md."""
    head = ["| measure | asks | formula | range | scale | source |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *(entry.row() for entry in ENTRIES.values())]) + "\n"
