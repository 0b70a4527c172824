"""The catalog agrees with the vocabulary, with PyG's loaders and with itself."""

import os
import subprocess
import sys

import pytest

from cna_viz.config import DataConfig
from cna_viz.config.datasets import CATALOG
from cna_viz.config.vocabulary import DATASETS, METRIC_OF, SPLIT_PROTOCOLS, TASK_OF
from cna_viz.data.catalog import CLASS_PROTOCOLS, check, protocols
from cna_viz.data.embedded import EMBEDDED
from cna_viz.data.readers import READERS
from cna_viz.data.splits import MAKERS
from cna_viz.errors import UsageError

RANDOM = ("random-80-10-10", "random-60-20-20", "random-48-32-20")
PUBLISHED = {
    "public": {
        *("cora", "citeseer", "pubmed", "minesweeper", "tolokers", "roman-empire", "amazon-ratings", "questions"),
        *("ogbn-arxiv", "chameleon-filtered", "squirrel-filtered"),
        *("chameleon-filtered-directed", "squirrel-filtered-directed"),
    },
    "geom-gcn": {
        *("cora", "citeseer", "pubmed", "texas", "wisconsin", "cornell", "actor", "chameleon", "squirrel"),
        *("chameleon-directed", "squirrel-directed"),
    },
}

GRAPHS = {"motifs", "mutag", "proteins", "enzymes", "nci1"}


def test_names_are_those_of_the_vocabulary() -> None:
    assert tuple(CATALOG) == DATASETS
    assert tuple(MAKERS) == SPLIT_PROTOCOLS


def test_every_family_has_its_reader() -> None:
    families = {spec.family for spec in CATALOG.values()}
    assert families == {"embedded", *READERS, *(spec.family for spec in CATALOG.values() if spec.loader)}
    assert all(spec.url for spec in CATALOG.values() if spec.family in READERS)
    assert {name for name, spec in CATALOG.items() if spec.family == "embedded"} == set(EMBEDDED)


@pytest.mark.parametrize("name", [name for name, spec in CATALOG.items() if spec.loader])
def test_raw_files_are_where_the_loader_of_pyg_has_them(name: str) -> None:
    from torch_geometric import datasets

    class Nothing:
        def _download(self) -> None: ...
        def _process(self) -> None: ...
        def load(self, path: str) -> None: ...

    spec = CATALOG[name]
    for protocol in {"", *spec.raw_by_protocol}:
        arguments = {"name": spec.argument} if spec.argument else {}
        arguments |= {"split": protocol} if protocol else {}
        loader = type("Loader", (Nothing, getattr(datasets, spec.loader)), {})(root=spec.loader, **arguments)
        names = loader.raw_file_names
        raw = spec.raw_for(protocol)
        assert raw is not None
        assert loader.raw_dir == os.path.normpath(raw.folder)
        # For geom-gcn PyG names only the common files and downloads the ten splits besides.
        published = [names] if isinstance(names, str) else list(names)
        assert set(published) <= set(raw.names)
        assert set(raw.names) - set(published) == ({raw.numbered.format(i) for i in range(10)} if protocol else set())


@pytest.mark.parametrize("name", DATASETS)
def test_protocols(name: str) -> None:
    published = {protocol for protocol, names in PUBLISHED.items() if name in names}
    by_number = {"official-code"} if name in {"cora", "citeseer", "pubmed"} else set()
    by_class = set() if TASK_OF[name] == "node-regression" else set(CLASS_PROTOCOLS)
    assert set(protocols(name)) == {*RANDOM, *by_class, *by_number, *published}
    assert list(protocols(name)) == sorted(protocols(name), key=SPLIT_PROTOCOLS.index)


def test_protocols_of_an_unknown_dataset() -> None:
    with pytest.raises(UsageError, match="unknown dataset 'coro'; choices, nearest first: cora, "):
        protocols("coro")


def test_check_names_the_dataset_and_what_it_has() -> None:
    check(DataConfig(dataset="cora", split="geom-gcn"))
    with pytest.raises(UsageError) as caught:
        check(DataConfig(dataset="digits", split="geom-gcn"))
    message = str(caught.value)
    assert "unknown split protocol 'geom-gcn'" in message
    assert "class-80-10-10" in message
    assert "official-code" not in message
    assert "'digits'" in message
    assert "public" not in message


@pytest.mark.parametrize("name", ["citeseer-full", "digits", "mutag", "texas"])
def test_official_code_is_refused_where_the_released_code_splits_by_class(name: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(DataConfig(dataset=name, split="official-code"))
    assert str(caught.value).startswith("unknown split protocol 'official-code'; choices, nearest first: class-")
    assert str(caught.value).endswith(
        f"These are the ones dataset {name!r} has. official-code is only for Planetoid graphs; "
        "the released code splits others by class-80-10-10."
    )


def test_numbers_to_predict_have_no_classes_to_split_by() -> None:
    with pytest.raises(UsageError, match=r"class-A-B-C needs classes, not numbers to predict\.$"):
        check(DataConfig(dataset="chameleon-traffic", split="class-60-20-20"))
    with pytest.raises(UsageError, match=r"These are the ones dataset 'chameleon-traffic' has\.$"):
        check(DataConfig(dataset="chameleon-traffic", split="official-code"))


@pytest.mark.parametrize("name", DATASETS)
def test_task_and_metric(name: str) -> None:
    traffic = CATALOG[name].family == "musae"
    task = "node-regression" if traffic else "graph-classification" if name in GRAPHS else "node-classification"
    assert TASK_OF[name] == DataConfig(dataset=name).task == task
    area = name in {"minesweeper", "tolokers", "questions"}
    assert (
        METRIC_OF[name] == DataConfig(dataset=name).metric == ("nmse" if traffic else "roc_auc" if area else "accuracy")
    )


@pytest.mark.parametrize("name", ["mutag", "proteins", "enzymes", "nci1"])
def test_graphs_are_where_pyg_has_them(name: str) -> None:
    from torch_geometric.datasets import TUDataset

    class Loader(TUDataset):
        def __init__(self) -> None:
            self.root, self.name, self.cleaned = "TUDataset", CATALOG[name].argument, False

    raw = CATALOG[name].raw
    assert raw is not None
    assert Loader().raw_dir == os.path.normpath(raw.folder)
    # PyG names only the files that all of its datasets have; ours have classes of graphs and labels of nodes too.
    ours = {f"{CATALOG[name].argument}_{part}.txt" for part in ("graph_labels", "node_labels")}
    assert {*Loader().raw_file_names, *ours} == set(raw.names)


def test_raw_files_are_listed_in_a_few_words() -> None:
    raw = CATALOG["texas"].raw
    assert raw is not None
    assert str(raw) == "out1_node_feature_label.txt, out1_graph_edges.txt, texas_split_0.6_0.2_{0..9}.npz"
    assert raw.names[-1] == "texas_split_0.6_0.2_9.npz"
    assert len(raw.names) == 12


def test_masks_that_come_along() -> None:
    cora = CATALOG["cora"]
    assert cora.masks_with("random-80-10-10") == cora.masks_with("public") == "public"
    assert cora.masks_with("geom-gcn") == "geom-gcn"
    assert CATALOG["photo"].masks_with("random-80-10-10") is None


@pytest.mark.subprocess
def test_catalog_and_roots_do_not_import_torch() -> None:
    modules = "cna_viz.config.datasets, cna_viz.data.catalog, cna_viz.data.roots, cna_viz.data.summary"
    code = f"import sys, {modules}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
