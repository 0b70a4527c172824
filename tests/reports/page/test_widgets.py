"""Widgets: what displays one puts a static representation beside it, and the page shows that; state is not stored."""

import subprocess
import sys
from typing import Any

import nbformat
import plotly.graph_objects as go
import pytest
from IPython.core.interactiveshell import InteractiveShell

from cna_viz.reports.page import widgets
from cna_viz.reports.page.markdown import Renderer
from cna_viz.reports.page.outputs import OutputRenderer
from cna_viz.reports.page.widgets import FIGURE, WIDGET, strip_widgets

VIEW = {"version_major": 2, "version_minor": 0, "model_id": "x"}


def block(data: dict[str, Any]) -> Any:
    return OutputRenderer(Renderer()).block({"output_type": "display_data", "data": data})


@pytest.mark.parametrize(
    ("beside", "kind", "part"),
    [
        ({FIGURE: {"data": [], "layout": {}}}, "figure", 'id="figure-1"'),
        ({"image/png": "QUJD"}, "image", "data:image/png;base64,QUJD"),
        ({"image/svg+xml": "<svg/>"}, "image", "data:image/svg+xml"),
        ({"text/markdown": "**words**"}, "prose", "<strong>words</strong>"),
        ({"text/plain": "IntSlider()"}, "note", "An interactive widget"),
        ({"text/html": "<b>loading</b>"}, "note", "An interactive widget"),
        ({}, "note", "An interactive widget"),
    ],
)
@pytest.mark.parametrize("first", [True, False])
def test_a_static_representation_stands_in_the_widgets_place(
    beside: dict[str, Any], kind: str, part: str, first: bool
) -> None:
    made = block({WIDGET: VIEW, **beside} if first else {**beside, WIDGET: VIEW})
    assert made.kind == kind
    assert part in made.html


def test_what_a_widget_says_stands_above_its_figure() -> None:
    figure = {"data": [], "layout": {}}
    made = block({WIDGET: VIEW, FIGURE: figure, "text/markdown": "**Which?** <script>"})
    assert made.kind == "figure"
    assert made.html.index("<strong>Which?</strong>") < made.html.index('id="figure-1"')
    assert "<script>" not in made.html.partition('id="figure-1"')[0]
    without = block({FIGURE: figure, "text/markdown": "**Which?**"})
    assert "Which?" not in without.html


def test_a_figure_widget_displays_its_figure_as_it_is_now() -> None:
    shell = InteractiveShell()
    shell.display_formatter.active_types = [WIDGET, FIGURE, "text/plain"]
    figure = go.FigureWidget(go.Scatter(y=[1, 2]))
    widgets.load_ipython_extension(shell)
    figure.update_layout(title="later")
    data, _ = shell.display_formatter.format(figure)
    assert data[WIDGET]["model_id"] == figure.model_id
    assert data[FIGURE]["layout"]["title"]["text"] == "later"
    assert data[FIGURE]["data"][0]["y"] == [1, 2]


@pytest.mark.subprocess
def test_the_extension_imports_no_plotly() -> None:
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell\n"
        "from cna_viz.reports.page import widgets; widgets.load_ipython_extension(InteractiveShell())\n"
        "print({'plotly', 'nbconvert', 'papermill'} & set(sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "set()\n"


def test_state_and_dead_views_are_not_stored_and_every_output_still_says_something() -> None:
    cell = nbformat.v4.new_code_cell("x")
    shown = [{WIDGET: VIEW, FIGURE: {"data": []}}, {WIDGET: VIEW}, {"text/plain": "1"}]
    cell.outputs = [nbformat.v4.new_output("display_data", data=data) for data in shown]
    cell.outputs.append(nbformat.v4.new_output("stream", text="words"))
    state = {"application/vnd.jupyter.widget-state+json": {"state": {"x": {}}}}
    notebook = nbformat.v4.new_notebook(
        cells=[nbformat.v4.new_markdown_cell("words"), cell], metadata={"widgets": state, "other": 1}
    )
    strip_widgets(notebook)
    assert dict(notebook.metadata) == {"other": 1}
    assert [dict(output.get("data", {})) for output in notebook.cells[1].outputs] == [
        {FIGURE: {"data": []}},
        {"text/plain": "an interactive widget"},
        {"text/plain": "1"},
        {},
    ]
    nbformat.validate(notebook)
