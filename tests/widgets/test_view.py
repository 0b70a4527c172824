"""A figure in the browser, from the kernel's side: what is sent, how often, and what stands in a report."""

import json
from collections.abc import Iterator

import ipywidgets
import plotly.graph_objects as go
import pytest
from plotly.offline import get_plotlyjs

from cna_viz.reports.page.widgets import FIGURE, WIDGET
from cna_viz.widgets import View
from cna_viz.widgets.library import CLOSING, OPENING, as_module, library


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


def figure(title: str = "What is it?", y: float = 1.0) -> go.Figure:
    return go.Figure(go.Scatter(x=[0, 1], y=[0, y], customdata=[3, 4])).update_layout(title=title, height=300)


def test_what_is_sent_is_the_finished_figure() -> None:
    shown = figure()
    assert go.Figure(json.loads(View(shown).state.drawing)) == shown


def test_views_share_plotly() -> None:
    one, other = View(figure()), View(figure())
    assert one.library is other.library is library()
    assert b"Plotly" in library().source
    assert len(one._esm) < 50_000


def test_plotly_is_taken_out_of_its_wrapper() -> None:
    whole = get_plotlyjs()
    module = as_module(whole)
    assert module.endswith("\nexport default Plotly;\n")
    assert "factory" not in module[:2000], "it is wrapped in another way, and a browser reads it twice"
    assert len(whole) - 1000 < len(module) < len(whole)


@pytest.mark.parametrize(
    "source", ["module.exports = 1;", OPENING + "var Plotly = 1;", OPENING + "1" + CLOSING + "more();"]
)
def test_plotly_in_another_wrapper_stays_in_it(source: str) -> None:
    module = as_module(source)
    assert source in module
    assert module.endswith("\nexport default module.exports;\n")


def test_plotly_comes_again_after_all_widgets_were_closed() -> None:
    first = View(figure()).library
    ipywidgets.Widget.close_all()
    second = View(figure()).library
    assert second is not first
    assert second.comm is not None


def test_the_figure_is_exchanged_as_a_whole_and_only_when_it_differs() -> None:
    view, sent = View(figure()), []
    view.state.observe(lambda change: sent.append(change["new"]), "drawing")
    view.show(figure(y=2.0))
    view.show(figure(y=2.0))
    assert len(sent) == 1
    assert view.figure() == figure(y=2.0)


def test_what_is_handed_out_is_a_copy() -> None:
    view = View(figure())
    view.figure().update_layout(title="changed")
    assert view.figure() == figure()


def test_those_who_cannot_see_are_told_what_it_is() -> None:
    view = View(figure("Where?"))
    assert view.state.words == "Where?"
    view.show(figure("When?"))
    assert view.state.words == "When?"
    assert View(figure(), words="a cloud").state.words == "a cloud"
    assert View(go.Figure()).state.words == "figure"


def test_nodes_are_selected_in_ascending_order() -> None:
    view = View(figure())
    view.select({7, 3})
    assert view.selected == [3, 7]


def test_what_is_selected_in_the_browser_is_selected_here() -> None:
    view, heard = View(figure()), []
    view.observe(lambda change: heard.append(change["new"]), "selected")
    view.state.set_state({"selected": [4]})
    assert view.selected == heard[0] == [4]


def test_a_closed_figure_leaves_nothing() -> None:
    view = View(figure())
    kept = {view.model_id, view.state.model_id, view.layout.model_id}
    view.layout.close()
    view.close()
    view.close()
    assert not kept & set(ipywidgets.widgets.widget._instances)


def test_a_report_shows_the_figure_in_its_place() -> None:
    bundle = View(figure())._repr_mimebundle_()
    assert WIDGET in bundle
    assert go.Figure(bundle[FIGURE]) == figure()
