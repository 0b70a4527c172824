"""Small raw files in the format of each publisher, and a cache and a data root of the test's own."""

import gzip
import json
import os
import pickle
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import scipy.sparse as sp

from cna_viz.config.datasets import CATALOG, DatasetSpec
from tests.data.upstream import numbered_by_networkx

CLASSES = 3
FEATURES = 6


@dataclass
class Sample:
    """What was written, and so what must be read.

    Attributes:
        x: Features of zeros and ones, shape ``[nodes, 6]``.
        y: Class or number of every node; in a dataset of graphs the class of its graph.
        edges: Edges as written, shape ``[edges, 2]``: one direction, some twice, some back, a self-loop.
        masks: Masks of train, val and test, shape ``[3, repetitions, nodes]``.
        folder: Folder of the raw files.
        classes: Number of classes.
        graph_of_node: Number of the graph of every node, in a dataset of graphs.
    """

    x: np.ndarray
    y: np.ndarray
    edges: np.ndarray
    masks: np.ndarray
    folder: Path
    classes: int = CLASSES
    graph_of_node: np.ndarray | None = None

    @property
    def pairs(self) -> set[tuple[int, int]]:
        """Both directions of every edge, without self-loops."""
        return {(int(a), int(b)) for s, t in self.edges for a, b in ((s, t), (t, s)) if a != b}


def draw(nodes: int, folder: Path, repetitions: int = 10) -> Sample:
    """Draw a small graph."""
    rng = np.random.default_rng(nodes)
    x = (rng.random((nodes, FEATURES)) < 0.4).astype(np.float32)
    x[:, 0] = 1  # no node without a feature: Actor's format could not tell it
    x[0, -1] = 1
    y = rng.permutation(np.arange(nodes) % CLASSES)
    edges = rng.integers(0, nodes, (2 * nodes, 2))
    edges[-3:] = [edges[0], edges[1, ::-1], [2, 2]]
    part = np.stack([rng.permutation(np.arange(nodes) % 4) for _ in range(repetitions)])  # a fourth in no part
    masks = np.stack([part == i for i in range(3)])
    folder.mkdir(parents=True, exist_ok=True)
    return Sample(x, y, edges, masks, folder)


def write_npz_splits(sample: Sample, prefix: str) -> None:
    """Write the ten files of Geom-GCN, some boolean and some of bytes, as published."""
    for i in range(10):
        kind = np.uint8 if i % 2 else np.bool_
        train, val, test = sample.masks[:, i].astype(kind)
        path = sample.folder / f"{prefix}_split_0.6_0.2_{i}.npz"
        np.savez(path, train_mask=train, val_mask=val, test_mask=test)


def write_planetoid(spec: DatasetSpec, folder: Path, protocol: str) -> Sample:
    """Write the eight files of Planetoid; in citeseer's one test node is isolated and left out."""
    known, nodes, labelled = 520, 540, 6
    sample = draw(nodes, folder)
    name = spec.name
    tested = np.random.default_rng(0).permutation(np.arange(known, nodes))
    if name == "citeseer":
        isolated = known + 7
        tested = tested[tested != isolated]
        sample.x[isolated], sample.y[isolated] = 0, 0
        sample.edges = sample.edges[(sample.edges != isolated).all(axis=1)]
    graph = defaultdict(list)
    for source, target in sample.edges.tolist():
        graph[source].append(target)
        graph[target].append(source)
    x, y = sp.csr_matrix(sample.x), np.eye(CLASSES, dtype=np.int32)[sample.y]
    parts = {"x": x[:labelled], "y": y[:labelled], "allx": x[:known], "ally": y[:known]}
    for part, value in {**parts, "tx": x[tested], "ty": y[tested], "graph": graph}.items():
        (folder / f"ind.{name}.{part}").write_bytes(pickle.dumps(value, protocol=2))
    (folder / f"ind.{name}.test.index").write_text("".join(f"{node}\n" for node in tested))
    if protocol == "geom-gcn":
        write_npz_splits(sample, name)
    else:
        public = [np.arange(labelled), np.arange(labelled, labelled + 500), tested]
        sample.masks = np.stack([np.isin(np.arange(nodes), part)[None] for part in public])
    return sample


