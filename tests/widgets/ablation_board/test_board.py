"""The ablation board: switches move figure and sentences, what is missing is said, and nothing is left behind."""

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import ipywidgets
import plotly.graph_objects as go
import pytest
from ipywidgets.widgets.widget import _instances

from cna_viz.analysis.tables.slot_parts import STEPS, Parts
from cna_viz.config import ModelConfig, RecordingConfig, RunConfig
from cna_viz.errors import UsageError
from cna_viz.figures import plot_chosen_arm
from cna_viz.records.listing import select
from cna_viz.records.stored import stored_runs
from cna_viz.records.synthetic import synthetic_record
from cna_viz.reports.page.widgets import FIGURE
from cna_viz.widgets import AblationBoard
from cna_viz.widgets.ablation_board import board as module
from cna_viz.widgets.ablation_board.arm_spec import first_arm
from cna_viz.widgets.ablation_board.board import Controls
from cna_viz.widgets.library import library
from cna_viz.widgets.prose import Prose


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder of CNA and ReLU at two depths, in two pairs."""
    folder = tmp_path_factory.mktemp("runs")
    for slot, layers, seed in [(s, depth, seed) for s in ("cna", "relu") for depth in (2, 4) for seed in (0, 1)]:
        model = ModelConfig(slot=slot, layers=layers, hidden=4)
        synthetic_record(folder, RunConfig(model=model, recording=RecordingConfig(snapshots="none"), seed=seed))
    return folder


def controls(board: AblationBoard) -> Controls:
    found: Controls = board.children[0]
    return found


def words(board: AblationBoard) -> str:
    return next(child.text for child in board.children if isinstance(child, Prose))


def test_without_runs_the_stored_ones_are_shown() -> None:
    board = AblationBoard()
    assert board.figure() == plot_chosen_arm(select(stored_runs()), "cna", layers=8)
    assert "**cna** compared with **relu**" in words(board)
    assert board.notice.text == ""


def test_a_switch_moves_figure_and_sentences() -> None:
    board = AblationBoard()
    controls(board).switches["assignment"].value = "none"
    assert board.look.parts == Parts("none", "cluster", "rational")
    assert board.figure() == plot_chosen_arm(select(stored_runs()), "na", layers=8)
    assert "**na** compared with **relu**" in words(board)
    controls(board).layers.value = 8
    controls(board).switches["normalization"].value = "none"
    controls(board).switches["activation"].value = "relu"
    assert board.figure().layout.title.text == "What do other slots change at 8 layers?"


def test_what_no_run_has_is_said_with_the_nearest_and_the_button_goes_there() -> None:
    board = AblationBoard()
    controls(board).switches["activation"].value = "none"
    assert "No run with clusters found by k-means (6), normalized within clusters, no activation" in board.notice.text
    assert "cna-viz run" in board.notice.text
    nearest = button(board, "nearest")
    assert not hidden(nearest)
    near = board.figure()
    nearest.click()
    assert board.notice.text == ""
    assert hidden(nearest)
    assert board.figure() == near
    assert controls(board).spec == board.look


def test_a_choice_of_one_thing_is_not_shown(few: Path) -> None:
    board = AblationBoard(few)
    assert controls(board).dataset.layout.display == "none"
    assert controls(board).layers.layout.display is None
    assert [value for _, value in controls(board).layers.options] == [2, 4]
    assert list(controls(board).switches) == list(STEPS)


def test_commands_name_the_folder_that_was_given(few: Path) -> None:
    board = AblationBoard(few)
    board.show(replace(board.look, parts=Parts("kmeans", "cluster", "relu")))
    assert f"--runs {few}" in board.notice.text


def test_a_look_that_is_not_offered_becomes_the_nearest(few: Path) -> None:
    board = AblationBoard(select(few))
    board.show(replace(board.look, layers=100, clusters=77))
    assert board.look.layers == 4
    assert controls(board).spec == board.look


def test_a_report_shows_the_present_state(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_BATCH", "1")
    board = AblationBoard(few)
    controls(board).layers.value = 2
    assert go.Figure(board._repr_mimebundle_()[FIGURE]) == board.figure()
    assert "2 layers" in board.figure().layout.title.text


def test_a_broken_run_is_said(tmp_path: Path) -> None:
    for slot in ("cna", "relu"):
        synthetic_record(tmp_path, RunConfig(model=ModelConfig(slot=slot, layers=3)))
    (synthetic_record(tmp_path, RunConfig(seed=5)).folder / "config.json").write_text("{}")
    assert "broken" in AblationBoard(tmp_path).notice.text


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("missing", "no such folder"),
        ("empty", "no finished run"),
        ("norm", "has the slot none, relu, cna"),
        ("none", "run"),
    ],
)
def test_without_runs_it_says_how_to_make_some_and_opens_those_of_the_package(
    tmp_path: Path, kind: str, said: str
) -> None:
    if kind == "norm":
        synthetic_record(tmp_path, RunConfig(model=ModelConfig(slot="layernorm", layers=3)))
    board = AblationBoard([] if kind == "none" else tmp_path / "there" if kind == "missing" else tmp_path)
    assert said in board.notice.text
    assert "`cna-viz " in board.notice.text
    assert any(said.split()[-1] in note.text for note in board.figure().layout.annotations)
    assert (board.look, board.words()) == (None, "")
    assert hidden(controls(board))
    button(board, "package").click()
    assert board.notice.text == ""
    assert hidden(button(board, "package"))
    assert not hidden(controls(board))
    assert board.figure() == plot_chosen_arm(select(stored_runs()), "cna", layers=8)
    assert "**cna** compared with **relu**" in words(board)


def test_a_folder_of_broken_runs_says_which(tmp_path: Path) -> None:
    broken = synthetic_record(tmp_path, RunConfig())
    (broken.folder / "config.json").write_text("{}")
    said = AblationBoard(tmp_path).notice.text
    assert "no finished run" in said
    assert broken.id in said


def test_what_is_missing_is_no_longer_said_once_there_are_runs() -> None:
    board = AblationBoard()
    there = board.look
    assert there is not None
    board.show(replace(there, parts=replace(there.parts, activation="none")))
    assert board.notice.text.startswith("No run with")
    board.show(there)
    assert board.notice.text == ""
    assert hidden(button(board, "nearest"))


def test_what_is_missing_and_what_is_broken_are_both_said(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    look = first_arm(select(few))
    monkeypatch.setattr(module, "first_arm", lambda records: replace(look, parts=Parts("kmeans", "cluster", "relu")))
    broken = synthetic_record(few, RunConfig(seed=5))
    (broken.folder / "config.json").write_text("{}")
    said = AblationBoard(few).notice.text
    shutil.rmtree(broken.folder)
    assert said.startswith("No run with")
    assert broken.id in said


def test_what_can_not_be_drawn_leaves_all_as_it_was(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    board = AblationBoard(few)
    look, figure = board.look, board.figure()

    def fails(*arguments: object) -> go.Figure:
        raise UsageError("it can't be drawn")

    monkeypatch.setattr(module, "draw_arm", fails)
    controls(board).layers.value = 2
    assert board.notice.text == "it can't be drawn"
    assert (board.look, board.figure()) == (look, figure)


def test_a_misspelt_baseline_is_said(few: Path) -> None:
    board = AblationBoard(few, baseline="rleu")
    assert board.notice.text.startswith("unknown baseline 'rleu'; choices, nearest first: relu")
    assert board.look is None


def hidden(widget: ipywidgets.Widget) -> bool:
    return bool(widget.layout.display == "none")


def button(board: AblationBoard, word: str) -> ipywidgets.Button:
    (found,) = (child for child in board.children if isinstance(child, ipywidgets.Button) and word in child.description)
    return found


def test_nothing_is_left_of_closed_boards(few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "draw_arm", lambda *arguments: (go.Figure(), ""))  # drawing takes long
    records = select(few)
    library()
    before = set(_instances)
    for _ in range(100):
        AblationBoard(records).close()
    assert set(_instances) == before


def test_a_closed_board_no_longer_listens(few: Path) -> None:
    board = AblationBoard(few)
    layers, look = controls(board).layers, board.look
    board.close()
    layers.value = 2
    assert board.look == look
