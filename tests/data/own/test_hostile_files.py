"""Files that want to run code or to fill the memory: refused, and nothing is stored."""

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.lib import format as npy
from torch_geometric.data import Data

from cna_viz import graphs
from cna_viz.data import archives
from cna_viz.data.own.pt import read_pt
from cna_viz.errors import CnaVizError, DataError
from tests.data.own.sample import WRITERS, X, Y, plain
from tests.data.payload import Payload


@pytest.fixture(autouse=True)
def nothing_is_stored(tmp_path: Path) -> Any:
    yield
    assert not (tmp_path / "graphs").exists()


def _pickled(folder: Path, payload: Payload) -> Path:
    (folder / "g.pt").write_bytes(pickle.dumps(payload))
    return folder / "g.pt"


def _saved(folder: Path, payload: Payload) -> Path:
    torch.save(payload, folder / "g.pt")
    return folder / "g.pt"


def _in_data(folder: Path, payload: Payload) -> Path:
    torch.save(plain(extra=payload), folder / "g.pt")
    return folder / "g.pt"


def _in_npz(folder: Path, payload: Payload) -> Path:
    np.savez(folder / "g.npz", x=np.array([payload], dtype=object), y=Y)
    return folder / "g.npz"


def _as_npz(folder: Path, payload: Payload) -> Path:
    (folder / "g.npz").write_bytes(pickle.dumps(payload))
    return folder / "g.npz"


@pytest.mark.parametrize("write", [_pickled, _saved, _in_data, _in_npz, _as_npz])
def test_nothing_in_a_file_runs(write: Callable[[Path, Payload], Path], tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    path = write(tmp_path, Payload(mark))
    with pytest.raises(DataError):
        graphs.add(path, name="x")
    assert not mark.exists()


def test_pickled_features_of_mtx_dont_run(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    options = WRITERS["mtx"](tmp_path)
    np.save(tmp_path / "x.npy", np.array([Payload(mark)], dtype=object))
    with pytest.raises(DataError):
        graphs.add(name="x", **options)
    assert not mark.exists()


BOMB = "<!DOCTYPE lolz [\n" + '<!ENTITY a0 "ha">\n'
BOMB += "".join(f'<!ENTITY a{i} "{f"&a{i - 1};" * 10}">\n' for i in range(1, 12)) + "]>\n"
EXTERNAL = '<!DOCTYPE graphml [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n'
PARAMETER = '<!DOCTYPE graphml SYSTEM "file:///etc/hostname">\n'


@pytest.mark.parametrize("form", ["graphml", "gexf"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("declared", [BOMB, EXTERNAL, PARAMETER])
def test_entities_are_refused_in_every_encoding(declared: str, encoding: str, form: str, tmp_path: Path) -> None:
    path: Path = WRITERS[form](tmp_path)["data"]
    head, _, rest = path.read_text().partition("?>\n")
    assert head.startswith("<?xml")
    path.write_text(f'<?xml version="1.0" encoding="{encoding}"?>\n{declared}{rest}', encoding=encoding)
    with pytest.raises(DataError, match="<!DOCTYPE> and is not read"):
        graphs.add(path, name="x")


@pytest.mark.parametrize("name", ["g.npz", "g.pt"])
def test_archives_that_unpack_to_too_much_are_refused(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "MOST", 10**6)
    with zipfile.ZipFile(tmp_path / name, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", bytes(2 * 10**6))
    with pytest.raises(DataError, match="unpacks to more than"):
        graphs.add(tmp_path / name, name="x")


def test_compressed_tables_that_unpack_to_too_much_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MOST", 100)
    with pytest.raises(DataError, match="unpacks to more than"):
        graphs.add(name="x", **WRITERS["csv"](tmp_path))
    monkeypatch.setattr("cna_viz.data.own.parts.MOST", 1000)
    with pytest.raises(DataError, match=r"nodes.parquet would take"):
        graphs.add(name="x", **WRITERS["parquet"](tmp_path))


def test_an_array_that_declares_more_than_it_has_is_refused_before_it_is_allocated(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "g.npz", "w") as archive, archive.open("x.npy", "w") as part:
        npy.write_array_header_1_0(part, {"descr": "<f8", "fortran_order": False, "shape": (10**6, 10**6)})
    with pytest.raises(DataError, match="declares 8,000,000,000,000 bytes and has"):
        graphs.add(tmp_path / "g.npz", name="x")


def test_tensors_that_are_larger_than_their_file_are_refused(tmp_path: Path) -> None:
    torch.save(plain(x=torch.zeros(1, 1).expand(10**6, 10**6)), tmp_path / "g.pt")
    with pytest.raises(DataError, match="x would take 3,725 GiB of memory"):
        graphs.add(tmp_path / "g.pt", name="x")
    sparse = torch.sparse_coo_tensor(torch.zeros(2, 1, dtype=torch.int64), torch.ones(1), (10**6, 10**6))
    torch.save(plain(x=sparse), tmp_path / "g.pt")
    with pytest.raises(DataError, match="x would take 3,725 GiB of memory"):
        graphs.add(tmp_path / "g.pt", name="x")


def test_sparse_matrices_with_huge_shapes_are_refused(tmp_path: Path) -> None:
    parts = {"data": np.ones(1, np.float32), "indices": np.zeros(1, np.int32)}
    indptr = {24: np.r_[0, np.ones(24, np.int64)], 10**12: np.array([0, 1])}
    for rows, columns in ((24, 10**12), (10**12, 24)):
        attr = {**parts, "indptr": indptr[rows], "shape": np.array([rows, columns])}
        arrays = {f"attr_{key}": value for key, value in attr.items()}
        np.savez(tmp_path / "g.npz", y=Y, edge_index=np.array([[0], [1]]), **arrays)
        with pytest.raises(DataError, match=r"GiB of memory|no sparse matrix"):
            graphs.add(tmp_path / "g.npz", name="x")


@pytest.mark.parametrize("device", ["meta"])
def test_tensors_without_content_are_refused(device: str, tmp_path: Path) -> None:
    torch.save(plain(x=torch.empty(24, 4, device=device)), tmp_path / "g.pt")
    with pytest.raises(DataError):
        graphs.add(tmp_path / "g.pt", name="x")


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a\0b", "-x", ".x", "x" * 65, "ä", "own:own:x", "x\n"])
def test_hostile_names_are_refused(name: str) -> None:
    with pytest.raises(CnaVizError, match="can't be the name of a graph"):
        graphs.add(plain(), name=name)


@pytest.mark.parametrize("kind", [3, "x.unknown", b"x", {1: 2}, {"x": X}])
def test_other_things_are_no_graph(kind: Any) -> None:
    with pytest.raises(CnaVizError):
        graphs.add(kind, name="x")


def test_what_pyg_reads_safely_is_read_after_an_import_too(tmp_path: Path) -> None:
    data = Data(x=torch.eye(4), y=torch.tensor([0, 1, 0, 1]), edge_index=torch.tensor([[0, 1, 2], [1, 2, 3]]))
    torch.save(data, tmp_path / "graph.pt")
    before = set(torch.serialization.get_safe_globals())
    read_pt(tmp_path / "graph.pt")
    assert set(torch.serialization.get_safe_globals()) == before
