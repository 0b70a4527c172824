"""The lesson in JupyterLab: everything runs, and what is touched moves."""

import re
from collections.abc import Callable

from playwright.sync_api import TimeoutError as TooLate

from tests.browser.conftest import MINUTE, Seen

Visit = Callable[..., Seen]


def start_kernel(seen: Seen, address: str) -> None:
    """Start the kernel of a notebook: while it has none that answers JupyterLab asks which it should have."""
    base, _, path = address.partition("/lab/tree/")
    name, headers = path.partition("?")[0], {"Authorization": "token secret"}
    session = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    made = seen.page.request.post(f"{base}/api/sessions", headers=headers, data=session, timeout=60_000)
    assert made.ok, made.text()


def run_all(seen: Seen, address: str) -> None:
    """Open a notebook and run it; where the kernel was not there yet JupyterLab runs nothing, and is asked again."""
    page = seen.page
    start_kernel(seen, address)
    seen.open(address, ".jp-Notebook .jp-CodeCell")
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
    accept = page.locator(
        ".jp-Dialog .jp-mod-accept"
    ).first  # of what says that nothing was run, which comes at any time
    page.add_locator_handler(accept, lambda button: button.click(timeout=5_000), no_wait_after=True)
    for left in (3, 2, 1, 0):
        page.get_by_role("menuitem", name="Run", exact=True).click()
        page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
        try:
            page.locator(".jp-InputPrompt").filter(has_text=re.compile(r"\[[*1]\]")).first.wait_for(timeout=10_000)
            break
        except TooLate:
            if not left:
                raise
    # The cells before it import much, which takes long where other things go on.
    slider = page.locator(".widget-hslider").filter(has=page.get_by_text("layer", exact=True)).first
    slider.wait_for(timeout=3 * MINUTE)


def test_the_lesson_runs_and_a_slider_moves_its_figure(lab: str, visit: Visit) -> None:
    seen = visit()
    run_all(seen, lab.replace("NAME", "10_teaching.ipynb"))
    page = seen.page
    playground = page.locator(".widget-hslider").filter(has=page.get_by_text("layer", exact=True)).first
    view = page.locator(".cna-viz-view[aria-label*='features of the graph']").first
    seen.wait_until_drawn(view)
    nodes = view.locator(".js-plotly-plot")
    places = "box => box._fullData.filter((trace) => trace.customdata?.length).map((trace) => Array.from(trace.x))"
    before = nodes.evaluate(places)
    handle = nodes.element_handle()
    playground.locator(".noUi-handle").focus()
    # Without this, Notebook 7 takes the key for its own; JupyterLab gives it to the slider first.
    assert playground.locator(".noUi-handle").get_attribute("data-lm-suppress-shortcuts") == "true"
    page.keyboard.press("ArrowRight")
    view.scroll_into_view_if_needed()
    page.wait_for_function("box => box.layout.title.text.includes('after convolution 1')", arg=handle)
    assert nodes.page.evaluate(places, handle) != before
    assert not page.locator(".jp-RenderedText[data-mime-type='application/vnd.jupyter.stderr']").count()
    assert not page.locator(".jp-OutputArea-output[data-mime-type='application/vnd.jupyter.error']").count()


def test_a_prediction_is_asked_before_the_picture_is_shown(lab: str, visit: Visit) -> None:
    seen = visit()
    run_all(seen, lab.replace("NAME", "10_teaching.ipynb"))
    page = seen.page
    page.get_by_label("in both, each in its way").click()
    answer = page.locator(".cna-viz-view[aria-label*='also close in the graph']").first
    assert not answer.is_visible()
    page.get_by_role("button", name="Show").first.click()
    page.get_by_text("You said: in both, each in its way.").wait_for()
    answer.wait_for()
    seen.wait_until_drawn(answer)
