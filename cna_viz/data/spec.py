"""What there is to know of a dataset without loading it, as two small dataclasses. Imports no torch."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

REPETITIONS: Final = 10
"""Number of masks that Geom-GCN (arXiv 2002.05287) published per dataset."""


@dataclass(frozen=True)
class RawFiles:
    """Files as published, all in or below one folder.

    Attributes:
        folder: Folder relative to the data root, with ``/`` between the parts.
        fixed: File names relative to ``folder``.
        numbered: Pattern with ``{}`` of the ten split files 0 to 9, or empty when there are none.
    """

    folder: str
    fixed: tuple[str, ...]
    numbered: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All file names, relative to the folder."""
        splits = tuple(self.numbered.format(i) for i in range(REPETITIONS)) if self.numbered else ()
        return self.fixed + splits

    def __str__(self) -> str:
        """List the files as a message does, the ten split files as one."""
        splits = (self.numbered.format(f"{{0..{REPETITIONS - 1}}}"),) if self.numbered else ()
        return ", ".join(self.fixed + splits)


@dataclass(frozen=True)
class DatasetSpec:
    """One dataset of the vocabulary.

    Attributes:
        name: Name that users type.
        description: One line for listings.
        family: Who reads it: embedded, planetoid, webkb, actor, heterophilous, amazon, citation-full, ogb, npz, musae
            or tu.
        loader: Name of the class in ``torch_geometric.datasets``; empty when we read the files ourselves.
        argument: Name by which the loader knows the dataset; empty when it knows only one.
        published: Split protocols whose masks come with the data.
        raw: Raw files; ``None`` for an embedded dataset.
        raw_by_protocol: Raw files of protocols that have a folder of their own.
    """

    name: str
    description: str
    family: str
    loader: str = ""
    argument: str = ""
    published: tuple[str, ...] = ()
    raw: RawFiles | None = None
    raw_by_protocol: Mapping[str, RawFiles] = field(default_factory=dict)

    def raw_for(self, protocol: str) -> RawFiles | None:
        """Return the raw files to read when ``protocol`` is the split wanted; ``None`` for an embedded dataset."""
        return self.raw_by_protocol.get(protocol, self.raw)

    def masks_with(self, protocol: str) -> str | None:
        """Return whose published masks come along when ``protocol`` is the split wanted; ``None`` for none."""
        if protocol in self.raw_by_protocol:
            return protocol
        return self.published[0] if self.published else None
