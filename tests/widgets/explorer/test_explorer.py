"""The explorer: controls lead to what is seen, errors are said in it, nothing is left when it is closed."""

import asyncio
import dataclasses
import gc
import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import ipywidgets
import numpy as np
import plotly.graph_objects as go
import psutil
import pytest
from ipywidgets.widgets.widget import _instances

from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs
from cna_viz.reports.page.widgets import FIGURE, WIDGET
from cna_viz.widgets import Explorer, View
from cna_viz.widgets.explorer.controls import Controls
from cna_viz.widgets.explorer.panels import OLD, Panels, Pointer
from cna_viz.widgets.library import library
from cna_viz.widgets.prose import Prose
from cna_viz.widgets.view_spec import ViewSpec

Make = Callable[..., Record]


def parts(explorer: Explorer, kind: type) -> list[Any]:
    """Return the widgets of a kind within the explorer, from top to bottom."""

    def within(widget: Any) -> list[Any]:
        inner = [found for child in getattr(widget, "children", ()) for found in within(child)]
        return [widget, *inner] if isinstance(widget, kind) else inner

    return within(explorer)


def controls(explorer: Explorer) -> Controls:
    return parts(explorer, Controls)[0]


def views(explorer: Explorer) -> dict[str, View]:
    return dict(zip(("embedding", "graph", "measure", "rational", "flow"), parts(explorer, View), strict=True))


def title(explorer: Explorer, name: str) -> str:
    return str(json.loads(views(explorer)[name].state.drawing)["layout"]["title"]["text"])


def is_old(explorer: Explorer) -> bool:
    return OLD in parts(explorer, Panels)[0]._dom_classes


def test_the_first_run_that_can_be_looked_into_is_shown(make: Make) -> None:
    make("cna", snapshots="none")
    seen = make("relu")
    explorer = Explorer(seen.folder.parent)
    assert explorer.record == seen
    assert explorer.look == ViewSpec(epoch=seen.best_epoch)
    assert explorer.notice.text == ""
    assert controls(explorer).run.options[0][0].startswith("relu")


def test_a_run_is_opened_by_its_id(make: Make) -> None:
    make("relu")
    wanted = make("cna")
    explorer = Explorer(str(wanted.folder.parent), wanted.id[:9])
    assert explorer.record == wanted
    assert controls(explorer).run.label.endswith(wanted.id[:8])


def test_controls_lead_to_what_is_seen(make: Make) -> None:
    explorer = Explorer(records=[make("cna")])
    hands = controls(explorer)
    hands.layer.value = 3
    hands.epoch.value = 1
    hands.stage.value = "slot"
    hands.color.value = "cluster"
    hands.measure.value = "mad"
    assert explorer.look == ViewSpec(3, 1, "slot", "cluster", "pca", "mad")
    assert "layer 3, after the slot, epoch 1" in title(explorer, "embedding")
    assert "after layer 3, epoch 1" in title(explorer, "rational")
    assert "mean average distance" in title(explorer, "measure")
    assert parts(explorer, Pointer)[0].value.count("layer 3") == 1


