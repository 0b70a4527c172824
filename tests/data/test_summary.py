"""The listing: figures of what is there, kept, and not spoilt by what is broken."""

import gzip
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import DataConfig
from cna_viz.config.vocabulary import DATASETS
from cna_viz.data import datasets
from cna_viz.data.datasets import load_graph
from cna_viz.data.graph import edge_homophily
from cna_viz.data.summary import DatasetSummary, summarize
from cna_viz.errors import DataError

EMBEDDED = {"digits", "karate", "grid", "csbm", "motifs"}


def by_name(root: Path | None = None) -> dict[str, DatasetSummary]:
    return {summary.name: summary for summary in summarize(root)}


def test_lists_every_dataset_in_order_and_what_is_on_disk(
    root: Path, own_cache: Path, write: Callable[..., Any], tree: Callable[[Path], dict[str, int]]
) -> None:
    folder = write("texas", root).folder
    write("pubmed", own_cache / "data")
    before = tree(root)
    found = by_name(root)
    assert tree(root) == before
    assert tuple(found) == DATASETS
    assert {name for name, summary in found.items() if summary.on_disk} == EMBEDDED | {"texas", "pubmed"}
    assert found["cora"] == DatasetSummary("cora", task="node-classification", metric="accuracy")

    graph = load_graph(DataConfig(dataset="texas"), root)
    edges = graph.edge_index.shape[1] // 2
    share = edge_homophily(graph)
    task = {"task": "node-classification", "metric": "accuracy"}
    assert found["texas"] == DatasetSummary("texas", 24, edges, 6, 3, share, True, str(folder), **task)
    assert found["karate"] == DatasetSummary("karate", 34, 78, 34, 4, 59 / 78, True, "embedded", **task)
    assert found["grid"].homophily == 160 / 180


def test_task_metric_and_figures_of_numbers_and_of_graphs(root: Path, write: Callable[..., Any]) -> None:
    graph_of_node = write("enzymes", root).graph_of_node
    folder = write("squirrel-traffic", root).folder
    for _ in range(2):  # measured, then from the cache
        found = by_name(root)
        traffic, enzymes, motifs = (found[name] for name in ("squirrel-traffic", "enzymes", "motifs"))
        assert (traffic.task, traffic.metric) == ("node-regression", "nmse")
        edges = load_graph(DataConfig(dataset="squirrel-traffic"), root).edge_index.shape[1] // 2
        task = {"task": "node-regression", "metric": "nmse"}
        assert traffic == DatasetSummary("squirrel-traffic", 18, edges, 6, 0, None, True, str(folder), **task)
        assert (enzymes.task, enzymes.metric) == ("graph-classification", "accuracy")
        assert (enzymes.nodes, enzymes.edges, enzymes.features, enzymes.classes) == (len(graph_of_node), 13, 6, 3)
        assert (motifs.nodes, motifs.features, motifs.classes) == (12_000, 10, 3)
        assert found["squirrel-traffic-misaligned"].edges == edges
    absent = found["mutag"]
    assert absent == DatasetSummary("mutag", task="graph-classification", metric="accuracy")
    assert (absent.task, absent.metric) == ("graph-classification", "accuracy")
    assert (found["karate"].task, found["questions"].metric) == ("node-classification", "roc_auc")


def test_listing_copies_no_graph_into_the_cache(root: Path, own_cache: Path, write: Callable[..., Any]) -> None:
    write("texas", root)
    summarize(root)
    assert {path.name for path in own_cache.iterdir()} == {"summaries"}


@pytest.mark.subprocess
def test_second_listing_is_the_same_and_imports_no_torch(root: Path, write: Callable[..., Any]) -> None:
    write("texas", root)
    first = summarize(root)
    code = (
        "import sys; from pathlib import Path; from cna_viz.data.summary import summarize;"
        "print(summarize(Path(sys.argv[1]))); sys.exit('torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == str(first)


def test_changed_raw_files_are_measured_again(root: Path, write: Callable[..., Any]) -> None:
    sample = write("texas", root)
    before = by_name(root)["texas"].edges
    edges = sample.folder / "out1_graph_edges.txt"
    edges.write_text("\n".join(edges.read_text().splitlines()[:5]) + "\n")
    after = by_name(root)["texas"].edges
    assert before is not None
    assert after is not None
    assert after <= 4 < before


def test_damaged_figures_are_measured_again(root: Path, own_cache: Path, write: Callable[..., Any]) -> None:
    write("texas", root)
    first = summarize(root)
    files = sorted((own_cache / "summaries").iterdir())
    whole = [file.read_bytes() for file in files]
    damages = (b"", b"{", b"[]", b'{"nodes": 1}', b"\xff", b"null")
    for file, damage in zip(files, damages, strict=True):
        file.write_bytes(damage)
    assert summarize(root) == first
    assert [file.read_bytes() for file in files] == whole


def test_a_broken_dataset_does_not_break_the_listing(root: Path, write: Callable[..., Any]) -> None:
    write("texas", root)
    folder = write("chameleon", root).folder
    (folder / "chameleon.npz").write_bytes(b"broken")
    found = by_name(root)
    broken = found["chameleon"]
    assert broken.on_disk
    assert broken.where == str(folder)
    assert broken.nodes is None
    assert broken.problem is not None
    assert broken.problem.startswith(f"dataset 'chameleon' can't be read from {folder}: ")
    assert found["texas"].problem is None
    assert found["texas"].nodes == 24


def test_a_graph_without_edges_has_no_homophily(root: Path, write: Callable[..., Any]) -> None:
    folder = write("ogbn-arxiv", root).folder
    (folder / "raw/edge.csv.gz").write_bytes(gzip.compress(b"1,1\n"))
    for _ in range(2):  # measured, then from the cache
        summary = by_name(root)["ogbn-arxiv"]
        assert (summary.nodes, summary.edges, summary.homophily, summary.problem) == (26, 0, None, None)


def test_works_without_a_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("CNA_VIZ_CACHE", str(tmp_path / "file" / "cache"))
    assert by_name()["karate"].nodes == 34


def test_never_downloads(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise AssertionError("a listing downloads nothing")

    monkeypatch.setattr(datasets, "download", fail)
    assert not by_name()["cora"].on_disk


def test_data_root_that_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="absent"):
        summarize(tmp_path / "absent")


def test_real_figures(real_root: Path) -> None:
    found = by_name(real_root)
    cora = found["cora"]
    assert (cora.nodes, cora.edges, cora.features, cora.classes) == (2708, 5278, 1433, 7)
    assert cora.homophily == pytest.approx(0.81, abs=0.001)
    assert found["texas"].nodes == 183
    assert found["actor"].nodes == 7600
    assert found["minesweeper"].nodes == 10000
    assert found["chameleon"].nodes == 2277
    traffic = found["chameleon-traffic"]
    assert (traffic.nodes, traffic.edges, traffic.features, traffic.classes) == (2277, 31371, 3132, 0)
    assert traffic.homophily is None
