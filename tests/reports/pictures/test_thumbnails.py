"""The picture of a report: the right figure, made small, drawn once, and a reason where it can't be."""

import base64
import json
import os
import subprocess
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import nbformat
import pytest

from cna_viz.figures.style import theme
from cna_viz.reports.pictures import thumbnails
from cna_viz.reports.pictures.browser import find_browser
from cna_viz.reports.pictures.thumbnails import draw_thumbnails, find_picture, read_thumbnail

PNG = base64.b64encode(b"\x89PNG picture").decode()


def figure(title: str) -> dict[str, Any]:
    return {"data": [{"y": [1, 2]}], "layout": {"title": {"text": title}, "height": 600, "width": 3000}}


def report(folder: Path, *cells: tuple[dict[str, Any], list[str]]) -> Path:
    """Write a finished report whose cells have one output and some tags each; returns its folder."""
    nodes = []
    for data, tags in cells:
        node = nbformat.v4.new_code_cell("1", metadata={"tags": tags})
        node.outputs = [nbformat.v4.new_output("display_data", data=data)]
        nodes.append(node)
    folder.mkdir()
    nbformat.write(nbformat.v4.new_notebook(cells=nodes), folder / "report.ipynb")
    return folder


PLOTLY = "application/vnd.plotly.v1+json"


def test_it_is_the_tagged_figure_else_the_first(tmp_path: Path) -> None:
    first = {PLOTLY: {"data": [{"y": [0]}]}}
    second = {PLOTLY: {"data": [{"y": [9]}]}}
    words = {"text/plain": "words"}
    one = find_picture(report(tmp_path / "a", (words, []), (first, []), (second, [])) / "report.ipynb")
    other = find_picture(
        report(tmp_path / "b", (first, []), (words, ["thumbnail"]), (second, ["thumbnail"])) / "report.ipynb"
    )
    assert isinstance(one, dict)
    assert isinstance(other, dict)
    assert (one["data"], other["data"]) == ([{"y": [0]}], [{"y": [9]}])


@pytest.mark.parametrize("text", ["", "{}", '{"cells": 1}', '{"cells": []}', "[]"])
def test_a_notebook_without_pictures_has_none(tmp_path: Path, text: str) -> None:
    (tmp_path / "report.ipynb").write_text(text)
    assert find_picture(tmp_path / "report.ipynb") is None
    assert find_picture(tmp_path / "nowhere.ipynb") is None


def test_title_and_footnote_are_left_out_and_other_words_stay(tmp_path: Path) -> None:
    import plotly.graph_objects as go

    drawn = go.Figure(go.Scatter(y=[1, 2])).add_annotation(text="stays", x=0, y=1, xref="paper", yref="paper")
    theme.finish(drawn, "title", "footnote", height=1700)
    folder = report(tmp_path / "a", ({PLOTLY: json.loads(drawn.to_json())}, []))
    picture = find_picture(folder / "report.ipynb")
    assert isinstance(picture, dict)
    layout = picture["layout"]
    assert [note["text"] for note in layout["annotations"]] == ["stays"]
    assert "title" not in layout
    assert (layout["width"], layout["height"]) == (800, 700)


def test_an_image_of_the_notebook_needs_no_browser(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "find_browser", lambda: None)
    folder = report(tmp_path / "a", ({"image/png": PNG + "\n"}, []))
    assert draw_thumbnails([folder]) == ""
    assert read_thumbnail(folder).startswith(f"data:image/png;base64,{PNG.rstrip('=')[:-2]}")


def test_a_picture_of_somebody_else_is_not_replaced(tmp_path: Path) -> None:
    folder = report(tmp_path / "a", ({"image/png": PNG}, []))
    (folder / "thumbnail.png").write_bytes(b"mine")
    os.utime(folder / "thumbnail.png", (1, 1))
    assert draw_thumbnails([folder]) == f"{folder / 'thumbnail.png'} was not written by cna-viz and is not replaced."
    assert (folder / "thumbnail.png").read_bytes() == b"mine"


def test_one_that_is_older_than_its_notebook_is_not_shown(tmp_path: Path) -> None:
    folder = report(tmp_path / "a", ({"image/png": PNG}, []))
    draw_thumbnails([folder])
    os.utime(folder / "thumbnail.png", (1, 1))
    assert read_thumbnail(folder) == ""
    assert read_thumbnail(tmp_path / "nowhere") == ""


def _no_kaleido(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "find_spec", lambda name: None)


def _no_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails, "find_spec", lambda name: name)
    monkeypatch.setattr(thumbnails, "find_browser", lambda: None)


def _hanging_browser(monkeypatch: pytest.MonkeyPatch) -> None:
    def hang(command: list[str], seconds: float) -> None:
        raise subprocess.TimeoutExpired(command, seconds)

    monkeypatch.setattr(thumbnails, "find_spec", lambda name: name)
    monkeypatch.setattr(thumbnails, "find_browser", lambda: "browser")
    monkeypatch.setattr(thumbnails, "run", hang)


@pytest.mark.parametrize(
    ("lacking", "words"),
    [
        (_no_kaleido, "need the extra images: pip install 'cna-viz[images]'"),
        (_no_browser, "need Chrome or Chromium; BROWSER_PATH names"),
        (_hanging_browser, "failed or hangs"),
    ],
)
def test_what_is_lacking_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: Callable[[pytest.MonkeyPatch], None], words: str
) -> None:
    lacking(monkeypatch)
    folder = report(tmp_path / "a", ({PLOTLY: figure("a")}, []))
    assert words in draw_thumbnails([folder])
    assert read_thumbnail(folder) == ""
    assert draw_thumbnails([report(tmp_path / "b")]) == "", "without a figure nothing is lacking"


@pytest.mark.subprocess
@pytest.mark.skipif(find_spec("kaleido") is None or find_browser() is None, reason="needs kaleido and a browser")
def test_one_browser_draws_all(tmp_path: Path) -> None:
    broken = {"data": "nothing that plotly knows"}
    folders = [report(tmp_path / "a", ({PLOTLY: figure("a")}, [])), report(tmp_path / "b", ({PLOTLY: figure("b")}, []))]
    assert draw_thumbnails(folders) == ""
    for folder in folders:
        content = (folder / "thumbnail.png").read_bytes()
        assert content.startswith(b"\x89PNG")
        assert (int.from_bytes(content[16:20]), int.from_bytes(content[20:24])) == (800, 600)
    before = (tmp_path / "a" / "thumbnail.png").stat().st_mtime_ns
    assert draw_thumbnails([*folders, report(tmp_path / "c", ({PLOTLY: broken}, []))]) in {
        "",
        "Pictures of some figures are missing, because the browser that draws them failed or hangs.",
    }
    assert (tmp_path / "a" / "thumbnail.png").stat().st_mtime_ns == before
