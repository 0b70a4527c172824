"""MatrixMarket with files of labels and features."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import scipy.io
import scipy.sparse as sp

from cna_viz import graphs
from cna_viz.errors import CnaVizError, DataError, UsageError

PATH = "%%MatrixMarket matrix coordinate pattern symmetric\n4 4 3\n2 1\n3 2\n4 3\n"
LINES = "a\nb\na\n\n"
ONE = {"labels.txt": LINES}


def add(folder: Path, files: dict[str, str], matrix: str = PATH, **options: Any) -> graphs.OwnEntry:
    (folder / "g.mtx").write_text(matrix)
    for name, text in files.items():
        (folder / name).write_text(text)
    options = {"features": "degree"} | options
    return graphs.add(folder / "g.mtx", name="x", labels=folder / next(iter(files), "none"), **options)


def test_a_symmetric_pattern_is_an_unweighted_graph(tmp_path: Path) -> None:
    entry = add(tmp_path, ONE)
    graph = graphs.load("x")
    assert graph.edge_index.tolist() == [[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]]
    assert (graph.y.tolist(), graph.class_names, entry.weighted) == ([0, 1, 0, -1], ("a", "b"), False)


@pytest.mark.parametrize(
    "labels",
    [
        {"l.txt": "label\n" + LINES},
        {"l.csv": "id,label\n0,a\n1,b\n2,a\n"},
        {"l.csv": "id,label\n4,\n3,a\n2,b\n1,a\n"},
        {"l.csv": "id,label\n3,\n2,a\n1,b\n0,a\n"},
        {"l.csv": "kind,colour\na,x\nb,y\na,x\n,y\n"},
    ],
)
def test_labels_are_lines_or_a_table(labels: dict[str, str], tmp_path: Path) -> None:
    expected = add(tmp_path, ONE)
    label = "kind" if "kind" in next(iter(labels.values())) else None
    assert add(tmp_path, labels, label=label).digest == expected.digest


@pytest.mark.parametrize("form", ["npy", "mtx", "csv"])
def test_features_are_a_matrix_or_a_table(form: str, tmp_path: Path) -> None:
    x = np.array([[1, 0.5], [0, 2], [0, 0], [-1, 4]], dtype=np.float32)
    np.save(tmp_path / "x.npy", x)
    scipy.io.mmwrite(tmp_path / "x.mtx", sp.csr_matrix(x))
    (tmp_path / "x.csv").write_text("a,b\n" + "".join(f"{a},{b}\n" for a, b in x.tolist()))
    add(tmp_path, ONE, features=tmp_path / f"x.{form}")
    assert graphs.load("x").x.tolist() == x.tolist()


def test_values_are_weights_and_rows_are_sources(tmp_path: Path) -> None:
    matrix = "%%MatrixMarket matrix coordinate real general\n4 4 3\n2 1 0.5\n3 2 2\n3 4 1\n"
    entry = add(tmp_path, ONE, matrix, directed=True)
    graph = graphs.load("x")
    assert (entry.weighted, entry.directed) == (True, True)
    assert graph.arcs is not None
    assert graph.arcs.tolist() == [[1, 2, 2], [0, 1, 3]]


@pytest.mark.parametrize(
    ("matrix", "files", "options", "kind", "message"),
    [
        (PATH, {}, {}, UsageError, "is no file"),
        (PATH, ONE, {"labels_": 1}, UsageError, "unknown option 'labels_'"),
        (PATH.replace("4 4 3", "4 5 3"), ONE, {}, DataError, "4 x 5, not square"),
        (PATH.replace("4 4 3", "4 4 999999999999"), ONE, {}, DataError, "which .* bytes can't hold"),
        ("%%MatrixMarket matrix array real general\n99999999 99999999\n1\n", ONE, {}, DataError, "can't hold"),
        (PATH, {"l.txt": "a\nb\n"}, {}, DataError, "2 labels, and the graph has 4 nodes"),
        (PATH, {"l.csv": "id,label\n1,a\n2,b\n3,a\n"}, {}, DataError, "its first node may be 0 or 1"),
        (PATH, {"l.csv": "id,label\n0,a\n2,b\n4,a\n"}, {}, DataError, "names node 4 of a graph with 4 nodes"),
        (PATH, {"l.csv": "id,label\n0,a\n0,b\n3,a\n"}, {}, DataError, "not all different row numbers"),
        (PATH, ONE, {"features": "x.npy"}, UsageError, "--features 'x.npy' is no file"),
        (PATH.replace("pattern", "complex"), ONE, {}, DataError, "complex"),
        ("nothing", ONE, {}, DataError, "can't be read"),
    ],
)
def test_other_files_are_refused(
    matrix: str, files: dict[str, str], options: dict[str, Any], kind: type[CnaVizError], message: str, tmp_path: Path
) -> None:
    with pytest.raises(kind, match=message):
        add(tmp_path, files, matrix, **options)


def test_labels_are_needed(tmp_path: Path) -> None:
    (tmp_path / "g.mtx").write_text(PATH)
    with pytest.raises(UsageError, match="--labels names a file"):
        graphs.add(tmp_path / "g.mtx", name="x")
