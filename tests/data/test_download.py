"""Downloads: into the cache, whole or not at all; one sentence when there is no net."""

import io
import logging
import shutil
import socket
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.error import URLError

import pytest

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.data.datasets import load_graph
from cna_viz.data.download import PATIENCE
from cna_viz.errors import DataError

FILED = [name for name, spec in CATALOG.items() if spec.raw is not None]


class Net:
    """A net of files by name, in place of the one that PyG and we download from."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files
        self.asked: list[str] = []
        self.timeouts: set[float | None] = set()

    def fetch(self, url: str, folder: str, *_: Any, **__: Any) -> str:
        self.asked.append(url)
        self.timeouts.add(socket.getdefaulttimeout())
        name = url.rpartition("/")[2]
        if name not in self.files:
            raise URLError("Name or service\nnot known")
        path = Path(folder) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.files[name])
        return str(path)


@pytest.fixture
def net(monkeypatch: pytest.MonkeyPatch) -> Net:
    """Return a net without any file, put in the place of the real one."""
    from torch_geometric.datasets import actor, amazon, citation_full, heterophilous_graph_dataset, planetoid, webkb

    net = Net({})
    for module in (actor, amazon, citation_full, heterophilous_graph_dataset, webkb):
        monkeypatch.setattr(module, "download_url", net.fetch)
    monkeypatch.setattr("cna_viz.data.download.download_url", net.fetch)
    monkeypatch.setattr(planetoid.fs, "cp", net.fetch)
    return net


def published(sample: Any, name: str) -> dict[str, bytes]:
    """Return the files of ``sample`` as the net has them: one by one, or in an archive with more than we need."""
    spec = CATALOG[name]
    files = {path.relative_to(sample.folder).as_posix(): path for path in sample.folder.rglob("*") if path.is_file()}
    if spec.family == "ogb":
        return {"arxiv.zip": packed({f"arxiv/{file}": path.read_bytes() for file, path in files.items()})}
    if spec.family == "musae":
        topics = {f"wikipedia/{spec.argument}/musae_{file}": path.read_bytes() for file, path in files.items()}
        return {"wikipedia.zip": packed({**topics, "wikipedia/crocodile/musae_crocodile_edges.csv": b"id1,id2\n"})}
    if spec.family == "tu":
        tables = {f"{spec.argument}/{file}": path.read_bytes() for file, path in files.items()}
        return {f"{spec.argument}.zip": packed(tables)}
    return {path.name: path.read_bytes() for path in files.values()}


def packed(files: dict[str, bytes]) -> bytes:
    """Return a zip archive of ``files`` and of a note in the folder of the first one."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as zipped:
        for file, content in files.items():
            zipped.writestr(file, content)
        zipped.writestr(f"{next(iter(files)).partition('/')[0]}/README.txt", "more than we need")
    return archive.getvalue()


def without(archive: bytes, lost: str) -> bytes:
    """Return the archive without the files whose name ends in ``lost``."""
    with zipfile.ZipFile(io.BytesIO(archive)) as zipped:
        return packed(
            {file: zipped.read(file) for file in zipped.namelist() if not file.endswith((lost, "README.txt"))}
        )


def left_behind(cache: Path) -> list[Path]:
    return [path for path in cache.rglob("*") if path.is_file() or path.name.startswith(".")]


@pytest.mark.parametrize("name", FILED)
def test_no_net_gives_one_sentence(name: str, net: Net, root: Path, own_cache: Path) -> None:
    with pytest.raises(DataError) as caught:
        load_graph(DataConfig(dataset=name), root)
    message = str(caught.value)
    raw = CATALOG[name].raw
    assert raw is not None
    assert "\n" not in message
    assert message.startswith(f"dataset '{name}' is not on disk and could not be downloaded (URLError: ")
    assert "Name or service not known" in message
    assert str(raw) in message
    assert f"{root / raw.folder} or {own_cache / 'data' / raw.folder}" in message
    assert net.asked
    assert list(root.iterdir()) == []
    assert left_behind(own_cache) == []
    assert socket.getdefaulttimeout() is None
    assert net.timeouts == {PATIENCE}


@pytest.mark.parametrize("name", FILED)
def test_download_goes_to_the_cache_and_is_found_again(
    name: str,
    net: Net,
    root: Path,
    own_cache: Path,
    tmp_path: Path,
    write: Callable[..., Any],
    caplog: pytest.LogCaptureFixture,
) -> None:
    sample = write(name, tmp_path / "elsewhere")
    net.files = published(sample, name)
    with caplog.at_level(logging.WARNING, logger="cna_viz"):
        graph = load_graph(DataConfig(dataset=name), root)
    assert graph.y.tolist() == sample.y.tolist()
    assert f"dataset '{name}' is not on disk: downloading it to" in caplog.text
    assert list(root.iterdir()) == []
    raw = CATALOG[name].raw
    assert raw is not None
    kept = own_cache / "data" / raw.folder
    assert {str(path.relative_to(kept)) for path in kept.rglob("*") if path.is_file()} == set(raw.names)

    shutil.rmtree(own_cache / "graphs")
    asked = list(net.asked)
    load_graph(DataConfig(dataset=name), root)
    assert net.asked == asked


