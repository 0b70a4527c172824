"""``cna-viz datasets``: every dataset of the vocabulary, and what is on disk."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config.vocabulary import DATASETS, METRIC_OF, TASK_OF
from cna_viz.data.embedded import EMBEDDED

Call = Callable[..., Any]


@pytest.fixture(scope="module")
def answers(call: Call, tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, Any]:
    """Return the table and the JSON where nothing was downloaded."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CNA_VIZ_CACHE", str(tmp_path_factory.mktemp("cache")))
        patch.setenv("CNA_VIZ_DATA", str(tmp_path_factory.mktemp("data")))
        return call("datasets"), call("datasets", "--json")


def test_all_names_are_listed_and_only_the_embedded_ones_are_on_disk(answers: tuple[Any, Any]) -> None:
    answer, _ = answers
    assert (answer.code, answer.err) == (0, "")
    header, *lines = answer.out.splitlines()
    assert header.split() == [
        "name",
        "task",
        "metric",
        "nodes",
        "edges",
        "features",
        "classes",
        "homophily",
        "on",
        "disk",
    ]
    assert [line.split()[0] for line in lines] == list(DATASETS)
    assert {line.split()[0] for line in lines if line.endswith("  yes")} == set(EMBEDDED)
    assert {line.split()[0] for line in lines if line.split()[3:] == ["–"] * 5 + ["no"]} == (
        set(DATASETS) - set(EMBEDDED)
    )


def test_figures_of_the_karate_club(answers: tuple[Any, Any]) -> None:
    (line,) = [line for line in answers[0].out.splitlines() if line.startswith("karate")]
    assert line.split()[1:7] == ["node-classification", "accuracy", "34", "78", "34", "4"]


def test_json_is_one_object_with_the_same_figures(answers: tuple[Any, Any]) -> None:
    table, answer = answers
    assert (answer.code, answer.err, answer.out.count("\n")) == (0, "", 1)
    datasets = {entry["name"]: entry for entry in json.loads(answer.out)["datasets"]}
    assert tuple(datasets) == DATASETS
    assert {name for name, entry in datasets.items() if entry["on_disk"]} == set(EMBEDDED)
    for line in table.out.splitlines()[1:]:
        name, task, metric, *figures = line.split()
        entry = datasets[name]
        assert (entry["task"], entry["metric"]) == (task, metric) == (TASK_OF[name], METRIC_OF[name])
        if entry["on_disk"]:
            counts = [f"{entry[key]:,}" for key in ("nodes", "edges", "features", "classes")]
            homophily = "–" if entry["homophily"] is None else f"{entry['homophily']:.2f}"
            assert figures == [*counts, homophily, "yes"]
            assert (entry["homophily"] is None) == (task == "graph-classification")
        else:
            assert entry["nodes"] is None


@pytest.mark.parametrize("words", [("--data", "nowhere"), ("--data", "file")])
def test_a_data_root_that_is_no_folder_is_refused(call: Call, tmp_path: Path, words: tuple[str, ...]) -> None:
    (tmp_path / "file").touch()
    answer = call("datasets", *words)
    assert answer.code == 1
    assert answer.complaint == f"data folder {words[1]!r} does not exist or is not a folder"


def test_the_data_root_of_the_environment_is_named_when_it_is_not_there(
    call: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CNA_VIZ_DATA", "nowhere")
    answer = call("datasets", "--json")
    assert answer.code == 1
    assert answer.complaint == "CNA_VIZ_DATA 'nowhere' does not exist or is not a folder"


def test_a_dataset_that_cant_be_read_is_told_and_hides_no_other(call: Call, tmp_path: Path) -> None:
    raw = tmp_path / "root" / "heterophilous-graphs"
    raw.mkdir(parents=True)
    (raw / "chameleon_filtered.npz").write_bytes(b"no archive")
    answer = call("datasets", "--data", "root")
    assert answer.code == 0
    assert len(answer.out.splitlines()) == len(DATASETS) + 1
    assert answer.err.startswith("cna-viz: chameleon-filtered: dataset 'chameleon-filtered' can't be read from ")
    assert answer.err.count("\n") == 1
