"""Projections of a run: computed once, never on another side than their neighbours, and bounded in memory."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cna_viz.analysis.positions import kept_projections
from cna_viz.analysis.positions.kept_projections import KeptProjections, between
from cna_viz.analysis.positions.projection import Projection, project_layers
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import RecordError, UsageError
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record

Array = np.ndarray[Any, Any]


@pytest.fixture
def record(tmp_path: Path) -> Record:
    """Return a run of CNA with three snapshots, the last of which is selected."""
    config = RunConfig(
        model=ModelConfig(slot="cna", layers=4, hidden=5, clusters=3),
        recording=RecordingConfig(snapshots="log", every=1),
    )
    return synthetic_record(tmp_path, config)


def shown(positions: Array, spread: float = 1.0, collapsed: bool = False) -> Projection:
    return Projection(positions, spread, np.nan, collapsed)


def agreement(one: Array, other: Array) -> float:
    """Return how far two pictures lie on the same side: the inner product of their nodes, negative where mirrored."""
    return float((one * other).sum())


def test_the_selected_epoch_is_projected_like_any_layers(record: Record) -> None:
    layers = [record.embedding(layer, "conv").values for layer in range(1, 5)]
    kept = KeptProjections(record).layers(record.best_epoch)
    for expected, found in zip(project_layers(layers), kept, strict=True):
        np.testing.assert_array_equal(found.positions, expected.positions)


@pytest.mark.parametrize("stage", ["conv", "slot"])
def test_distances_are_those_of_every_epoch_and_stage(record: Record, stage: str) -> None:
    kept = KeptProjections(record)
    for epoch in record.snapshots:
        found = kept.layers(epoch, stage)
        assert len(found) == (3 if stage == "slot" else 4)
        for layer, projection in enumerate(found, start=1):
            (alone,) = project_layers([record.embedding(layer, stage, epoch).values])
            lengths = [np.linalg.norm(one.positions, axis=1) for one in (projection, alone)]
            np.testing.assert_allclose(*lengths, atol=1e-9)


def test_no_layer_jumps_to_the_other_side_between_epochs_or_stages(record: Record) -> None:
    kept = KeptProjections(record)
    for before, after in pairwise(record.snapshots):
        pairs = zip(kept.layers(before), kept.layers(after), strict=True)
        both = [agreement(one.positions, other.positions) for one, other in pairs]
        assert min(both) > 0, f"epochs {before} and {after}"
    stages = zip(kept.layers(record.best_epoch, "conv"), kept.layers(record.best_epoch, "slot"), strict=False)
    assert min(agreement(one.positions, other.positions) for one, other in stages) > 0


def test_what_was_projected_is_not_projected_again(record: Record, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = KeptProjections(record)
    assert not kept.holds(record.best_epoch, "conv", "pca")
    first = kept.layers(record.best_epoch)
    assert kept.holds(record.best_epoch, "conv", "pca")
    monkeypatch.setattr(kept_projections, "project", lambda *_: pytest.fail("projected again"))
    assert kept.layers(record.best_epoch) is first


def test_memory_is_bounded_and_what_was_dropped_comes_back_the_same(record: Record) -> None:
    narrow, wide = KeptProjections(record, most=1), KeptProjections(record)
    for epoch in (*record.snapshots, *reversed(record.snapshots)):
        for one, other in zip(narrow.layers(epoch), wide.layers(epoch), strict=True):
            np.testing.assert_array_equal(one.positions, other.positions)
    held = [epoch for epoch in record.snapshots if narrow.holds(epoch, "conv", "pca")]
    assert held == [record.snapshots[0]]


def test_a_damaged_snapshot_takes_no_other_with_it(record: Record) -> None:
    expected = KeptProjections(record).layers(0)
    (record.folder / "snapshots" / "0001.safetensors").write_bytes(b"")
    kept = KeptProjections(record)
    with pytest.raises(RecordError):
        kept.layers(1)
    for one, other, near in zip(kept.layers(0), expected, kept.layers(5), strict=True):
        np.testing.assert_allclose(*(np.linalg.norm(shown.positions, axis=1) for shown in (one, other)), atol=1e-9)
        assert agreement(one.positions, near.positions) > 0


def test_an_epoch_without_snapshot_is_refused(record: Record) -> None:
    with pytest.raises(UsageError, match="no snapshot of epoch 3"):
        KeptProjections(record).layers(3)


def test_a_layer_is_turned_onto_its_neighbour() -> None:
    places = np.random.default_rng(0).standard_normal((20, 2))
    mirrored = places * [-1, 1]
    (found,) = between([shown(mirrored)], [shown(places)])
    np.testing.assert_allclose(found.positions, places, atol=1e-12)


def test_collapsed_and_lost_layers_turn_nothing_and_stay_as_they_are() -> None:
    places = np.random.default_rng(0).standard_normal((20, 2))
    point, lost = shown(np.zeros((20, 2)), 0.0, collapsed=True), shown(np.full((20, 2), np.nan), np.nan)
    found = between([shown(places), point, lost, shown(-places)], [point, point, lost, lost])
    np.testing.assert_array_equal(found[0].positions, places)
    assert found[1] is point
    assert found[2] is lost
    np.testing.assert_allclose(found[3].positions, places, atol=1e-12)
