"""The datasets: one table, ``datasets.toml``, for options, tasks, scores, files and listings."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

REPETITIONS: Final = 10
"""Number of masks that Geom-GCN (arXiv 2002.05287) published per dataset."""


@dataclass(frozen=True)
class RawFiles:
    """Files as published: names relative to a folder of the data root, and a pattern with ``{}`` of ten split files."""

    folder: str
    fixed: tuple[str, ...]
    numbered: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """All file names, relative to the folder."""
        return self.fixed + (tuple(map(self.numbered.format, range(REPETITIONS))) if self.numbered else ())

    def __str__(self) -> str:
        """List the files for a message, the ten split files as one."""
        return ", ".join([*self.fixed, *([self.numbered.format(f"{{0..{REPETITIONS - 1}}}")] if self.numbered else [])])


@dataclass(frozen=True)
class DatasetSpec:
    """A dataset; ``datasets.toml`` explains the fields."""

    name: str
    description: str
    family: str
    loader: str
    argument: str
    task: str
    metric: str
    published: tuple[str, ...]
    raw: RawFiles | None
    raw_by_protocol: Mapping[str, RawFiles] = field(default_factory=dict)
    url: str = ""
    inside: str = "{}"
    directed: bool = False
    by_index: bool = False
    content: Mapping[str, str] = field(default_factory=dict)

    def raw_for(self, protocol: str) -> RawFiles | None:
        """Return the raw files to read for a split protocol; ``None`` for an embedded dataset."""
        return self.raw_by_protocol.get(protocol, self.raw)

    def masks_with(self, protocol: str) -> str | None:
        """Return the protocol whose published masks come with the files for ``protocol``; ``None`` without masks."""
        if protocol in self.raw_by_protocol:
            return protocol
        return self.published[0] if self.published else None


def _read() -> dict[str, DatasetSpec]:
    table = tomllib.loads(Path(__file__).with_suffix(".toml").read_text("utf-8"))
    return {name: _spec(name, table["families"][row["family"]] | row) for name, row in table["datasets"].items()}


def _spec(name: str, row: dict[str, Any]) -> DatasetSpec:
    argument = row.get("argument", name)

    def filled(pattern: str) -> str:
        return pattern.format(name=name, argument=argument, stem=name.replace("-", "_"))

    def files(row: dict[str, Any]) -> RawFiles:
        return RawFiles(filled(row["folder"]), tuple(map(filled, row["files"])), filled(row.get("numbered", "")))

    return DatasetSpec(
        name=name,
        description=row["description"],
        family=row["family"],
        loader=row.get("loader", ""),
        argument=argument,
        task=row.get("task", "node-classification"),
        metric=row.get("metric", "accuracy"),
        published=tuple(row.get("published", ())),
        raw=files(row) if "folder" in row else None,
        raw_by_protocol={protocol: files(row | own) for protocol, own in row.get("by_protocol", {}).items()},
        url=filled(row.get("url", "")),
        inside=filled(row.get("inside", "{{}}")),
        directed=row.get("directed", False),
        by_index=row.get("by_index", False),
        content=row.get("content", {}),
    )


CATALOG: Final[dict[str, DatasetSpec]] = _read()
"""Every dataset by name, in the order of all listings."""
