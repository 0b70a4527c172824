"""What the comparer looks at: only what two runs offer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record, load_record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.widgets.comparer import first_pair, with_snapshots
from cna_viz.widgets.view_spec import ViewSpec, clamp_to_pair, pair_choices

Write = Callable[..., Record]


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Return ``write(slot, layers, seed, dataset, snapshots, measures)``: a synthetic record."""

    def write(slot: str = "relu", layers: int = 4, seed: int = 0, dataset: str = "digits", **recording: Any) -> Record:
        settings = {"every": 1, "snapshots": "ends", "measures": "mad,rayleigh", **recording}
        config = RunConfig(
            data=DataConfig(dataset=dataset),
            model=ModelConfig(slot=slot, layers=layers, hidden=4),
            recording=RecordingConfig.model_validate(settings),
            seed=seed,
        )
        folder = tmp_path / config.run_id
        return load_record(folder) if folder.exists() else synthetic_record(tmp_path, config)

    return write


def test_layers_are_those_of_the_deeper_run(write: Write) -> None:
    one, other = write(layers=2), write("cna", layers=7)
    assert pair_choices(one, other).layers == 7
    assert pair_choices(one, other, "slot").layers == 6


def test_epochs_are_those_that_both_have_after_the_selected_models(write: Write) -> None:
    assert pair_choices(write(snapshots="log"), write("cna")).epochs == (None, 0, 5)
    assert pair_choices(write(snapshots="log"), write("cna", snapshots="log")).epochs == (None, 0, 1, 5)


def test_clusters_are_offered_where_one_run_has_some(write: Write) -> None:
    assert "cluster" in pair_choices(write(), write("cna")).colors
    assert "cluster" not in pair_choices(write(), write("a")).colors


def test_measures_are_those_that_were_taken_at_the_stage(write: Write) -> None:
    one, other = write(measures="mad"), write("cna", measures="rayleigh")
    assert pair_choices(one, other).measures == ("rayleigh", "mad")
    assert pair_choices(one, one).measures == ("mad",)


def test_runs_of_one_layer_have_no_slot(write: Write) -> None:
    assert pair_choices(write(layers=1), write("none", layers=1)).stages == ("conv",)
    look = clamp_to_pair(ViewSpec(layer=9, stage="slot"), write(layers=1), write("none", layers=1))
    assert (look.layer, look.stage) == (1, "conv")


def test_what_is_not_offered_becomes_the_nearest_or_first_that_is(write: Write) -> None:
    odd = ViewSpec(layer=99, epoch=3, stage="slot", color="cluster", measure="numerical_rank")
    found = clamp_to_pair(odd, write(), write("a", layers=6))
    assert found == ViewSpec(layer=5, epoch=None, stage="slot", color="class", measure="rayleigh")
    assert clamp_to_pair(found, write(), write("a", layers=6)) == found
    assert clamp_to_pair(ViewSpec(layer=-3), write(), write("a")).layer == 1


def test_runs_on_other_nodes_are_refused(write: Write) -> None:
    with pytest.raises(UsageError, match="different datasets"):
        pair_choices(write(), write(dataset="karate"))


def test_runs_without_snapshots_are_not_offered(write: Write) -> None:
    kept = write()
    assert with_snapshots([write("cna", snapshots="none"), kept]) == [kept]
    with pytest.raises(UsageError, match="none of these 1 runs keeps snapshots"):
        with_snapshots([write("cna", snapshots="none")])


def test_the_first_pair_differs_in_the_slot_alone_where_it_can(write: Write) -> None:
    relu, cna, deeper = write(), write("cna"), write("cna", layers=6)
    other, single = write("a", dataset="karate"), write("none")
    assert first_pair([other, deeper, single, cna, relu]) == (relu, cna)
    assert first_pair([single, relu]) == (relu, single)
    assert first_pair([cna]) == (cna, cna)
    assert first_pair([relu, single, deeper, cna], deeper) == (deeper, relu)
