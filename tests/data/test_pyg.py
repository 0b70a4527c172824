"""Files that can run code are read only where they are those that were published, or trusted."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.cli.main import main
from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.data.datasets import load_graph
from cna_viz.data.pyg import SHA256
from cna_viz.data.roots import TRUST_VARIABLE
from cna_viz.errors import DataError
from tests.data.payload import Payload

Write = Callable[..., Any]
CORA = DataConfig(dataset="cora", split="public")


@pytest.fixture
def hostile(root: Path, write: Write, tmp_path: Path) -> Path:
    """Return the folder that is made if the data root's Cora is unpickled."""
    made = tmp_path / "made"
    folder = write("cora", root).folder
    (folder / "ind.cora.graph").write_bytes(pickle.dumps(Payload(made)))
    return made


@pytest.fixture
def untrusting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(TRUST_VARIABLE)


def test_every_file_that_is_a_pickle_has_a_digest() -> None:
    raw = [spec.raw for spec in CATALOG.values() if spec.family == "planetoid"]
    names = {name for files in raw if files for name in files.names}
    assert names == set(SHA256)
    assert all(len(digest) == 64 for digest in SHA256.values())


@pytest.mark.usefixtures("untrusting")
@pytest.mark.parametrize("split", ["public", "random-60-20-20"])
def test_an_unknown_file_is_refused_before_it_is_read(root: Path, hostile: Path, split: str) -> None:
    with pytest.raises(
        DataError, match=r"not the file that was published: its sha256 begins [0-9a-f]{8}.*--trust-data"
    ):
        load_graph(DataConfig(dataset="cora", split=split), root)
    assert not hostile.exists()


def test_who_trusts_a_file_has_it_read(root: Path, hostile: Path) -> None:
    with pytest.raises(DataError, match="can't be read"):
        load_graph(CORA, root)
    assert hostile.exists()


@pytest.mark.usefixtures("untrusting")
def test_a_download_is_not_read_either_where_it_is_not_what_was_published(
    tmp_path: Path, write: Write, hostile: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from torch_geometric.datasets import Planetoid

    def download(self: Any) -> None:
        write("cora", tmp_path, folder=Path(self.raw_dir))
        (Path(self.raw_dir) / "ind.cora.x").write_bytes(pickle.dumps(Payload(hostile)))

    monkeypatch.setattr(Planetoid, "download", download)
    with pytest.raises(DataError, match="is not the file that was published"):
        load_graph(CORA)
    assert not hostile.exists()


@pytest.mark.usefixtures("untrusting")
def test_the_published_files_are_read(real_root: Path) -> None:
    assert load_graph(CORA, real_root).x.shape == (2708, 1433)


@pytest.mark.usefixtures("untrusting")
def test_the_command_line_says_so_in_one_line_and_can_be_told_to_trust(
    root: Path, hostile: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ["run", "--dataset", "cora", "--data", str(root), "--runs", str(tmp_path / "runs"), "--epochs", "1"]
    assert main(words) == 1
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert "--trust-data" in said
    assert not hostile.exists()
    monkeypatch.setenv(TRUST_VARIABLE, "0")  # so that it is taken back after the test
    main([*words, "--trust-data"])
    assert hostile.exists()
