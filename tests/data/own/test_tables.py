"""Tables of nodes and edges: what each column is, and what is said of it."""

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from cna_viz import graphs
from cna_viz.config.vocabulary import SPLITS
from cna_viz.errors import CnaVizError, DataError, UsageError

NODES = "id,age,city,kind\na,30,Ulm,x\nb,40,Bonn,y\nc,50,Ulm,x\nd,60,Bonn,\n"
EDGES = "source,target\na,b\nb,c\nc,d\n"


def add(folder: Path, nodes: str = NODES, edges: str = EDGES, **options: Any) -> graphs.OwnEntry:
    (folder / "nodes.csv").write_text(nodes)
    (folder / "edges.csv").write_text(edges)
    options = {"label": "kind"} | options
    return graphs.add(nodes=folder / "nodes.csv", edges=folder / "edges.csv", name="x", **options)


def test_columns_become_features_labels_and_edges(tmp_path: Path) -> None:
    entry = add(tmp_path)
    graph = graphs.load("x")
    assert graph.x.tolist() == [[30, 0, 1], [40, 1, 0], [50, 0, 1], [60, 1, 0]]
    assert (graph.y.tolist(), graph.class_names) == ([0, 1, 0, -1], ("x", "y"))
    assert graph.edge_index.tolist() == [[0, 1, 1, 2, 2, 3], [1, 0, 2, 1, 3, 2]]
    assert entry.changes[:3] == (
        "ids are column 'id' (--id names another)",
        "ids are text: the 4 nodes are numbered in their order",
        "edges go from column 'source' to 'target'",
    )


def test_columns_are_found_by_other_usual_names(tmp_path: Path) -> None:
    expected = add(tmp_path, label="kind")
    nodes = NODES.replace("id,", "Node,").replace("kind", "Class")
    entry = add(tmp_path, nodes, EDGES.replace("source,target", "Src,Dst"), label=None)
    assert entry.digest == expected.digest
    assert "labels are column 'Class' (--label names another)" in entry.changes


def test_columns_can_be_named(tmp_path: Path) -> None:
    expected = add(tmp_path)
    nodes, edges = NODES.replace("id,", "who,"), "day,one,other,power\n1,a,b,1\n1,b,c,1\n2,c,d,1\n"
    entry = add(tmp_path, nodes, edges, id="who", source="one", target="other")
    assert entry.digest == expected.digest
    assert "left out of the edges: day, power" in entry.changes
    named = {"id": "who", "source": "one", "target": "other", "replace": True}
    assert add(tmp_path, nodes, edges, features="age", **named).features == 1
    assert add(tmp_path, nodes, edges, drop="city", **named).features == 1


@pytest.mark.parametrize(
    ("ids", "said"),
    [
        ("0,1,2,3", None),
        ("10,11,12,15", "ids run from 10 to 15 with 2 gaps: the 4 nodes are numbered in their order"),
        ("3,2,1,0", "ids run from 0 to 3 with 0 gaps: the 4 nodes are numbered in their order"),
        ("NA,null,7,x y", "ids are text: the 4 nodes are numbered in their order"),
        ("01,1,001,1.0", "ids are text: the 4 nodes are numbered in their order"),
    ],
)
def test_ids_of_any_kind_are_the_same_graph(ids: str, said: str | None, tmp_path: Path) -> None:
    expected = add(tmp_path)
    a, b, c, d = ids.split(",")
    nodes = f"id,age,city,kind\n{a},30,Ulm,x\n{b},40,Bonn,y\n{c},50,Ulm,x\n{d},60,Bonn,\n"
    entry = add(tmp_path, nodes, f"source,target\n{a},{b}\n{b},{c}\n{c},{d}\n")
    assert entry.digest == expected.digest
    assert [line for line in entry.changes if "are numbered in their order" in line] == ([said] if said else [])


def test_ids_are_no_features_unless_the_user_says_so(tmp_path: Path) -> None:
    nodes = "id,user_id,motto,age,kind\na,7,one,1,x\nb,9,two,2,y\nc,8,three,3,x\nd,5,four,4,y\n"
    entry = add(tmp_path, nodes)
    assert entry.features == 1
    assert "'user_id' looks like ids and is no feature (--features names the columns that are)" in entry.changes
    assert "'motto' looks like ids and is no feature (--features names the columns that are)" in entry.changes
    assert add(tmp_path, nodes, features="user_id,age", replace=True).features == 2


