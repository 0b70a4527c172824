"""One figure on a page without a kernel: far down, hidden and shown again, and after it could not be drawn."""

from collections.abc import Iterator

import plotly.graph_objects as go
import pytest
from playwright.sync_api import Browser, Page
from plotly.offline import get_plotlyjs

from cna_viz.figures.panels.drawing import to_json
from cna_viz.widgets.library import as_module, library, script, style
from tests.browser.conftest import new_visitor

pytestmark = pytest.mark.subprocess

BEGIN = """async ([script, source, drawing]) => {
  const kept = { drawing, group: "", words: "figure", selected: [], height: 300 }, told = {};
  const state = {
    get: (name) => kept[name],
    set: (name, value) => (kept[name] = value),
    save_changes: () => {},
    on: (name, then) => (told[name] = then),
  };
  const library = { get: (name) => ({ version: "test", source: new TextEncoder().encode(source) })[name] };
  const model = { get: (name) => ({ counterparts: "{}", library: "library", state: "state" })[name] };
  window.view = { state, send: (value) => { kept.drawing = value; return told["change:drawing"](); } };
  const address = URL.createObjectURL(new Blob([script], { type: "text/javascript" }));
  const { default: widget } = await import(address);
  const el = document.getElementById("place"), signal = new AbortController().signal;
  await widget.render({ model, el, host: { getModel: async (name) => ({ library, state })[name] }, signal });
}"""


def drawing(title: str) -> str:
    trace = go.Scatter(x=[0, 1], y=[0, 1], mode="markers", customdata=[0, 1], marker={"size": 40})
    return to_json(go.Figure(trace, {"title": {"text": title}, "height": 300}))


def begin(page: Page, first: str, above: int = 0, source: str = "") -> None:
    place = f"<div id='place' style='width: 600px; margin-top: {above}px'></div>"
    page.set_content(f"<style>{style()}</style>{place}")
    page.evaluate(BEGIN, [script(), source or library().source.decode(), first])


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    seen = new_visitor(browser)
    yield seen.page
    assert seen.errors == []
    seen.page.context.close()


def seen_title(page: Page) -> str:
    return str(page.locator(".gtitle").text_content())


def test_what_is_far_from_being_seen_is_drawn_when_it_comes_near(page: Page) -> None:
    begin(page, drawing("before"), above=5_000)
    page.evaluate("value => view.send(value)", drawing("after"))
    page.wait_for_timeout(500)
    assert page.locator(".gtitle").count() == 0
    assert page.evaluate("document.getElementById('place').clientHeight") >= 300  # its place is kept
    page.evaluate("scrollTo(0, 5000)")
    page.locator(".gtitle", has_text="after").wait_for(timeout=20_000)


def test_plotly_that_stays_in_its_wrapper_draws_too(page: Page) -> None:
    wrapped = as_module(get_plotlyjs() + "\n// and more")
    assert wrapped.endswith("export default module.exports;\n")
    begin(page, drawing("wrapped"), source=wrapped)
    page.locator(".gtitle", has_text="wrapped").wait_for(timeout=20_000)


def test_a_figure_whose_models_are_gone_says_so(page: Page) -> None:
    page.set_content("<div id='place'></div>")
    page.evaluate(
        BEGIN.replace("async (name) => ({ library, state })[name]", "async () => { throw 'gone'; }"),
        [script(), "", "{}"],
    )
    assert page.locator(".cna-viz-view").inner_text() == "This figure can't be drawn: gone"


def test_what_was_never_seen_is_printed(page: Page) -> None:
    begin(page, drawing("printed"), above=5_000)
    assert page.locator(".gtitle").count() == 0
    page.pdf()
    page.locator(".gtitle", has_text="printed").wait_for(timeout=20_000)


def test_what_changes_while_it_is_hidden_is_drawn_when_it_is_shown(page: Page) -> None:
    begin(page, drawing("before"))
    page.locator(".gtitle", has_text="before").wait_for(timeout=20_000)
    page.evaluate("document.getElementById('place').style.display = 'none'")
    page.evaluate("value => view.send(value)", drawing("after"))
    assert seen_title(page) == "before"
    page.evaluate("document.getElementById('place').style.display = ''")
    page.locator(".gtitle", has_text="after").wait_for(timeout=20_000)


def test_what_changes_while_it_is_hidden_within_one_frame_is_drawn(page: Page) -> None:
    begin(page, drawing("before"))
    page.locator(".gtitle", has_text="before").wait_for(timeout=20_000)
    page.wait_for_timeout(500)  # the first drawing is finished
    place = "document.getElementById('place').style.display"
    page.evaluate(f"value => {{ {place} = 'none'; view.send(value); {place} = ''; }}", drawing("after"))
    page.locator(".gtitle", has_text="after").wait_for(timeout=20_000)


def test_the_next_figure_takes_the_place_of_a_failure(page: Page) -> None:
    begin(page, drawing("before"))
    page.evaluate("value => view.send(value)", "{")
    assert "can't be drawn" in str(page.locator(".cna-viz-message").text_content())
    page.evaluate("value => view.send(value)", drawing("after"))
    assert page.locator(".cna-viz-message").count() == 0
    assert page.locator(".cna-viz-spoken").text_content() == ""
    assert seen_title(page) == "after"


def test_a_figure_whose_first_drawing_failed_can_be_used(page: Page) -> None:
    begin(page, "{")
    page.evaluate("value => view.send(value)", drawing("after"))
    page.locator(".points .point").nth(1).wait_for(timeout=20_000)
    points = [point.bounding_box() for point in page.locator(".points .point").all()]
    assert points[1] is not None
    page.mouse.click(points[1]["x"] + points[1]["width"] / 2, points[1]["y"] + points[1]["height"] / 2)
    page.wait_for_function("view.state.get('selected').length === 1", timeout=20_000)
    assert page.evaluate("view.state.get('selected')") == [1]
    page.evaluate("document.getElementById('place').style.width = '500px'")
    page.wait_for_function("document.querySelector('.main-svg').clientWidth === 500", timeout=20_000)