def write_geom_gcn(spec: DatasetSpec, folder: Path, protocol: str) -> Sample:
    """Write the two tables and ten split files of WebKB and Actor."""
    del protocol
    sample = draw(24, folder)
    nodes = np.random.default_rng(1).permutation(24) if spec.family == "actor" else np.arange(24)
    lines = ["node_id\tfeature\tlabel"]
    for node in nodes:
        row = np.flatnonzero(sample.x[node]) if spec.family == "actor" else sample.x[node].astype(int)
        lines.append(f"{node}\t{','.join(map(str, row))}\t{sample.y[node]}")
    (folder / "out1_node_feature_label.txt").write_text("\n".join(lines) + "\n")
    edges = "".join(f"{source}\t{target}\n" for source, target in sample.edges)
    (folder / "out1_graph_edges.txt").write_text("node_id\tnode_id\n" + edges)
    write_npz_splits(sample, "film" if spec.family == "actor" else spec.name)
    return sample


def only_file(spec: DatasetSpec) -> str:
    """Return the name of the one raw file that the dataset has."""
    assert spec.raw is not None
    (name,) = spec.raw.names
    return name


def write_masks_npz(spec: DatasetSpec, folder: Path, protocol: str) -> Sample:
    """Write the one file of the heterophilous graphs, Chameleon and Squirrel."""
    del protocol
    sample = draw(20, folder)
    train, val, test = sample.masks
    np.savez(
        folder / only_file(spec),
        node_features=sample.x,
        node_labels=sample.y,
        edges=sample.edges,
        train_masks=train,
        val_masks=val,
        test_masks=test,
    )
    return sample


def write_sparse_npz(spec: DatasetSpec, folder: Path, protocol: str) -> Sample:
    """Write the one file of the Amazon and full citation graphs: two sparse matrices in parts, and classes."""
    del protocol
    sample = draw(22, folder)
    ones = np.ones(len(sample.edges), dtype=np.float32)
    attr, adj = sp.csr_matrix(sample.x), sp.csr_matrix((ones, sample.edges.T), shape=(22, 22))
    parts = {f"attr_{key}": getattr(attr, key) for key in ("data", "indices", "indptr", "shape")}
    parts |= {f"adj_{key}": getattr(adj, key) for key in ("data", "indices", "indptr", "shape")}
    np.savez(folder / only_file(spec), labels=sample.y, **parts)
    return sample


def write_ogb(spec: DatasetSpec, folder: Path, protocol: str) -> Sample:
    """Write the compressed tables of the Open Graph Benchmark."""
    del spec, protocol
    sample = draw(26, folder, repetitions=1)
    tables = {"raw/edge": sample.edges, "raw/node-feat": sample.x, "raw/node-label": sample.y[:, None]}
    for part, mask in zip(("train", "valid", "test"), sample.masks, strict=True):
        tables[f"split/time/{part}"] = np.flatnonzero(mask[0])[:, None]
    for name, table in tables.items():
        path = folder / f"{name}.csv.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(gzip.compress("".join(",".join(map(str, row)) + "\n" for row in table.tolist()).encode()))
    return sample


def write_musae(spec: DatasetSpec, folder: Path, protocol: str) -> Sample:
    """Write the two tables and the lists of words: pages in no order, one without words, one without links."""
    del protocol
    pages, wordless, linkless = 18, 3, 5
    sample = draw(pages, folder)
    rng = np.random.default_rng(2)
    traffic = rng.integers(15, 500_000, pages)
    sample.x[wordless] = 0
    sample.y, sample.classes = (traffic / traffic.max()).astype(np.float32), 0
    sample.edges = sample.edges[(sample.edges != linkless).all(axis=1)]
    links = [f"{source},{target}" for source, target in sample.edges]
    targets = [f"{page},{traffic[page]}" for page in rng.permutation(pages)]
    words = {str(page): rng.permutation(np.flatnonzero(sample.x[page])).tolist() for page in rng.permutation(pages)}
    (folder / f"{spec.argument}_edges.csv").write_text("\n".join(["id1,id2", *links]) + "\n")
    (folder / f"{spec.argument}_target.csv").write_text("\n".join(["id,target", *targets]) + "\n")
    (folder / f"{spec.argument}_features.json").write_text(json.dumps(words))
    if spec.name.endswith("-misaligned"):
        sample.edges = np.array(numbered_by_networkx(sample.edges.tolist()))
    return sample


