"""Flows between clusters: columns, counts, an order in which few cross, and what is refused."""

from collections.abc import Callable
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, Literal

import numpy as np
import pytest

from cna_viz.analysis.sentences.slot_findings import Together, cluster_flow_findings, stay_together
from cna_viz.analysis.tables.cluster_flow import MOST, cluster_flow, spread
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Held = Callable[..., None]


def build(
    folder: Path, layers: int = 4, snapshots: Literal["log", "ends", "none"] = "log", slot: str = "cna", nodes: int = 60
) -> Record:
    model = ModelConfig(slot=slot, layers=layers, hidden=4, **({"clusters": 4} if slot == "cna" else {}))
    return synthetic_record(
        Path(mkdtemp(dir=folder)), RunConfig(model=model, recording=RecordingConfig(snapshots=snapshots)), nodes=nodes
    )


def permuted(layer: int, epoch: int) -> Any:
    """Return the same partition with other numbers in every layer, and at every epoch."""
    return np.random.default_rng(100 * layer + epoch).permutation(4)[np.arange(60) % 4]


def shuffled(layer: int, epoch: int) -> Any:
    """Return a partition that has nothing to do with that of any other layer."""
    return np.random.default_rng(100 * layer + epoch).integers(0, 4, 60)


def test_columns_are_layers_of_the_selected_model(tmp_path: Path, held: Held) -> None:
    held(cluster_label=shuffled)
    flow = cluster_flow(build(tmp_path))
    assert (flow.over, flow.places, flow.possible) == ("layer", (1, 2, 3), 3)
    for place, column in zip(flow.places, flow.columns, strict=True):
        np.testing.assert_array_equal(column.label, shuffled(place, 5))
    table = flow.table(1)
    for one in range(4):
        for other in range(4):
            assert table[one, other] == np.sum((shuffled(2, 5) == one) & (shuffled(3, 5) == other))


def test_columns_are_snapshots_of_one_slot(tmp_path: Path, held: Held) -> None:
    held(cluster_label=shuffled)
    flow = cluster_flow(build(tmp_path), "epoch", layer=2)
    assert (flow.over, flow.places) == ("epoch", (0, 1, 5))
    np.testing.assert_array_equal(flow.columns[1].label, shuffled(2, 1))
    assert cluster_flow(build(tmp_path), "epoch", layer=2, epochs=[5, 0, 5]).places == (0, 5)


def test_other_layers_and_another_epoch_can_be_asked_for(tmp_path: Path, held: Held) -> None:
    held(cluster_label=shuffled)
    flow = cluster_flow(build(tmp_path), layers=[3, 1], epoch=0)
    assert flow.places == (1, 3)
    np.testing.assert_array_equal(flow.columns[1].label, shuffled(3, 0))


def test_a_deep_network_has_few_columns_evenly_spread(tmp_path: Path) -> None:
    flow = cluster_flow(build(tmp_path, layers=96))
    assert len(flow.places) == MOST
    assert (flow.places[0], flow.places[-1], flow.possible) == (1, 95, 95)
    assert max(np.diff(flow.places)) - min(np.diff(flow.places)) <= 1


@pytest.mark.parametrize(("many", "kept"), [(1, [0]), (2, [0, 1]), (8, list(range(8))), (0, [])])
def test_few_values_are_all_kept(many: int, kept: list[int]) -> None:
    assert spread(list(range(many)), 8) == kept


def test_clusters_with_other_numbers_are_drawn_without_a_crossing(tmp_path: Path, held: Held) -> None:
    held(cluster_label=permuted)
    flow = cluster_flow(build(tmp_path, layers=7))
    for column in range(len(flow.places) - 1):
        table = flow.table(column)[np.ix_(flow.order[column], flow.order[column + 1])]
        assert np.count_nonzero(table - np.diag(np.diag(table))) == 0


def test_clusters_without_nodes_are_not_in_the_order(tmp_path: Path, held: Held) -> None:
    held(cluster_label=np.arange(60) % 2 * 3)
    flow = cluster_flow(build(tmp_path))
    assert [sorted(order.tolist()) for order in flow.order] == [[0, 3]] * 3
    assert [column.empty for column in flow.columns] == [2, 2, 2]


@pytest.mark.parametrize(
    ("over", "given", "message"),
    [
        ("layer", {"layer": 1}, "layer goes with over 'epoch' only"),
        ("layer", {"epochs": [0, 5]}, "epochs goes with over 'epoch' only"),
        ("epoch", {"layer": 1, "layers": [1, 2]}, "layers goes with over 'layer' only"),
        ("epoch", {"layer": 1, "epoch": 0}, "epoch goes with over 'layer' only"),
        ("epoch", {}, "follows the clusters of one slot: say which with layer"),
        ("layers", {}, "unknown kind of columns 'layers'; choices, nearest first: layer, epoch"),
        ("layer", {"layers": [2]}, "needs two slots or more, not 1: run .* has 3; follow one over its snapshots"),
        ("layer", {"layers": []}, "needs two slots or more, not 0"),
        ("layer", {"layers": [1, 4]}, "no slot after layer 4"),
        ("layer", {"epoch": 3}, "no snapshot of epoch 3; snapshots kept: 0, 1, 5"),
        ("epoch", {"layer": 9}, "no slot after layer 9"),
        ("epoch", {"layer": 1, "epochs": [0]}, "needs two snapshots or more, not 1: run .* keeps 0, 1, 5; train with"),
        ("epoch", {"layer": 1, "epochs": [0, 2]}, "no snapshot of epoch 2"),
    ],
)
def test_what_makes_no_flow_is_refused(tmp_path: Path, over: Any, given: dict[str, Any], message: str) -> None:
    record = build(tmp_path)
    for function in (cluster_flow, cluster_flow_findings):
        with pytest.raises(UsageError, match=message):
            function(record, over, **given)