def test_geom_gcn_of_planetoid_has_its_own_folder(
    net: Net, own_cache: Path, tmp_path: Path, write: Callable[..., Any]
) -> None:
    net.files = published(write("cora", tmp_path / "elsewhere", "geom-gcn"), "cora")
    graph = load_graph(DataConfig(dataset="cora", split="geom-gcn"))
    assert graph.published["geom-gcn"].train.shape[1] == 10
    assert len(list((own_cache / "data/Planetoid/Cora/geom-gcn/raw").iterdir())) == 18


@pytest.mark.parametrize("lost", ["texas_split_0.6_0.2_9.npz", "out1_graph_edges.txt"])
def test_half_a_download_is_not_kept(
    lost: str, net: Net, own_cache: Path, tmp_path: Path, write: Callable[..., Any]
) -> None:
    net.files = published(write("texas", tmp_path / "elsewhere"), "texas")
    found = net.files.pop(lost)
    with pytest.raises(DataError, match="could not be downloaded"):
        load_graph(DataConfig(dataset="texas"))
    assert left_behind(own_cache) == []
    net.files[lost] = found
    assert load_graph(DataConfig(dataset="texas")).num_nodes == 24


@pytest.mark.parametrize("same", [False, True])
def test_files_that_are_in_place_already_are_never_replaced(
    net: Net, own_cache: Path, tmp_path: Path, write: Callable[..., Any], same: bool
) -> None:
    net.files = published(write("texas", tmp_path / "elsewhere"), "texas")
    raw = CATALOG["texas"].raw
    assert raw is not None
    own = own_cache / "data" / raw.folder / raw.names[0]
    own.parent.mkdir(parents=True)
    content = net.files[own.name] if same else b"mine"
    own.write_bytes(content)
    if same:
        assert load_graph(DataConfig(dataset="texas")).num_nodes == 24
    else:
        with pytest.raises(DataError, match="is not the file that was downloaded, and is not replaced"):
            load_graph(DataConfig(dataset="texas"))
        assert left_behind(own_cache) == [own]
    assert own.read_bytes() == content


@pytest.mark.parametrize(
    ("name", "lost"),
    [
        *(("squirrel-traffic", f"squirrel_{part}") for part in ("edges.csv", "target.csv", "features.json")),
        *(("proteins", f"PROTEINS_{part}.txt") for part in ("A", "graph_indicator")),
    ],
)
def test_half_an_archive_is_not_kept(
    name: str, lost: str, net: Net, own_cache: Path, tmp_path: Path, write: Callable[..., Any]
) -> None:
    whole = published(write(name, tmp_path / "elsewhere"), name)
    net.files = {file: without(archive, lost) for file, archive in whole.items()}
    with pytest.raises(DataError, match="could not be downloaded"):
        load_graph(DataConfig(dataset=name))
    assert left_behind(own_cache) == []
    net.files = whole
    assert load_graph(DataConfig(dataset=name)).name == name


def test_both_versions_of_a_topic_use_one_download(
    net: Net, own_cache: Path, tmp_path: Path, write: Callable[..., Any]
) -> None:
    net.files = published(write("chameleon-traffic", tmp_path / "elsewhere"), "chameleon-traffic")
    aligned = load_graph(DataConfig(dataset="chameleon-traffic"))
    misaligned = load_graph(DataConfig(dataset="chameleon-traffic-misaligned"))
    assert len(net.asked) == 1
    assert len(list((own_cache / "graphs").iterdir())) == 2
    assert aligned.edge_index.tolist() != misaligned.edge_index.tolist()


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("photo", "amazon_electronics_photo.npz"),
        ("ogbn-arxiv", "arxiv.zip"),
        ("chameleon-traffic", "wikipedia.zip"),
        ("mutag", "MUTAG.zip"),
    ],
)
def test_a_page_in_place_of_the_file_is_not_kept(name: str, file: str, net: Net, own_cache: Path) -> None:
    net.files = {file: b"<html>Please log in</html>"}
    with pytest.raises(DataError, match=f"dataset '{name}' .* could not be downloaded"):
        load_graph(DataConfig(dataset=name))
    assert left_behind(own_cache) == []


def test_an_incomplete_data_root_is_left_alone(
    net: Net, root: Path, write: Callable[..., Any], tree: Callable[[Path], dict[str, int]]
) -> None:
    sample = write("texas", root)
    files = published(sample, "texas")
    (sample.folder / "out1_graph_edges.txt").unlink()
    before = tree(root)
    with pytest.raises(DataError, match="could not be downloaded"):
        load_graph(DataConfig(dataset="texas"), root)
    net.files = files
    assert load_graph(DataConfig(dataset="texas"), root).num_nodes == 24
    assert tree(root) == before
