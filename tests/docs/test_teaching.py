"""What the instructor's page tells to expect is what the stored runs show."""

import re

import numpy as np
import pytest

from cna_viz import records
from cna_viz.analysis.sentences import slot_findings
from cna_viz.analysis.tables.cluster_flow import cluster_flow
from cna_viz.live.graphs import LiveGraph, live_graph, without_edges
from cna_viz.live.network import run_through
from cna_viz.live.settings import LiveSettings
from cna_viz.records.record import Record
from tests.docs.pages import ROOT

PAGE = (ROOT / "docs" / "teaching.md").read_text(encoding="utf-8")
MINUTES = 45


@pytest.fixture(scope="module")
def ladder() -> list[Record]:
    return records.select(records.stored_runs(), slot=["none", "relu", "cna", "cna-random"])


def mean_score(runs: list[Record], slot: str, layers: int) -> float:
    return float(np.mean([run.score() for run in runs if run.config.slot == slot and run.layers == layers]))


def guessing(runs: list[Record]) -> float:
    return float(np.bincount(runs[0].graph["target"].values).max() / runs[0].graph.sizes["node"])


def test_six_steps_fill_the_lesson() -> None:
    minutes = [int(found) for found in re.findall(r"^### Step \d: .* \((\d+) minutes\)$", PAGE, re.MULTILINE)]
    assert len(minutes) == 6
    assert sum(minutes) == MINUTES
    assert f"{MINUTES} minutes in six steps" in PAGE


def test_the_steps_are_those_of_the_notebook() -> None:
    notebook = (ROOT / "notebooks" / "10_teaching.ipynb").read_text(encoding="utf-8")
    asked = re.findall(r"## (Step \d: [^\\\"]+\?)", notebook)
    assert re.findall(r"^### (Step \d: .*) \(\d+ minutes\)$", PAGE, re.MULTILINE) == asked


def test_step_2_edges_make_nodes_alike_and_only_normalization_stops_it() -> None:
    graph, empty = live_graph("csbm"), {"assignment": "none", "normalization": "none", "activation": "none"}

    def rank(graph: LiveGraph, **slot: str) -> float:
        settings = LiveSettings(layers=16, **slot)  # type: ignore[arg-type]
        return run_through(graph, settings).layers[15].measures["effective_rank"]

    first = run_through(graph, LiveSettings(layers=16, **empty)).layers[1].measures["effective_rank"]  # type: ignore[arg-type]
    with_edges, without = rank(graph, **empty), rank(without_edges(graph), **empty)
    assert with_edges < without < first
    assert rank(graph, **{**empty, "activation": "relu"}) < with_edges + 0.5
    assert rank(graph) > 2 * without


def test_step_3_cna_is_worst_when_shallow_and_stays_when_deep(ladder: list[Record]) -> None:
    shallow = {slot: mean_score(ladder, slot, 2) for slot in ("none", "relu", "cna", "cna-random")}
    deep = {slot: mean_score(ladder, slot, 32) for slot in shallow}
    assert min(shallow, key=shallow.__getitem__) == "cna"
    assert max(deep["none"], deep["relu"]) < guessing(ladder) + 0.05
    assert min(deep["cna"], deep["cna-random"]) > guessing(ladder) + 0.2


def test_step_4_the_highest_energy_is_not_the_best_score(ladder: list[Record]) -> None:
    deep = [run for run in ladder if run.layers == 16]
    energy = {
        slot: float(
            np.mean(
                [
                    run.metrics["rayleigh"].sel(epoch=run.best_epoch, layer=15, stage="conv")
                    for run in deep
                    if run.config.slot == slot
                ]
            )
        )
        for slot in ("none", "relu", "cna", "cna-random")
    }
    score = {slot: mean_score(deep, slot, 16) for slot in energy}
    assert max(energy, key=energy.__getitem__) != max(score, key=score.__getitem__)


def test_step_5_normalization_takes_away_what_told_clusters_apart() -> None:
    cna = records.select_one(records.stored_runs(), slot="cna", layers=16, seed=0)
    said = "\n".join(slot_findings.normalization_findings(cna, 8))
    assert re.search(r"variance between clusters: [1-9][\d.]* % before, 0\.0 % after N", said)


def test_step_5_nodes_scatter() -> None:
    cna = records.select_one(records.stored_runs(), slot="cna", layers=16, seed=0)
    flow = cluster_flow(cna)
    together = [flow.table(column).max(axis=1).sum() / flow.table(column).sum() for column in range(7)]
    assert max(together) < 0.6


def test_step_6_random_and_no_clusters_are_not_worse() -> None:
    runs = records.select(records.stored_runs(), layers=8)
    cna = mean_score(runs, "cna", 8)
    assert mean_score(runs, "cna-random", 8) >= cna
    assert mean_score(runs, "na", 8) >= cna
