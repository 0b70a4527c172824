"""Datasets that PyTorch Geometric has a loader for: read with it, but write nothing beside the raw files."""

import warnings
from pathlib import Path
from typing import Any

from torch_geometric import datasets

from cna_viz.data.archives import check_archive
from cna_viz.data.clean import RawGraph
from cna_viz.data.graph import Masks
from cna_viz.data.known_files import check_known
from cna_viz.data.spec import DatasetSpec


class _InMemory:
    """Put before a loader: process the raw files on every start and keep the result in memory only.

    A loader of PyG writes a ``processed`` folder beside the raw one, which may be read-only, and reads it back without
    asking whether the raw files have changed.
    """

    pickled: tuple[str, ...] = ()

    def _process(self) -> None:
        # Here, as a loader that has downloaded its files reads them at once.
        folder = Path(self.raw_dir)  # type: ignore[attr-defined]
        check_known(folder, self.pickled)
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
    """Read a dataset through its loader.

    Planetoid's raw files are Python pickles, as their authors published them, and no others are read; see
    :mod:`~cna_viz.data.known_files`.

    Args:
        spec: The dataset.
        protocol: Split protocol wanted; decides which masks a Planetoid graph gets.
        folder: Folder with the raw files, all of which exist. Nothing is written to it.

    Raises:
        DataError: A file that can run code is not the one that was published.
    """
    data = _load(spec, protocol, folder, download=_refuse)[0]
    masks = Masks(data.train_mask, data.val_mask, data.test_mask) if spec.published else None
    return RawGraph(data.x, data.y, data.edge_index, masks)


def fetch(spec: DatasetSpec, protocol: str, folder: Path) -> None:
    """Download the raw files of a dataset into ``folder`` through its loader, and see that it can read them."""
    _load(spec, protocol, folder)


def _load(spec: DatasetSpec, protocol: str, folder: Path, **changes: Any) -> Any:
    """Run the loader with ``folder`` for its raw files and ``changes`` made to its attributes."""
    arguments = {"root": str(folder)}
    if spec.argument:
        arguments["name"] = spec.argument
    if spec.family == "planetoid":
        changes["pickled"] = _pickled(spec, protocol)
        if protocol == "geom-gcn":
            arguments["split"] = "geom-gcn"
    loader = type(spec.loader, (_InMemory, getattr(datasets, spec.loader)), {"raw_dir": str(folder), **changes})
    with warnings.catch_warnings():  # the loader of Planetoid adds filters of its own for good
        return loader(**arguments)


def _pickled(spec: DatasetSpec, protocol: str) -> tuple[str, ...]:
    raw = spec.raw_for(protocol)
    return tuple(name for name in raw.names if not name.endswith(".npz")) if raw else ()


def _refuse(dataset: Any) -> None:
    """Take the place of a loader's download where it must only read."""
    raise FileNotFoundError(f"the loader misses one of {', '.join(dataset.raw_paths)}")