def write_tu(spec: DatasetSpec, folder: Path, protocol: str) -> Sample:
    """Write the tables of the TU collection: nodes and graphs from 1 on, all edges twice, no node label 3.

    The last node of every graph is isolated, so that graphs of one or two nodes have no edge.
    """
    del protocol
    sizes = (1, 4, 2, 7, 3, 5, 1, 2, 4)
    nodes = sum(sizes)
    sample = draw(nodes, folder)
    rng = np.random.default_rng(3)
    sample.graph_of_node = np.repeat(np.arange(len(sizes)), sizes)
    kinds = rng.permutation(np.arange(len(sizes)) % CLASSES)
    labels = rng.permutation(np.resize([0, 1, 2, 4, 5], nodes))
    sample.x, sample.y = np.eye(FEATURES, dtype=np.float32)[labels], kinds[sample.graph_of_node]
    ends = np.cumsum(sizes)
    paths = [(node, node + 1) for size, end in zip(sizes, ends, strict=True) for node in range(end - size, end - 2)]
    sample.edges = np.array(sorted(paths + [(target, source) for source, target in paths]))
    tables = {
        "A": [f"{source + 1}, {target + 1}" for source, target in sample.edges],
        "graph_indicator": sample.graph_of_node + 1,
        "graph_labels": np.array([-1, 1, 4])[kinds],
        "node_labels": labels + 1,
    }
    if spec.name in ("proteins", "enzymes"):  # not features of ours, though the reader of PyG reads them
        tables["node_attributes"] = [f"{a:.6f}, {b:.6f}" for a, b in rng.normal(size=(nodes, 2))]
    if spec.name == "mutag":
        tables["edge_labels"] = rng.integers(0, 4, len(sample.edges))
    for table, rows in tables.items():
        (folder / f"{spec.argument}_{table}.txt").write_text("".join(f"{row}\n" for row in rows))
    return sample


WRITERS = {
    "planetoid": write_planetoid,
    "webkb": write_geom_gcn,
    "actor": write_geom_gcn,
    "heterophilous": write_masks_npz,
    "amazon": write_sparse_npz,
    "citation-full": write_sparse_npz,
    "ogb": write_ogb,
    "npz": write_masks_npz,
    "musae": write_musae,
    "tu": write_tu,
}


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Point the cache to a folder of the test, forget a data root set outside, and trust the files that are written."""
    cache = tmp_path / "cache"
    monkeypatch.setenv("CNA_VIZ_CACHE", str(cache))
    monkeypatch.setenv("CNA_VIZ_GRAPHS", str(tmp_path / "graphs"))
    monkeypatch.delenv("CNA_VIZ_DATA", raising=False)
    monkeypatch.setenv("CNA_VIZ_TRUST_DATA", "1")
    return cache


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Return an empty data root."""
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


@pytest.fixture
def write() -> Callable[..., Sample]:
    """Return ``write(name, root, protocol, folder)``, which writes the raw files of a dataset."""

    def write(name: str, root: Path, protocol: str = "", folder: Path | None = None) -> Sample:
        spec = CATALOG[name]
        raw = spec.raw_for(protocol)
        assert raw is not None
        return WRITERS[spec.family](spec, folder or root / raw.folder, protocol)

    return write


@pytest.fixture
def real_root() -> Path:
    """Return a data root with real graphs, or skip."""
    beside = Path(__file__).parents[3] / "shared" / "data"
    folder = Path(os.environ.get("CNA_VIZ_TEST_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"no real graphs in {folder}: set CNA_VIZ_TEST_DATA to a data root that has them")
    return folder


@pytest.fixture
def tree() -> Callable[[Path], dict[str, int]]:
    """Return a function that lists everything below a folder with its time of change."""

    def tree(folder: Path) -> dict[str, int]:
        return {str(path): path.stat().st_mtime_ns for path in (folder, *folder.rglob("*"))}

    return tree
