"""The lesson in JupyterLab: everything runs, and what is touched moves."""

from collections.abc import Callable

import pytest

from tests.browser.conftest import MINUTE, Seen

Visit = Callable[..., Seen]
TOKEN = {"Authorization": "token secret"}


def start_kernel(seen: Seen, base: str, name: str) -> str:
    """Start the kernel of a notebook, of which JupyterLab would ask which it should be; returns its id."""
    session = {"path": name, "name": name, "type": "notebook", "kernel": {"name": "python3"}}
    made = seen.page.request.post(f"{base}/api/sessions", headers=TOKEN, data=session, timeout=MINUTE)
    assert made.ok, made.text()
    return str(made.json()["kernel"]["id"])


def wait_for_connection(seen: Seen, base: str, kernel: str) -> None:
    """Wait until JupyterLab listens to the kernel.

    It calls a kernel idle before that, and, told to run all cells, it asks for each of them which kernel it should be.
    """
    for _ in range(2 * MINUTE // 200):
        state = seen.page.request.get(f"{base}/api/kernels/{kernel}", headers=TOKEN).json()
        if state["connections"] and state["execution_state"] == "idle":
            return
        seen.page.wait_for_timeout(200)
    raise AssertionError(f"JupyterLab is not connected to its kernel: {state}")


def run_all(seen: Seen, address: str) -> None:
    """Open a notebook and run it."""
    page = seen.page
    base, _, path = address.partition("/lab/tree/")
    kernel = start_kernel(seen, base, path.partition("?")[0])
    seen.open(address, ".jp-Notebook .jp-CodeCell")
    wait_for_connection(seen, base, kernel)
    page.locator(".jp-Notebook-ExecutionIndicator[data-status=idle]").first.wait_for()
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_role("menuitem", name="Run All Cells", exact=True).click()
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


@pytest.mark.slow
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