def test_too_few_slots_or_snapshots_and_slots_without_clusters_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="needs two slots or more, not 1"):
        cluster_flow(build(tmp_path, layers=2))
    with pytest.raises(UsageError, match="needs two slots or more, not 0"):
        cluster_flow(build(tmp_path, layers=1, slot="relu"))
    with pytest.raises(UsageError, match="keeps none; train with snapshots 'log'"):
        cluster_flow(build(tmp_path, snapshots="none"), "epoch", layer=1)
    with pytest.raises(UsageError, match="snapshots kept: none"):
        cluster_flow(build(tmp_path, snapshots="none"))
    with pytest.raises(UsageError, match=r"'na' of run .* has no clusters"):
        cluster_flow(build(tmp_path, slot="na"))


def test_pairs_that_stay_together_by_hand() -> None:
    # Of four pairs within {0, 1, 2} and {3, 4}, only (0, 1) stays; by chance 2 of 10.
    before, after = np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 2])
    table = np.zeros((2, 3), int)
    np.add.at(table, (before, after), 1)
    found = stay_together(table)
    assert (found.share, found.chance) == pytest.approx((1 / 4, 2 / 10))
    assert found.beyond == pytest.approx(0.05 / 0.8)


def test_pairs_that_are_none() -> None:
    assert np.isnan(stay_together(np.eye(3, dtype=int)).share)
    assert np.isnan(stay_together(np.zeros((2, 2), int)).share)
    assert stay_together(np.array([[5]])) == Together(1, 1)
    assert stay_together(np.array([[5]])).beyond == 1


def test_nodes_that_stay_together_are_said_to(tmp_path: Path, held: Held) -> None:
    held(cluster_label=permuted)
    first, agreement, empty = cluster_flow_findings(build(tmp_path))  # all steps alike: no fewest and no most
    assert first == (
        "nodes mostly stay together from layer to layer: on average 100 % of the pairs of nodes in one cluster are "
        "also in one in the next layer (by chance 24 %)"
    )
    assert agreement == "normalized mutual information of successive columns: 1.00 (0: independent, 1: identical)"
    assert empty == "no cluster is empty"


def test_clusters_that_are_drawn_anew_are_said_to(tmp_path: Path, held: Held) -> None:
    held(cluster_label=shuffled)
    record = build(tmp_path)
    first, ends, *_ = cluster_flow_findings(record, "epoch", layer=1)
    assert first.startswith("clusters are drawn anew from epoch to epoch: on average ")
    tables = [cluster_flow(record, "epoch", layer=1).table(column) for column in (0, 1)]
    shares = [stay_together(table).share for table in tables]
    order = np.argsort(shares)
    names = ["epoch 0 to 1", "epoch 1 to 5"]
    low, high = (f"{100 * shares[number]:.0f} % from {names[number]}" for number in order)
    assert ends == f"the fewest stay together with {low}, the most with {high}"


def test_something_in_between_is_said_to_be(tmp_path: Path, held: Held) -> None:
    def half(layer: int, epoch: int) -> Any:
        return np.where(np.arange(60) < 32, np.arange(60) % 4, shuffled(layer, epoch))

    held(cluster_label=half)
    first, *_ = cluster_flow_findings(build(tmp_path), layers=[1, 2])
    assert first.startswith("nodes stay together from layer to layer only in part: ")


def test_empty_clusters_are_counted_by_column(tmp_path: Path, held: Held) -> None:
    held(cluster_label=lambda layer, epoch: np.arange(60) % (layer + 1))
    assert cluster_flow_findings(build(tmp_path))[-1] == (
        "empty clusters: 2 in layer 1 and 1 in layer 2, 3 of the 12 clusters shown"
    )


def test_one_cluster_of_all_nodes_means_nothing(tmp_path: Path, held: Held) -> None:
    held(cluster_label=np.zeros(60, int))
    assert cluster_flow_findings(build(tmp_path))[0] == (
        "one cluster has all nodes from layer to layer: that they stay together means nothing"
    )


def test_steps_into_one_cluster_make_no_nodes_stay_together(tmp_path: Path, held: Held) -> None:
    def collapsed(layer: int, epoch: int) -> Any:
        return shuffled(layer, epoch) if layer < 3 else np.zeros(60, int)

    held(cluster_label=collapsed)
    record = build(tmp_path, layers=6)
    first, *others = cluster_flow_findings(record)
    step = stay_together(cluster_flow(record).table(0))
    assert first == (
        f"clusters are drawn anew from layer to layer: {100 * step.share:.0f} % of the pairs of nodes in "
        f"one cluster are also in one in the next layer (by chance {100 * step.chance:.0f} %); left out: 3 steps "
        "into a single cluster"
    )
    assert others[0].startswith("normalized mutual information")  # one step has no fewest and no most
    assert "; left out: 1 step into a single cluster" in cluster_flow_findings(record, layers=[1, 2, 3])[0]


def test_clusters_of_one_node_each(tmp_path: Path, held: Held) -> None:
    held(cluster_label=np.arange(4))
    assert cluster_flow_findings(build(tmp_path, nodes=4))[0] == (
        "no two nodes share a cluster, so none can stay together"
    )
