"""A file that unpacks to more than a dataset has is refused, and the memory stays."""

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import DataConfig
from cna_viz.data import archives
from cna_viz.data.datasets import load_graph
from cna_viz.errors import DataError

Write = Callable[..., Any]


def bomb(path: Path, megabytes: int) -> None:
    """Write an archive of zeros of a thousandth of the size."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive, archive.open("edges.npy", "w") as part:
        for _ in range(megabytes):
            part.write(bytes(2**20))


@pytest.mark.parametrize("name", ["chameleon", "minesweeper", "photo", "texas"])
def test_an_archive_that_unpacks_to_too_much_is_refused(
    name: str, root: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(name, root).folder
    bomb(sorted(folder.glob("*.npz"))[0], 9)
    monkeypatch.setattr(archives, "MOST", 8 * 2**20)
    with pytest.raises(DataError, match=r"unpacks to more than 0\.0078125 GiB and is not read"):
        load_graph(DataConfig(dataset=name), root)


def test_a_table_that_unpacks_to_too_much_is_refused(root: Path, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = write("ogbn-arxiv", root).folder
    (folder / "raw" / "edge.csv.gz").write_bytes(gzip.compress(b"1,2\n" * 2**21))
    monkeypatch.setattr(archives, "MOST", 2**20)
    with pytest.raises(DataError, match="unpacks to more than"):
        load_graph(DataConfig(dataset="ogbn-arxiv"), root)


def test_a_table_is_read_whole_up_to_the_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, content = tmp_path / "table.csv.gz", bytes(range(256)) * 4096
    path.write_bytes(gzip.compress(content))
    monkeypatch.setattr(archives, "MOST", len(content))
    with archives.open_gzip(path) as table:
        assert table.read() == content
    monkeypatch.setattr(archives, "MOST", len(content) - 1)
    with archives.open_gzip(path) as table, pytest.raises(DataError, match="unpacks to more than"):
        table.read()


def test_what_an_archive_says_of_its_size_is_all_that_is_read(tmp_path: Path) -> None:
    """An archive that says less than it holds can't be read beyond what it says."""
    path = tmp_path / "lies.npz"
    bomb(path, 4)
    content = bytearray(path.read_bytes())
    entry = content.rindex(b"PK\x01\x02")
    content[entry + 24 : entry + 28] = (1000).to_bytes(4, "little")
    path.write_bytes(content)
    with zipfile.ZipFile(path) as archive, archive.open("edges.npy") as part, pytest.raises(zipfile.BadZipFile):
        part.read(5 * 2**20)