def test_only_panels_of_which_something_changed_are_sent(make: Make, held: Callable[..., None]) -> None:
    held(cluster_label=lambda layer, epoch: np.minimum(np.arange(60) // (10 + epoch), 2))
    explorer = Explorer(records=[make("cna")])
    sent: list[str] = []
    for name, view in views(explorer).items():
        view.state.observe(lambda change, name=name: sent.append(name), "drawing")
    hands, changes = controls(explorer), {}
    for name, value in {"layer": 2, "measure": "mad", "color": "degree", "stage": "slot", "epoch": 0}.items():
        sent.clear()
        getattr(hands, name).value = value
        changes[name] = list(sent)
    assert changes == {
        "layer": ["embedding", "measure", "rational"],
        "measure": ["measure"],
        "color": ["embedding", "graph"],
        "stage": ["embedding", "measure"],
        "epoch": ["embedding", "measure", "rational", "flow"],
    }


def test_a_look_can_be_set_and_is_clamped(make: Make) -> None:
    explorer = Explorer(records=[make("cna")], look=ViewSpec(layer=2))
    assert (explorer.look.layer, controls(explorer).layer.value) == (2, 2)
    explorer.look = ViewSpec(layer=77, epoch=3, color="degree")
    assert explorer.look == ViewSpec(layer=4, epoch=1, color="degree")
    assert (controls(explorer).layer.value, controls(explorer).color.value) == (4, "degree")


def test_players_are_where_their_sliders_are(make: Make) -> None:
    explorer = Explorer(records=[make("cna")], look=ViewSpec(layer=3))
    layers, epochs = parts(explorer, ipywidgets.Play)
    assert (layers.value, layers.min, layers.max) == (3, 1, 4)
    assert (epochs.value, epochs.min, epochs.max) == (2, 0, 2)  # the selected epoch is the third snapshot
    controls(explorer).stage.value = "slot"
    assert layers.max == 3


def test_who_moves_a_slider_is_not_set_back_by_its_player(make: Make) -> None:
    explorer = Explorer(records=[make("cna")])
    hands, players = controls(explorer), parts(explorer, ipywidgets.Play)
    before = [player.value for player in players]
    hands.layer.value, hands.epoch.index = 3, 1
    assert [player.value for player in players] == before  # the browser moves them; an answer would come late


def test_another_run_keeps_what_is_looked_at_where_it_can(make: Make) -> None:
    one, other = make("cna"), make("relu", layers=2)
    explorer = Explorer(records=[one, other], look=ViewSpec(layer=3, color="cluster", measure="mad"))
    controls(explorer).run.value = str(other.folder)
    assert explorer.record == other
    assert explorer.look == ViewSpec(layer=2, epoch=5, color="class", measure="mad")
    assert "no clusters" in str(json.loads(views(explorer)["flow"].state.drawing)["layout"]["annotations"])
    assert parts(explorer, Pointer)[0].layout.display == "none"


def test_nodes_selected_in_one_picture_are_selected_in_all(make: Make) -> None:
    explorer = Explorer(records=[make("cna")])
    assert explorer.selected == ()
    views(explorer)["graph"].selected = [3, 8]
    assert explorer.selected == (3, 8)
    assert all(view.selected == [3, 8] for view in views(explorer).values())
    assert parts(explorer, Prose)[0].text.startswith("**2 selected** (3, 8)")
    explorer.selected = [5, 1, 5]
    assert explorer.selected == (1, 5)
    assert views(explorer)["flow"].selected == [1, 5]
    explorer.selected = []
    assert parts(explorer, Prose)[0].text == ""


def test_views_of_one_explorer_are_linked_and_those_of_two_are_not(make: Make) -> None:
    record = make("cna")
    groups = [{view.state.group for view in views(Explorer(records=[record])).values()} for _ in range(2)]
    assert [len(group) for group in groups] == [1, 1]
    assert groups[0] != groups[1]


def test_the_selection_of_another_graph_is_forgotten(make: Make) -> None:
    one, other = make("cna"), make("relu", nodes=30)
    explorer = Explorer(records=[one, other])
    explorer.selected = [50]
    controls(explorer).run.value = str(other.folder)
    assert explorer.selected == ()


@pytest.mark.parametrize("there", [True, False])
def test_without_runs_it_says_how_to_make_some_and_offers_the_stored_ones(tmp_path: Path, there: bool) -> None:
    explorer = Explorer(tmp_path if there else tmp_path / "nowhere")
    assert explorer.record is None
    assert "cna-viz run --runs" in explorer.notice.text
    assert explorer.figure().layout.annotations
    assert controls(explorer).run.layout.display == "none"
    controls(explorer).stored.click()
    assert explorer.notice.text == ""
    assert explorer.record is not None
    assert explorer.record.folder.parent == stored_runs()
    assert controls(explorer).stored.layout.display == "none"


def test_another_folder_can_be_named(make: Make, tmp_path: Path) -> None:
    record = make("cna")
    explorer = Explorer(tmp_path / "nowhere")
    controls(explorer).folder.value = str(record.folder.parent)
    assert explorer.record == record
    controls(explorer).folder.value = str(tmp_path / "elsewhere")
    assert "no such folder" in explorer.notice.text
    assert explorer.record == record
    assert is_old(explorer)
    controls(explorer).folder.value = str(record.folder.parent)
    assert not is_old(explorer)


@pytest.mark.parametrize(
    ("typed", "said"),
    [("", "no folder is named"), (" ", "no folder is named"), ("~no-such-user/x", "no such user"), ("x" * 300, "read")],
)
def test_a_folder_that_can_not_be_opened_is_said(make: Make, typed: str, said: str) -> None:
    record = make("cna")
    explorer = Explorer(record.folder.parent)
    controls(explorer).folder.value = typed
    assert said in explorer.notice.text
    assert explorer.record == record
    assert is_old(explorer)


def test_a_folder_is_read_again_and_keeps_run_and_look(make: Make) -> None:
    first, shown = make("cna"), make("relu")
    explorer = Explorer(first.folder.parent, shown.id, look=ViewSpec(layer=3, measure="mad"))
    before = explorer.look
    new = make("none")
    assert str(new.folder) not in [key for _, key in controls(explorer).run.options]
    controls(explorer).read.click()
    assert str(new.folder) in [key for _, key in controls(explorer).run.options]
    assert (explorer.record, explorer.look, explorer.notice.text) == (shown, before, "")
    assert controls(explorer).run.value == str(shown.folder)


def test_a_folder_is_read_again_after_its_first_run_was_made(make: Make, tmp_path: Path) -> None:
    explorer = Explorer(tmp_path / "runs")
    record = make("cna")
    controls(explorer).read.click()
    assert explorer.record == record
    assert explorer.notice.text == ""


def test_a_run_that_is_gone_when_its_folder_is_read_again_is_said(make: Make) -> None:
    left, gone = make("cna"), make("relu")
    explorer = Explorer(left.folder.parent, gone.id)
    shutil.rmtree(gone.folder)
    controls(explorer).read.click()
    assert f"{gone.folder}: the run is not there any more" in explorer.notice.text
    assert is_old(explorer)
    assert [key for _, key in controls(explorer).run.options] == [str(left.folder)]
    controls(explorer).run.value = str(left.folder)
    assert explorer.record == left
    assert not is_old(explorer)


def test_an_unknown_run_is_said_and_the_first_is_shown(make: Make) -> None:
    record = make("cna")
    explorer = Explorer(record.folder.parent, "nothing")
    assert "unknown run 'nothing'" in explorer.notice.text
    assert explorer.record == record


def test_no_records_are_said() -> None:
    explorer = Explorer(records=[])
    assert "no records to explore" in explorer.notice.text
    assert controls(explorer).folder.layout.display == "none"


def test_a_broken_run_says_why_and_what_was_seen_is_marked_as_old(make: Make) -> None:
    record, broken = make("cna"), make("relu")
    (broken.folder / "config.json").write_text("{}")
    explorer = Explorer(record.folder.parent)
    controls(explorer).run.value = str(broken.folder)
    assert "config.json" in explorer.notice.text
    assert is_old(explorer)
    assert explorer.record == record
    controls(explorer).run.value = str(record.folder)
    assert explorer.notice.text == ""
    assert not is_old(explorer)


def test_a_run_that_is_deleted_while_it_is_shown_is_said(make: Make) -> None:
    record = make("cna")
    explorer = Explorer(record.folder.parent)
    before = explorer.look
    shutil.rmtree(record.folder)
    controls(explorer).epoch.value = 0
    assert str(record.folder) in explorer.notice.text
    assert is_old(explorer)
    assert explorer.look == before


def test_nodes_of_a_run_that_is_deleted_can_be_selected(make: Make) -> None:
    record = make("cna")
    explorer = Explorer(record.folder.parent)
    shutil.rmtree(record.folder)
    views(explorer)["graph"].selected = [1, 2]
    assert str(record.folder) in explorer.notice.text
    assert is_old(explorer)
    assert views(explorer)["flow"].selected == [1, 2]
    assert explorer.words() == ""
    explorer.selected = [3]
    assert explorer.selected == (3,)


def test_a_damaged_snapshot_is_said_and_others_are_shown(make: Make) -> None:
    record = make("cna")
    explorer = Explorer(records=[record])
    snapshot = record.folder / "snapshots" / "0001.safetensors"
    snapshot.write_bytes(snapshot.read_bytes()[:-40])
    controls(explorer).epoch.value = 1
    assert "0001.safetensors" in explorer.notice.text
    assert is_old(explorer)
    controls(explorer).epoch.value = 0
    assert explorer.notice.text == ""
    assert not is_old(explorer)
    assert "epoch 0" in title(explorer, "embedding")


def test_a_run_is_read_anew_when_it_is_chosen(make: Make) -> None:
    one, other = make("cna"), make("relu")
    explorer = Explorer(one.folder.parent, other.id)
    shutil.rmtree(one.folder)
    controls(explorer).run.value = str(one.folder)
    assert one.id in explorer.notice.text
    assert explorer.record == other


def test_umap_says_that_it_takes_its_time_before_it_begins(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    explorer, said = Explorer(records=[make("cna")]), []
    monkeypatch.setattr("cna_viz.analysis.positions.methods._embed", lambda features, start, epochs: start)
    explorer.notice.observe(lambda change: said.append(explorer.notice.text), "value")
    controls(explorer).method.value = "umap"
    assert "takes a while" in said[0]
    assert explorer.notice.text == ""
    said.clear()
    controls(explorer).layer.value = 2
    assert said == []


def test_a_report_shows_what_is_seen(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_BATCH", "1")
    explorer = Explorer(records=[make("cna")])
    controls(explorer).layer.value = 2
    bundle = explorer._repr_mimebundle_()
    assert WIDGET in bundle
    shown = go.Figure(bundle[FIGURE])
    assert shown.layout.title.text == "<b>What happens in layer 2 of 4 with slot cna, epoch 5?</b>"
    assert {"scatter", "sankey"} == {trace.type for trace in shown.data}
    texts = " ".join(note.text for note in shown.layout.annotations)
    for words in ("layer 2, after the convolution", "graph", "Rayleigh", "rational functions", "▲", "dataset digits"):
        assert words in texts


def test_a_graph_is_laid_out_elsewhere_while_a_kernel_waits(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CNA_VIZ_BATCH", raising=False)

    async def look() -> list[str]:
        explorer = Explorer(records=[make("cna")], cache=tmp_path / "empty")
        seen = [explorer.figure().to_json()]
        for _ in range(600):
            if "60 nodes" in title(explorer, "graph"):
                break
            await asyncio.sleep(0.1)
        return [*seen, explorer.figure().to_json()]

    before, after = asyncio.run(look())
    assert "being laid out" in before
    assert "being laid out" not in after
    assert "60 nodes" in after


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> list[asyncio.Future[Any]]:
    """Return the layouts that were asked for; each is there when its result is set."""
    asked: list[asyncio.Future[Any]] = []

    async def layout(*_: object) -> Any:
        asked.append(asyncio.get_running_loop().create_future())
        return await asked[-1]

    monkeypatch.delenv("CNA_VIZ_BATCH", raising=False)
    monkeypatch.setattr("cna_viz.widgets.explorer.layout_process.layout_elsewhere", layout)
    return asked


async def settle() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


def test_a_closed_explorer_waits_for_no_layout(make: Make, tmp_path: Path, slow: list[asyncio.Future[Any]]) -> None:
    async def look() -> None:
        explorer = Explorer(records=[make("cna")], cache=tmp_path / "empty")
        await settle()
        explorer.close()
        await settle()
        assert slow[0].cancelled()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(look())


def test_a_graph_is_laid_out_once_for_all_runs_on_it(
    make: Make, tmp_path: Path, slow: list[asyncio.Future[Any]]
) -> None:
    one, same, other = make("cna"), make("relu"), make("none", nodes=30)

    async def look() -> None:
        explorer = Explorer(records=[one, same, other], cache=tmp_path / "empty")
        await settle()
        controls(explorer).run.value = str(same.folder)
        await settle()
        assert len(slow) == 1
        slow[0].set_result(np.zeros((60, 2)))
        await settle()
        assert "60 nodes" in title(explorer, "graph")
        controls(explorer).run.value = str(other.folder)
        await settle()
        controls(explorer).run.value = str(one.folder)
        await settle()
        assert [asked.cancelled() for asked in slow] == [False, True, False]
        explorer.close()

    asyncio.run(look())


def test_a_run_that_can_not_be_shown_takes_no_layout_from_the_one_that_is(
    make: Make, tmp_path: Path, slow: list[asyncio.Future[Any]]
) -> None:
    one, damaged = make("cna"), make("relu", nodes=30)
    for snapshot in (damaged.folder / "snapshots").iterdir():
        snapshot.write_bytes(snapshot.read_bytes()[:-40])

    async def look() -> None:
        explorer = Explorer(records=[one, damaged], cache=tmp_path / "empty")
        await settle()
        controls(explorer).run.value = str(damaged.folder)
        assert is_old(explorer)
        slow[0].set_result(np.zeros((60, 2)))
        await settle()
        assert "60 nodes" in title(explorer, "graph")
        explorer.close()

    asyncio.run(look())


def test_a_run_that_is_deleted_before_its_graph_is_laid_out_is_said(
    make: Make, tmp_path: Path, slow: list[asyncio.Future[Any]]
) -> None:
    one, damaged = make("cna"), make("relu")

    async def look() -> None:
        explorer = Explorer(records=[one, damaged], cache=tmp_path / "empty", look=ViewSpec(color="prediction"))
        await settle()
        shutil.rmtree(one.folder)
        slow[0].set_result(np.zeros((60, 2)))
        await settle()
        assert str(one.folder) in explorer.notice.text
        assert is_old(explorer)
        explorer.close()

    asyncio.run(look())


def test_records_in_the_place_of_a_folder_are_told_where_they_go(make: Make) -> None:
    explorer = Explorer([make("cna")])  # type: ignore[arg-type]
    assert "records=[...]" in explorer.notice.text


def test_a_run_that_diverged_says_so(make: Make) -> None:
    record = make("cna")
    assert "diverged" not in Explorer(records=[record]).words()
    gone = dataclasses.replace(record, summary={**record.summary, "status": "diverged"})
    assert Explorer(records=[gone]).words().startswith("This run diverged")


@pytest.mark.slow
def test_nothing_is_left_of_a_hundred_explorers(make: Make) -> None:
    record = make("cna")
    library()
    before = set(_instances)
    for number in range(100):
        explorer = Explorer(records=[record])
        controls(explorer).layer.value = 1 + number % 4
        explorer.close()
        assert set(_instances) == before
        if number == 4:
            gc.collect()
            used = psutil.Process().memory_info().rss
    del explorer
    gc.collect()
    assert psutil.Process().memory_info().rss - used < 20 * 2**20
    kinds = (Explorer, Controls, Panels, View)
    assert [type(left) for left in gc.get_objects() if isinstance(left, kinds)] == []
