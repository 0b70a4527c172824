"""Figures without plotly's checks: the same JSON for the browser, in a fraction of the time."""

import json
from base64 import b64decode

import numpy as np
import plotly.graph_objects as go
import pytest

from cna_viz.figures.panels.drawing import Drawing, compact, to_json
from cna_viz.figures.style.theme import INK


def small(**layout: object) -> Drawing:
    trace = {"type": "scatter", "x": np.arange(3, dtype=np.float32), "y": [1.0, float("nan"), 3], "name": None}
    return compact([trace], "What?", layout, height=200, kept="what")


def test_a_panel_is_a_figure() -> None:
    figure = go.Figure(small(xaxis={"title": "layer"}))
    assert figure.layout.title.text == "What?"
    assert figure.layout.height == 200
    assert figure.layout.uirevision == "what"
    assert figure.layout.template.layout.font.color == INK


def test_margins_are_narrow_unless_told_otherwise() -> None:
    margin = compact([], "", {"margin": {"l": 99}}, height=1, kept="")["layout"]["margin"]
    assert margin["l"] == 99
    assert margin["r"] < 20


@pytest.mark.parametrize("kind", ["float32", "float64", "int32", "int16", "uint8"])
def test_arrays_are_packed(kind: str) -> None:
    values = np.array([3, 1, 2], dtype=kind)
    packed = json.loads(to_json({"data": [{"x": values[::-1]}], "layout": {}}))["data"][0]["x"]
    assert np.array_equal(np.frombuffer(b64decode(packed["bdata"]), dtype=packed["dtype"]), values[::-1])


@pytest.mark.parametrize("array", [np.array(["a", "b"]), np.array([True, False]), np.array([2**40]), np.eye(2)])
def test_other_arrays_are_lists(array: np.ndarray) -> None:  # type: ignore[type-arg]
    assert json.loads(to_json({"data": [{"x": array}], "layout": {}}))["data"][0]["x"] == array.tolist()


def test_what_json_has_no_word_for_is_a_gap() -> None:
    trace = json.loads(to_json(small()))["data"][0]
    assert trace["y"] == [1.0, None, 3]
    assert "name" not in trace


def test_numbers_of_numpy_are_numbers() -> None:
    assert json.loads(to_json({"data": [{"x": [np.float32(0.5), np.int64(2)]}], "layout": {}}))["data"][0]["x"] == [
        0.5,
        2,
    ]


def test_a_checked_figure_is_written_as_plotly_does() -> None:
    figure = go.Figure(small())
    assert to_json(figure) == figure.to_json()