def test_masks_with_repetitions_are_columns(tmp_path: Path) -> None:
    nodes = pd.DataFrame({"id": [f"n{i}" for i in range(8)], "f": np.arange(8) + 0.5, "label": np.arange(8) % 2})
    parts = {"train_0": [0, 1, 2], "val_0": [4, 5], "test_0": [6], "train_1": [4, 5], "val_1": [1, 2], "test_1": [0]}
    masks = pd.DataFrame({name: np.isin(range(8), part) for name, part in parts.items()})
    edges = pd.DataFrame({"u": [f"n{i}" for i in range(7)], "v": [f"n{i}" for i in range(1, 8)]})
    entry = graphs.add(nodes=pd.concat([nodes, masks], axis=1), edges=edges, name="x")
    assert (entry.repetitions, entry.features) == (2, 1)
    assert graphs.load("x").published["own"].val.T.nonzero().tolist() == [[0, 4], [0, 5], [1, 1], [1, 2]]


def test_parquet_with_numbers_as_ids_is_the_same_graph(tmp_path: Path) -> None:
    expected = add(tmp_path)
    nodes = pd.read_csv(tmp_path / "nodes.csv").assign(id=[5, 7, 6, 9])
    edges = pd.DataFrame({"source": [5, 7, 6], "target": [7, 6, 9]})
    nodes.to_parquet(tmp_path / "n.parquet")
    edges.to_parquet(tmp_path / "e.parquet")
    found = graphs.add(nodes=tmp_path / "n.parquet", edges=tmp_path / "e.parquet", name="x", label="kind")
    assert found.digest == expected.digest
    assert graphs.add(nodes=nodes, edges=edges, name="x", label="kind").source == "a table and a table"


def test_tables_may_be_separated_by_tabs(tmp_path: Path) -> None:
    expected = add(tmp_path)
    for name, text in (("n.tsv", NODES), ("e.tsv", EDGES)):
        (tmp_path / name).write_text(text.replace(",", "\t"))
    assert (
        graphs.add(nodes=tmp_path / "n.tsv", edges=tmp_path / "e.tsv", name="x", label="kind").digest == expected.digest
    )


def test_parquet_without_pyarrow_is_refused_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow.parquet", None)
    (tmp_path / "n.parquet").write_bytes(b"")
    with pytest.raises(UsageError, match=r"pip install 'cna-viz\[export\]'"):
        graphs.add(nodes=tmp_path / "n.parquet", edges=tmp_path / "n.parquet", name="x")


@pytest.mark.parametrize(
    ("changed", "kind", "message"),
    [
        ({"nodes": NODES.replace("b,40", "a,40")}, DataError, "id 'a' stands for 2 nodes"),
        ({"nodes": NODES.replace("b,40", ",40")}, DataError, "id '' stands for 1 nodes"),
        ({"edges": EDGES + "a,q\nq,r\n"}, DataError, "2 edges with a node that is not among the nodes, first 'q'"),
        ({"nodes": NODES.replace("40", "")}, DataError, "column 'age' has 1 missing value"),
        ({"nodes": NODES.replace("40", "inf")}, DataError, "column 'age' has infinite"),
        ({"nodes": NODES + "e,1,Ulm,x,y,z\n"}, DataError, "can't be read"),
        ({"nodes": ""}, DataError, "can't be read"),
        (
            {"label": None},
            UsageError,
            "no column is named label, class, y or target: --label .* age, city, kind",
        ),
        ({"label": "knd"}, UsageError, "unknown column 'knd'; choices, nearest first: kind"),
        ({"id": "x"}, UsageError, "unknown column 'x'"),
        ({"nodes": NODES.replace("age", "x").replace("city", "y"), "label": None}, UsageError, "--label names it"),
        (
            {"nodes": NODES.replace("kind", "y").replace("city", "Label"), "label": None},
            UsageError,
            "Label and y could",
        ),
        ({"nodes": NODES.replace("id,", "who,")}, UsageError, "--id names it, one of who, age"),
        ({"edges": EDGES.replace("source", "a")}, UsageError, "--source and --target name the two columns"),
        ({"source": "target"}, UsageError, "--source and --target name the two columns"),
        ({"drop": "x"}, UsageError, "unknown column 'x'"),
        ({"features": "age,cty"}, UsageError, "unknown column 'cty'"),
        (
            {"edges": "source,target,weight\na,b,1\nb,c,x\n"},
            DataError,
            "'weight' of the edges is not all numbers",
        ),
        ({"edges": "source,target,weight\na,b,1\nb,c,\n"}, DataError, "1 weight missing"),
        ({"nodes": NODES.replace("kind", "train_mask")}, DataError, "the train mask has values"),
        ({"labels": "x"}, UsageError, "--labels has no meaning for tables"),
    ],
)
def test_other_tables_are_refused(
    changed: dict[str, Any], kind: type[CnaVizError], message: str, tmp_path: Path
) -> None:
    if "train_mask" in changed.get("nodes", ""):
        changed |= {"label": "city"}
    with pytest.raises(kind, match=message):
        add(tmp_path, **changed)


