"""What all widgets have: errors said in their place, a static figure, and nothing left when they are closed."""

from collections.abc import Iterator

import ipywidgets
import plotly.graph_objects as go
import pytest
from ipywidgets.widgets.widget import _instances  # the only list of them that isn't deprecated

from cna_viz.errors import UsageError
from cna_viz.reports.page.widgets import FIGURE, WIDGET
from cna_viz.widgets import View
from cna_viz.widgets.library import library
from cna_viz.widgets.panel import Panel
from cna_viz.widgets.prose import Notice


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    ipywidgets.Widget.close_all()


class Doubled(Panel):
    """Shows twice a number; refuses 13."""

    def __init__(self) -> None:
        super().__init__()
        self.number = ipywidgets.IntSlider(1, 0, 20, description="number")
        self.view = View(self.figure())
        self.number.observe(self.guarded(self.redraw), "value")
        self.compose(ipywidgets.HBox([self.number]), self.view)

    def figure(self) -> go.Figure:
        return go.Figure(go.Bar(y=[2 * self.number.value]))

    def redraw(self) -> None:
        if self.number.value == 13:
            raise UsageError("13 is <b>refused</b>")
        self.view.show(self.figure())


def test_an_error_is_said_in_the_widget_and_the_figure_stays() -> None:
    panel = Doubled()
    panel.number.value = 4
    panel.number.value = 13
    assert panel.notice.text == "13 is <b>refused</b>"
    assert "&lt;b&gt;" in panel.notice.value
    assert panel.notice.layout.display is None
    assert panel.view.figure().data[0].y == (8,)


def test_an_error_is_gone_when_the_next_thing_works() -> None:
    panel = Doubled()
    panel.number.value = 13
    panel.number.value = 5
    assert panel.notice.text == ""
    assert panel.notice.layout.display == "none"
    assert panel.view.figure().data[0].y == (10,)


def test_a_mistake_of_ours_keeps_its_traceback() -> None:
    def broken() -> None:
        raise ZeroDivisionError

    panel = Doubled()
    with pytest.raises(ZeroDivisionError):
        panel.guarded(broken)(None)


def test_the_notice_stands_below_the_controls() -> None:
    panel = Doubled()
    assert list(panel.children) == [panel.children[0], panel.notice, panel.view]


def test_a_report_shows_the_present_state(monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Doubled()
    assert FIGURE not in panel._repr_mimebundle_(), "where there is a kernel nobody waits for it"
    monkeypatch.setenv("CNA_VIZ_BATCH", "1")
    panel.number.value = 6
    bundle = panel._repr_mimebundle_()
    assert WIDGET in bundle
    assert go.Figure(bundle[FIGURE]).data[0].y == (12,)


def test_a_report_is_told_what_the_widget_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CNA_VIZ_BATCH", "1")
    panel = Doubled()
    assert "text/markdown" not in panel._repr_mimebundle_()
    monkeypatch.setattr(Doubled, "words", lambda self: "twice")
    assert panel._repr_mimebundle_()["text/markdown"] == "twice"


def test_nothing_is_left_of_a_closed_widget() -> None:
    library()
    before = set(_instances)
    panel = Doubled()
    number = panel.number
    panel.close()
    assert set(_instances) == before
    number.value = 9
    assert panel.view.figure().data[0].y == (2,)


def test_a_notice_says_and_forgets() -> None:
    notice = Notice()
    assert notice.text == ""
    notice.say("a < b")
    assert "a &lt; b" in notice.value
    assert 'role="status"' in notice.value
    notice.clear()
    assert notice.text == ""
