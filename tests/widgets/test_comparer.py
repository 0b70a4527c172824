"""The comparer: one set of controls for two runs, projections made once, and errors said while the picture stays."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ipywidgets
import plotly.graph_objects as go
import pytest
from ipywidgets.widgets.widget import _instances

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig
from cna_viz.figures import plot_two_runs
from cna_viz.figures.pieces import nodes
from cna_viz.figures.pieces.projected import PairedLayers
from cna_viz.records.listing import select
from cna_viz.records.record import Record
from cna_viz.records.synthetic import synthetic_record
from cna_viz.reports.page.widgets import FIGURE
from cna_viz.widgets import Comparer, View
from cna_viz.widgets import comparer as module
from cna_viz.widgets.comparer import Controls
from cna_viz.widgets.library import library
from cna_viz.widgets.prose import Prose


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture
def runs(tmp_path: Path) -> Path:
    """Return a folder of ReLU, CNA and a deeper CNA with snapshots, one without, and one on another graph."""
    for slot, layers, dataset, snapshots in [
        ("relu", 4, "digits", "ends"),
        ("cna", 4, "digits", "ends"),
        ("cna", 6, "digits", "ends"),
        ("none", 4, "digits", "none"),
        ("a", 4, "karate", "ends"),
    ]:
        config = RunConfig(
            data=DataConfig(dataset=dataset),
            model=ModelConfig(slot=slot, layers=layers, hidden=4),
            recording=RecordingConfig(every=1, snapshots=snapshots),  # type: ignore[arg-type]
        )
        synthetic_record(tmp_path, config)
    return tmp_path


def one_of(runs: Path, **criteria: object) -> Record:
    (found,) = select(runs, **criteria)
    return found


def controls(comparer: Comparer) -> Controls:
    found: Controls = comparer.children[0]
    return found


def words(comparer: Comparer) -> str:
    return next(child.text for child in comparer.children if isinstance(child, Prose))


def test_it_opens_with_relu_and_cna_of_one_depth(runs: Path) -> None:
    comparer = Comparer(runs)
    relu, cna = one_of(runs, slot="relu"), one_of(runs, slot="cna", layers=4)
    assert [run.id for run in comparer.runs] == [relu.id, cna.id]
    assert comparer.figure() == plot_two_runs(relu, cna, 1)
    assert "clusters after layer 1: none in **relu**" in words(comparer)
    assert comparer.notice.text == ""


def test_runs_are_chosen_by_the_beginning_of_their_id(runs: Path) -> None:
    deep, relu = one_of(runs, layers=6), one_of(runs, slot="relu")
    assert [run.id for run in Comparer(runs, deep.id[:10], relu.id).runs] == [deep.id, relu.id]
    assert Comparer(runs, deep.id).runs[1].config.slot == "relu"


@pytest.mark.parametrize("name", ["nope", "without snapshots", "on other nodes"])
def test_a_run_that_can_not_be_shown_is_said_and_the_first_two_are_seen(runs: Path, name: str) -> None:
    asked = {
        "nope": ("nope", None),
        "without snapshots": (one_of(runs, slot="none").id, None),
        "on other nodes": (one_of(runs, slot="relu").id, one_of(runs, dataset="karate").id),
    }
    comparer = Comparer(runs, *asked[name])
    said = "different datasets" if name == "on other nodes" else "unknown run with snapshots"
    assert said in comparer.notice.text
    assert [run.config.slot for run in comparer.runs] == ["relu", "cna"]
    assert comparer.figure() == plot_two_runs(*comparer.runs, 1)
    assert not hidden(controls(comparer))


def test_an_unknown_run_is_said_later_too_and_the_picture_stays(runs: Path) -> None:
    comparer = Comparer(runs)
    before = comparer.figure()
    comparer.show(comparer.look, second="nope")
    assert "unknown run with snapshots 'nope'" in comparer.notice.text
    assert comparer.figure() == before
    comparer.show(comparer.look)
    assert comparer.notice.text == ""


@pytest.mark.parametrize(
    ("kind", "said"),
    [("missing", "no such folder"), ("empty", "no finished run"), ("bare", "keeps snapshots"), ("none", "cna-viz run")],
)
def test_without_runs_it_says_how_to_make_some_and_opens_those_of_the_package(
    tmp_path: Path, kind: str, said: str
) -> None:
    if kind == "bare":
        synthetic_record(tmp_path, RunConfig(recording=RecordingConfig(every=1, snapshots="none")))
    comparer = Comparer([] if kind == "none" else tmp_path / "there" if kind == "missing" else tmp_path, "nope")
    assert said in comparer.notice.text
    assert "`cna-viz run" in comparer.notice.text
    assert said.split()[-1] in text_of(comparer.figure())
    assert (comparer.runs, comparer.words()) == ((), "")
    assert hidden(controls(comparer))
    comparer.show(comparer.look)
    assert said in comparer.notice.text
    stored(comparer).click()
    assert comparer.notice.text == ""
    assert hidden(stored(comparer))
    assert not hidden(controls(comparer))
    assert comparer.figure() == plot_two_runs(*comparer.runs, 1)
    controls(comparer).layer.value = 5
    assert comparer.look.layer == 5


def hidden(widget: ipywidgets.Widget) -> bool:
    return widget.layout.display == "none"


def text_of(figure: go.Figure) -> str:
    return " ".join(str(note.text) for note in figure.layout.annotations)


def stored(comparer: Comparer) -> ipywidgets.Button:
    return next(child for child in comparer.children if isinstance(child, ipywidgets.Button))


def test_only_runs_with_snapshots_are_in_the_menus(runs: Path) -> None:
    menu = controls(Comparer(runs)).first
    assert {value for _, value in menu.options} == {run.id for run in select(runs) if run.snapshots}
    assert all(" layers · " in label and " · seed 0 · " in label for label, _ in menu.options)


def test_a_control_moves_both_runs(runs: Path) -> None:
    comparer = Comparer(runs)
    controls(comparer).layer.value = 3
    controls(comparer).color.value = "cluster"
    controls(comparer).epoch.value = 0
    relu, cna = comparer.runs
    assert comparer.figure() == plot_two_runs(relu, cna, 3, color="cluster", epoch=0)
    controls(comparer).epoch.value = "selected"
    assert comparer.look.epoch is None


def test_a_deeper_run_lengthens_the_slider_and_a_layer_that_one_lacks_is_said(runs: Path) -> None:
    comparer = Comparer(runs)
    deep = one_of(runs, layers=6)
    controls(comparer).second.value = deep.id
    assert controls(comparer).layer.max == 6
    controls(comparer).layer.value = 6
    assert any("this network has 4 layers" in note.text for note in comparer.figure().layout.annotations)
    controls(comparer).stage.value = "slot"
    assert controls(comparer).layer.value == comparer.look.layer == 5


def test_layers_are_projected_once(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comparer = Comparer(runs)
    monkeypatch.setattr(module, "paired_layers", lambda *runs, **where: pytest.fail("projected again"))
    for layer in (2, 4, 1):
        controls(comparer).layer.value = layer
    controls(comparer).color.value = "degree"
    controls(comparer).measure.value = "mad"
    assert comparer.notice.text == ""


def test_only_the_projections_looked_at_last_are_kept(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made, original = [], module.paired_layers

    def counted(*pair: Record, **where: Any) -> PairedLayers:
        made.append(where)
        return original(*pair, **where)

    monkeypatch.setattr(module, "paired_layers", counted)
    monkeypatch.setattr(module, "MOST_KEPT", 2)
    comparer = Comparer(runs)
    for stage in ("slot", "conv", "slot"):
        controls(comparer).stage.value = stage
    assert len(made) == 2
    controls(comparer).epoch.value = 0
    controls(comparer).stage.value = "conv"
    assert len(made) == 4
    controls(comparer).epoch.value = "selected"
    assert len(made) == 5


def test_runs_on_other_nodes_are_refused_in_words_and_the_picture_stays(runs: Path) -> None:
    comparer = Comparer(runs)
    before = comparer.figure()
    controls(comparer).second.value = one_of(runs, dataset="karate").id
    assert "different datasets, digits and karate" in comparer.notice.text
    assert comparer.figure() == before
    controls(comparer).second.value = one_of(runs, layers=6).id
    assert comparer.notice.text == ""
    assert comparer.figure() != before


def test_a_run_that_was_deleted_meanwhile_is_said_and_the_picture_stays(runs: Path) -> None:
    comparer = Comparer(runs)
    before, deep = comparer.figure(), one_of(runs, layers=6)
    shutil.rmtree(deep.folder)
    controls(comparer).second.value = deep.id
    assert comparer.notice.text
    assert comparer.figure() == before


def test_many_nodes_are_drawn_by_webgl_in_the_browser_alone(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    comparer = Comparer(runs)
    view = next(child for child in comparer.children if isinstance(child, View))
    assert nodes_as(view.figure()) == {"scatter"}
    monkeypatch.setattr(nodes, "MOST_LIVE", 10)
    controls(comparer).layer.value = 2
    assert nodes_as(view.figure()) == {"scattergl"}
    assert nodes_as(comparer.figure()) == {"scatter"}
    assert [trace.name for trace in view.figure().data] == [trace.name for trace in comparer.figure().data]


def nodes_as(figure: go.Figure) -> set[str]:
    return {trace.type for trace in figure.data if trace.customdata is not None}


def test_what_is_selected_is_known(runs: Path) -> None:
    comparer = Comparer(runs)
    view = next(child for child in comparer.children if hasattr(child, "selected"))
    view.select([7, 3])
    assert comparer.selected == (3, 7)


def test_a_report_shows_the_present_state(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_BATCH", "1")
    comparer = Comparer(runs)
    controls(comparer).layer.value = 2
    assert go.Figure(comparer._repr_mimebundle_()[FIGURE]).layout.shapes[0].x0 == 2


def test_nothing_is_left_of_closed_comparers(runs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "plot_two_runs", lambda *runs, **look: go.Figure())  # leaves nothing, and takes long
    records = select(runs)
    library()
    before = set(_instances)
    for _ in range(100):
        Comparer(records).close()
    assert set(_instances) == before
