"""Datasets that PyTorch Geometric has a loader for: read with it, but write nothing beside the raw files.

Planetoid's raw files are Python pickles, which run code when they are read: only the published ones are, those of
github.com/kimiyoung/planetoid at af6abf4. Cora's digests were taken of the files; CiteSeer's and PubMed's are those on
which three public projects agree.
"""

import hashlib
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from torch_geometric import datasets

from cna_viz.config.datasets import DatasetSpec
from cna_viz.data.archives import check_archive
from cna_viz.data.clean import RawGraph
from cna_viz.data.graph import Masks
from cna_viz.data.roots import TRUST_VARIABLE, trusted
from cna_viz.errors import DataError

_DIGESTS: Final = Path(__file__).with_name("planetoid.sha256").read_text("utf-8")
SHA256: Final = {name: digest for digest, name in map(str.split, _DIGESTS.splitlines())}
"""Digest of every file of Planetoid as published, by its name."""


class _InMemory:
    """Mixed into a loader: process the raw files on every start and keep the result in memory only.

    A loader of PyG writes a ``processed`` folder beside the raw one, which may be read-only, and reads it back even
    after the raw files have changed.
    """

    pickled: tuple[str, ...] = ()

    def _process(self) -> None:
        # Here, because a loader that has downloaded its files reads them at once.
        folder = Path(self.raw_dir)  # type: ignore[attr-defined]
        _check_known(folder, self.pickled)
        for archive in sorted(folder.glob("*.npz")):
            check_archive(archive)
        self.process()  # type: ignore[attr-defined]

    def save(self, data_list: list[Any], path: str) -> None:
        del path
        self._kept = data_list[0]

    def load(self, path: str) -> None:
        del path
        self._data = self._kept


def read(spec: DatasetSpec, protocol: str, folder: Path) -> RawGraph:
    """Run the loader, with some attributes replaced: it downloads missing raw files into ``folder`` and reads them."""
    data = load(spec, protocol, folder, download=_refuse)[0]
    masks = Masks(data.train_mask, data.val_mask, data.test_mask) if spec.published else None
    return RawGraph(data.x, data.y, data.edge_index, masks)


def load(spec: DatasetSpec, protocol: str, folder: Path, **changes: Any) -> Any:
    """Run the loader, which downloads the raw files where they are missing and reads them.

    Args:
        spec: The dataset.
        protocol: Split protocol wanted.
        folder: Folder of the raw files.
        changes: Attributes of the loader to replace.
    """
    arguments = {"root": str(folder)}
    if spec.argument:
        arguments["name"] = spec.argument
    if spec.family == "planetoid":
        raw = spec.raw_for(protocol)
        changes["pickled"] = raw.fixed if raw else ()
        if protocol == "geom-gcn":
            arguments["split"] = "geom-gcn"
    loader = type(spec.loader, (_InMemory, getattr(datasets, spec.loader)), {"raw_dir": str(folder), **changes})
    with warnings.catch_warnings():  # the loader of Planetoid adds permanent filters
        return loader(**arguments)


def _refuse(dataset: Any) -> None:
    """Replace a loader's download where it must only read."""
    raise FileNotFoundError(f"the loader misses one of {', '.join(dataset.raw_paths)}")


def _check_known(folder: Path, names: Iterable[str]) -> None:
    """Refuse pickles other than the published ones, unless the user trusts them."""
    for name in () if trusted() else names:
        with (folder / name).open("rb") as file:
            found = hashlib.file_digest(file, "sha256").hexdigest()
        published = SHA256.get(name, "unknown")
        if found != published:
            raise DataError(
                f"{folder / name} is not the file that was published: its sha256 begins {found[:8]}, not "
                f"{published[:8]}. Planetoid's files are Python pickles, which can run any code when they are read: if "
                f"you made it, or trust who did, say so with --trust-data or {TRUST_VARIABLE}=1"
            )
