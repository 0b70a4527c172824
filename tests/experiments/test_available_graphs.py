"""Graphs that a report can use now, and what it says of the others; without the net."""

from pathlib import Path

import pytest

from cna_viz.data import datasets
from cna_viz.data.catalog import published_split
from cna_viz.errors import DataError, UsageError
from cna_viz.experiments.available_graphs import AvailableGraphs, available_graphs


@pytest.fixture(autouse=True)
def no_net(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Take a cache of the test's own, and let every download fail as it does without a net."""

    def fail(spec: object, *more: object) -> None:
        raise DataError(f"dataset {spec.name!r} is not on disk and could not be downloaded")  # type: ignore[attr-defined]

    monkeypatch.setenv("CNA_VIZ_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("CNA_VIZ_DATA", raising=False)
    monkeypatch.setattr(datasets, "download", fail)


def test_what_can_be_had_has_its_split_and_the_rest_a_reason() -> None:
    found = available_graphs(["karate", "texas", "csbm"])
    assert found.splits == {"karate": "random-48-32-20", "csbm": "random-48-32-20"}
    assert found.missing == {"texas": "dataset 'texas' is not on disk and could not be downloaded"}
    left, command = found.sentences("heterophily")
    assert left == "**texas** is left out: dataset 'texas' is not on disk and could not be downloaded"
    assert "`cna-viz report heterophily -p graphs texas --data path/to/data`" in command


def test_nothing_missing_is_nothing_to_say() -> None:
    assert available_graphs([]) == AvailableGraphs()
    assert available_graphs(["karate"]).sentences("heterophily") == []


@pytest.mark.parametrize(
    ("name", "split"),
    [("texas", "geom-gcn"), ("minesweeper", "public"), ("cora", "public"), ("photo", "random-48-32-20")],
)
def test_the_split_is_the_published_one_where_there_is_one(name: str, split: str) -> None:
    assert published_split(name) == split


def test_slips_are_errors_and_not_left_out(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="unknown dataset 'texs'; choices, nearest first: texas"):
        available_graphs(["karate", "texs"])
    with pytest.raises(DataError, match="does not exist"):
        available_graphs(["karate"], tmp_path / "nowhere")
