"""What is drawn of a run: panels of the record's numbers, sentences where there are none, nothing more than changed."""

import dataclasses
import shutil
from collections.abc import Callable
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.analysis.positions.kept_projections import KeptProjections
from cna_viz.errors import RecordError
from cna_viz.figures.panels.drawing import Drawing, to_json
from cna_viz.records.listing import select
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.widgets.explorer.scene import PANELS, Scene, depends_on
from cna_viz.widgets.view_spec import ViewSpec, clamp_to_run, run_choices

Make = Callable[..., Record]


def figures(record: Record, view: ViewSpec) -> dict[str, Drawing]:
    scene = Scene(record)
    scene.lay_out()
    return {panel: scene.draw(panel, clamp_to_run(view, record), live=False) for panel in PANELS}


def words(panel: Drawing) -> str:
    return " ".join(note["text"].replace("<br>", " ") for note in panel["layout"].get("annotations", ()))


def nodes(panel: Drawing) -> dict[int, tuple[float, float]]:
    marks = [trace for trace in panel["data"] if "customdata" in trace and trace["type"].startswith("scatter")]
    return {
        int(node): (float(x), float(y))
        for trace in marks
        for node, x, y in zip(trace["customdata"], trace["x"], trace["y"], strict=True)
    }


def test_all_panels_are_drawn_in_their_order(make: Make) -> None:
    drawn = figures(make("cna"), ViewSpec(layer=2, color="cluster"))
    assert list(drawn) == list(PANELS)
    for panel in drawn.values():
        assert not words(panel).startswith("The ")
        go.Figure(panel)


def test_the_same_nodes_are_in_both_pictures(make: Make) -> None:
    record = make("cna")
    drawn = figures(record, ViewSpec(layer=3, epoch=1, stage="slot"))
    expected = KeptProjections(record).layers(1, "slot")[2].positions
    found = nodes(drawn["embedding"])
    np.testing.assert_allclose([found[node] for node in range(60)], expected, atol=1e-6)
    assert sorted(nodes(drawn["graph"])) == list(range(60))


def test_a_slot_without_clusters_and_functions_says_so(make: Make) -> None:
    drawn = figures(make("relu"), ViewSpec())
    assert "'relu'" in words(drawn["flow"])
    assert "no clusters" in words(drawn["flow"])
    assert "no rational functions" in words(drawn["rational"])
    assert nodes(drawn["embedding"])


def test_after_the_last_layer_there_is_no_slot(make: Make) -> None:
    drawn = figures(make("cna"), ViewSpec(layer=4))
    assert "No slot follows the last layer, 4" in words(drawn["rational"])
    assert drawn["flow"]["layout"]["meta"]["bars"]


def test_a_slot_with_functions_and_no_clusters_has_one_curve(make: Make) -> None:
    drawn = figures(make("a"), ViewSpec(layer=2))
    assert set(drawn["rational"]["layout"]["meta"]["curve_of_node"]) == {"cluster 0"}


def test_a_run_without_snapshots_has_measures_and_the_command_for_more(make: Make) -> None:
    record = make("cna", snapshots="none")
    drawn = figures(record, ViewSpec())
    for name in ("embedding", "rational", "flow"):
        assert "keeps no snapshots" in words(drawn[name])
    assert "This trains one that does: cna-viz run" in words(drawn["embedding"])
    assert str(record.folder.parent).replace("-", "") in words(drawn["embedding"]).replace(" ", "").replace("-", "")
    assert "--snapshots none" not in words(drawn["embedding"])
    assert nodes(drawn["graph"])
    assert "Rayleigh" in drawn["measure"]["layout"]["title"]["text"]


def test_a_network_of_one_or_two_layers_has_no_flow(make: Make) -> None:
    for layers, reason in ((1, "one layer and no slot"), (2, "needs two slots")):
        scene = Scene(record := make("cna", layers=layers))
        look = clamp_to_run(ViewSpec(), record)
        assert scene.columns == ()
        assert reason in words(scene.draw("flow", look))


def test_a_run_that_measured_nothing_says_so(make: Make) -> None:
    record = make("relu")
    for name in record.metrics:
        record.metrics[name] = record.metrics[name].astype(float) * np.nan
    assert run_choices(record).measures == ()
    drawn = figures(record, ViewSpec())
    assert "no value of 'rayleigh'" in words(drawn["measure"])


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(ViewSpec)])
def test_a_panel_depends_on_all_that_changes_it_and_on_nothing_else(make: Make, field: str) -> None:
    record = make("cna")
    scene = Scene(record)
    scene.lay_out()
    others: dict[str, Any] = {
        "layer": 3, "epoch": 0, "stage": "slot", "color": "degree", "method": "umap", "measure": "mad"
    }  # fmt: skip
    for color in ("class", "cluster", "prediction"):
        one = ViewSpec(layer=2, epoch=5, color=color)
        other = dataclasses.replace(one, **{field: others[field]})
        for name in PANELS:
            if field == "method" and name == "embedding":
                assert depends_on(name, one) != depends_on(name, other)
                continue
            same = to_json(scene.draw(name, one)) == to_json(scene.draw(name, other))
            if depends_on(name, one) == depends_on(name, other):
                assert same, (name, color)


def test_moving_the_layer_projects_nothing(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(record := make("cna"))
    look = clamp_to_run(ViewSpec(), record)
    scene.draw("embedding", look)
    monkeypatch.setattr(
        "cna_viz.analysis.positions.kept_projections.project", lambda *_: pytest.fail("projected again")
    )
    for layer in (2, 3, 4):
        assert nodes(scene.draw("embedding", dataclasses.replace(look, layer=layer)))


def test_axes_are_the_same_in_all_layers(make: Make) -> None:
    scene = Scene(record := make("cna"))
    panels = [scene.draw("embedding", clamp_to_run(ViewSpec(layer=layer), record)) for layer in (1, 2, 3, 4)]
    assert len({str(panel["layout"]["xaxis"]["range"]) for panel in panels}) == 1


def test_umap_is_said_to_take_time_until_it_is_there(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = Scene(record := make("cna"))
    look = clamp_to_run(ViewSpec(method="umap"), record)
    assert scene.takes_time(look)
    assert not scene.takes_time(dataclasses.replace(look, method="pca"))
    monkeypatch.setattr("cna_viz.analysis.positions.methods._embed", lambda features, start, epochs: start)
    scene.draw("embedding", look)
    assert not scene.takes_time(look)


def test_a_graph_without_layout_says_that_it_is_being_laid_out(make: Make, tmp_path: Any) -> None:
    scene = Scene(record := make("cna"), cache=tmp_path / "empty")
    assert not scene.has_layout()
    assert "being laid out" in words(scene.draw("graph", clamp_to_run(ViewSpec(), record)))
    scene.lay_out(np.zeros((60, 2), np.float32))
    assert scene.has_layout()
    assert set(nodes(scene.draw("graph", clamp_to_run(ViewSpec(), record))).values()) == {(0.0, 0.0)}


def test_a_run_that_is_gone_is_an_error_not_a_sentence(make: Make) -> None:
    scene = Scene(record := make("cna"))
    shutil.rmtree(record.folder)
    with pytest.raises(RecordError):
        scene.draw("embedding", ViewSpec(epoch=5))


def test_runs_of_ones_own_are_not_trained_into_the_package() -> None:
    record = select(stored_runs(), slot="cna", layers=8, seed=1)[0]
    text = words(figures(record, ViewSpec())["embedding"])
    assert "cna-viz run --dataset csbm" in text
    assert "--runs" not in text
