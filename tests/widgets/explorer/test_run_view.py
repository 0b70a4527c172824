"""What a run offers, and what becomes of a look that it does not."""

from collections.abc import Callable

import pytest

from cna_viz.config.measures import MEASURES
from cna_viz.records.record import Record
from cna_viz.widgets.view_spec import ViewSpec, clamp_to_run, run_choices

Make = Callable[..., Record]


def test_a_run_with_all_offers_all(make: Make) -> None:
    offered = run_choices(make("cna"))
    assert (offered.layers, offered.epochs, offered.stages) == (4, (0, 1, 5), ("conv", "slot"))
    assert offered.colors == ("class", "cluster", "prediction", "degree")
    assert offered.methods == ("pca", "umap")
    assert set(offered.measures) <= set(MEASURES)
    assert "rayleigh" in offered.measures


def test_the_last_layer_has_no_slot(make: Make) -> None:
    record = make("relu")
    assert run_choices(record, "slot").layers == 3
    assert clamp_to_run(ViewSpec(layer=4, stage="slot"), record).layer == 3


def test_slots_without_clusters_have_no_colour_of_clusters(make: Make) -> None:
    record = make("relu")
    assert "cluster" not in run_choices(record).colors
    assert clamp_to_run(ViewSpec(color="cluster"), record).color == "class"


def test_without_snapshots_there_is_the_selected_epoch(make: Make) -> None:
    record = make("cna", snapshots="none")
    offered = run_choices(record)
    assert offered.epochs == (record.best_epoch,)
    assert offered.colors == ("class", "degree")
    assert offered.methods == ("pca",)
    assert clamp_to_run(ViewSpec(epoch=0, method="umap"), record) == ViewSpec(epoch=record.best_epoch)


def test_one_layer_has_one_stage(make: Make) -> None:
    record = make("relu", layers=1)
    assert run_choices(record).stages == ("conv",)
    assert run_choices(record, "slot").layers == 1
    assert clamp_to_run(ViewSpec(layer=3, stage="slot"), record) == ViewSpec(layer=1, epoch=5)


def test_only_what_was_measured_is_offered(make: Make) -> None:
    record = make("relu", measures="rayleigh,mad")
    record.metrics["mad"][:] = float("nan")
    offered = run_choices(record).measures
    assert "rayleigh" in offered
    assert "mad" not in offered
    assert clamp_to_run(ViewSpec(measure="mad"), record).measure == offered[0]


@pytest.mark.parametrize(("wanted", "epoch"), [(None, 5), (0, 0), (2, 1), (4, 5), (99, 5), (-3, 0)])
def test_the_nearest_snapshot_is_taken(make: Make, wanted: int | None, epoch: int) -> None:
    assert clamp_to_run(ViewSpec(epoch=wanted), make("relu")).epoch == epoch


@pytest.mark.parametrize(("wanted", "layer"), [(0, 1), (-1, 1), (2, 2), (9, 4)])
def test_layers_end_where_the_run_does(make: Make, wanted: int, layer: int) -> None:
    assert clamp_to_run(ViewSpec(layer=wanted), make("relu")).layer == layer


def test_what_is_offered_stays(make: Make) -> None:
    look = ViewSpec(3, 1, "slot", "prediction", "umap", "mad")
    assert clamp_to_run(look, make("cna")) == look