def test_a_table_alone_is_no_graph(tmp_path: Path) -> None:
    add(tmp_path)
    with pytest.raises(UsageError, match="a graph is two: --nodes FILE --edges FILE"):
        graphs.add(tmp_path / "nodes.csv", name="x")
    with pytest.raises(UsageError, match="--nodes FILE and --edges FILE together"):
        graphs.add(nodes=tmp_path / "nodes.csv", name="x")
    with pytest.raises(DataError, match="no file"):
        graphs.add(nodes=tmp_path / "nodes.csv", edges=tmp_path / "none.csv", name="x")
    with pytest.raises(UsageError, match=r"unknown format '.xls'"):
        graphs.add(nodes=tmp_path / "nodes.xls", edges=tmp_path / "none.csv", name="x")


def test_missing_ids_are_refused() -> None:
    nodes = pd.DataFrame({"id": ["a", None, "c"], "f": [1, 2, 3], "label": [0, 1, 0]})
    with pytest.raises(DataError, match="1 node without an id in column 'id'"):
        graphs.add(nodes=nodes, edges=pd.DataFrame({"u": ["a", None], "v": ["c", "a"]}), name="x")
    with pytest.raises(DataError, match="1 edge with a node that is not among the nodes, first nan"):
        graphs.add(nodes=nodes.dropna(), edges=pd.DataFrame({"u": ["a", None], "v": ["c", "a"]}), name="x")


def test_many_columns_arrive_in_their_order(tmp_path: Path) -> None:
    x = np.random.default_rng(0).normal(size=(4, 300)).astype(np.float32)
    frame = pd.DataFrame(x).assign(id=list("abcd"), label=[0, 1, 0, 1])
    graphs.add(nodes=frame, edges=pd.DataFrame({"u": list("abc"), "v": list("bcd")}), name="x")
    assert np.array_equal(graphs.load("x").x.numpy(), x)


RING = range(9)


def ring(ids: Any = RING, ends: Any = RING, **columns: Any) -> dict[str, pd.DataFrame]:
    """Return the tables of a ring of nine nodes, with further columns of the nodes."""
    label, feature = np.arange(9) % 2, np.arange(9) % 5
    nodes = pd.DataFrame({"id": list(ids), "f": feature, "label": label, **columns})
    return {"nodes": nodes, "edges": pd.DataFrame({"source": list(ends), "target": np.roll(list(ends), -1)})}


def test_repetitions_are_paired_by_their_numbers_or_refused() -> None:
    masks = {f"{part}_mask_{number}": np.arange(9) % 3 == i for i, part in enumerate(SPLITS) for number in (0, 1)}
    tables = ring(**masks)
    assert graphs.add(name="two", **tables).repetitions == 2
    tables["nodes"] = tables["nodes"].rename(columns={"val_mask_0": "val_mask_2"})
    with pytest.raises(DataError, match="different repetitions: train 0 1, val 1 2, test 0 1"):
        graphs.add(name="three", **tables)


def test_numbers_that_pandas_made_floats_are_the_same_ids() -> None:
    plain = graphs.add(name="plain", **ring())
    assert graphs.add(name="floats", **ring(ends=np.arange(9.0))).digest == plain.digest


def test_ids_with_leading_zeros_are_text() -> None:
    ids = ["007", "7", *map(str, range(10, 17))]
    entry = graphs.add(name="agents", **ring(ids, ids))
    assert "ids are text: the 9 nodes are numbered in their order" in entry.changes
    assert (entry.nodes, entry.edges) == (9, 9)


def test_labels_with_underscores_are_names() -> None:
    entry = graphs.add(name="names", **ring(label=["1_0", "2_0", "1_0"] * 3))
    assert entry.class_names == ("1_0", "2_0")


def test_complex_labels_are_refused() -> None:
    with pytest.raises(DataError, match="is neither a number nor text"):
        graphs.add(name="complex", **ring(label=np.arange(9) * 1j))
