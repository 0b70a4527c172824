"""The app in a browser: offline, in both themes, a kernel for each visitor, and an end."""

import re
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import ENVIRONMENT, App, Seen, new_visitor, start_app, stop_app

pytestmark = pytest.mark.subprocess

Visit = Callable[..., Seen]
KERNEL = "() => JSON.parse(document.getElementById('jupyter-config-data').textContent).kernelId"
PAPER = "() => document.querySelector('.js-plotly-plot')._fullLayout.paper_bgcolor.toLowerCase()"
LIGHT = {"#fff", "#ffffff", "rgb(255, 255, 255)"}


@pytest.fixture(scope="module")
def explorer(browser: Browser, app: App) -> Iterator[Seen]:
    """The page of the explorer, opened once for all that only touch it."""
    seen = new_visitor(browser)
    seen.open(app.page("explorer"), ".cna-viz-view")
    seen.wait_for_figures(5)
    yield seen
    seen.page.context.close()


def kernels(process: int) -> int:
    """Return how many kernels a process has started that still live."""
    return len(commands(process))


def commands(process: int) -> dict[str, psutil.Process]:
    """Return the kernels that a process has started and that still live, by their commands."""
    found = {}
    for child in psutil.Process(process).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # ended, or about to
            found[" ".join(child.cmdline())] = child
    return {command: child for command, child in found.items() if "ipykernel_launcher" in command}


def wait_until(true: Callable[[], bool], seen: Seen) -> bool:
    """Wait up to half a minute; the browser goes on meanwhile."""
    for _ in range(300):
        if true():
            return True
        seen.page.wait_for_timeout(100)
    return False


def slider(seen: Seen, name: str) -> Any:
    return seen.page.locator(".widget-hslider").filter(has=seen.page.get_by_text(name, exact=True)).first


GIVE_UP = """AbortSignal.timeout = () => {
  const given = new AbortController();
  queueMicrotask(() => given.abort());
  return given.signal;
};"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_landing_page_leads_to_every_page(app: App, visit: Visit, scheme: str) -> None:
    seen = visit(scheme)
    seen.open(app.address, ".card")
    links = seen.page.locator("main a").evaluate_all("found => found.map((link) => link.getAttribute('href'))")
    assert links == ["/lesson", "/explorer", "/playground", "/instructor"]
    assert seen.page.evaluate("document.documentElement.dataset.theme") == scheme
    assert seen.errors == seen.foreign == []


def test_the_instructor_has_a_page(app: App, visit: Visit) -> None:
    seen = visit()
    seen.open(app.page("instructor"), "h3")
    assert seen.page.locator("h3").filter(has_text="Step").count() == 6
    assert seen.errors == seen.foreign == []


def test_the_lesson_opens_in_the_dark_without_the_net(app: App, visit: Visit) -> None:
    seen = visit("dark")
    seen.open(app.page("lesson"), ".widget-radio")
    seen.wait_for_figures(4)
    assert seen.page.evaluate(PAPER) not in LIGHT
    assert seen.page.evaluate("document.body.dataset.jpThemeLight") == "false"
    assert seen.errors == seen.foreign == []


def test_the_explorer_opens_without_the_net_and_can_be_turned_dark(explorer: Seen) -> None:
    assert explorer.page.evaluate(PAPER) in LIGHT
    explorer.page.locator("button.theme").click()
    explorer.page.wait_for_function(f"light => !light.includes(({PAPER})())", arg=sorted(LIGHT))
    explorer.page.locator("button.theme").click()
    explorer.page.wait_for_function(f"light => light.includes(({PAPER})())", arg=sorted(LIGHT))
    assert explorer.errors == explorer.foreign == []


def test_no_figure_has_scroll_bars_of_its_own(explorer: Seen) -> None:
    scrolling = """() => [...document.querySelectorAll(".widget-box:has(.cna-viz-view)")].filter(
      (box) => /auto|scroll/.test(getComputedStyle(box).overflow) && box.scrollHeight > box.clientHeight).length"""
    assert explorer.page.locator(".widget-box:has(.cna-viz-view)").count() > 2
    assert explorer.page.evaluate(scrolling) == 0


def test_figures_follow_on_a_page_too_slow_for_the_library_of_widgets(app: App, visit: Visit) -> None:
    """After two seconds anywidget gives up on a widget, which hears no more from the kernel; here it does at once."""
    seen = visit()
    seen.page.add_init_script(GIVE_UP)
    seen.open(app.page("explorer"), ".cna-viz-view")
    seen.wait_for_figures(2)
    assert any("Failed to initialize model" in said for said in seen.errors)
    layer = slider(seen, "layer")
    layer.locator(".noUi-handle").focus()
    seen.page.keyboard.press("ArrowRight")
    seen.page.wait_for_function(
        "() => [...document.querySelectorAll('.js-plotly-plot')].some("
        "(box) => box.layout?.title?.text?.includes('layer 2, after'))",
        timeout=20_000,
    )


def test_twenty_quick_moves_leave_the_last_state(explorer: Seen) -> None:
    layer = slider(explorer, "layer")
    layer.locator(".noUi-handle").focus()
    for key in ["ArrowRight"] * 13 + ["ArrowLeft"] * 7:
        explorer.page.keyboard.press(key)
    explorer.page.locator(".cna-viz-view").first.scroll_into_view_if_needed()  # what is far away is not drawn
    shown = "document.querySelector('.cna-viz-view .js-plotly-plot').layout.title.text"
    explorer.page.wait_for_function(f"() => {shown}.includes('layer 7,')")
    explorer.page.wait_for_timeout(1000)  # nothing that was asked for earlier comes after it
    assert "layer 7," in explorer.title(0)
    assert layer.locator(".widget-readout").inner_text() == "7"
    assert explorer.errors == []


def test_a_node_chosen_by_keyboard_is_ringed_in_all_pictures(explorer: Seen) -> None:
    inked = """() => [...document.querySelectorAll('.cna-viz-overlay')].slice(0, 2).map((canvas) =>
        canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0))"""
    assert explorer.page.evaluate(inked) == [False, False]
    explorer.page.locator(".cna-viz-view").first.focus()
    explorer.page.keyboard.press("ArrowRight")
    explorer.page.keyboard.press("Enter")
    assert explorer.page.evaluate(inked) == [True, True]
    assert "node 0, selected" in explorer.page.locator(".cna-viz-spoken").first.inner_text()
    explorer.page.get_by_text("1 selected").wait_for()
    explorer.page.keyboard.press("Escape")
    explorer.page.keyboard.press("Escape")
    explorer.page.wait_for_function(f"() => ({inked})().every((drawn) => !drawn)")


def test_a_damaged_record_is_said_in_place(explorer: Seen) -> None:
    before = explorer.title(0)
    menu = explorer.page.locator("select").first
    names = menu.locator("option").all_inner_texts()
    (damaged,) = [name for name in names if "broken" in name]
    menu.select_option(label=damaged)
    explorer.page.locator("[role=status]").filter(
        has_text=re.compile("truncated|missing|bytes|changed")
    ).first.wait_for()
    assert explorer.title(0).startswith(before.split("<br>")[0])
    menu.select_option(index=names.index(next(name for name in names if name != damaged)))
    explorer.page.locator("[role=status]").filter(
        has_text=re.compile("truncated|missing|bytes|changed")
    ).first.wait_for(state="hidden")
    assert explorer.errors == []


def test_every_visitor_has_a_kernel_that_ends_with_the_page(app: App, explorer: Seen, visit: Visit) -> None:
    before = kernels(app.process.pid)
    other = visit()
    other.open(app.page("playground"), ".cna-viz-view")
    assert other.page.evaluate(KERNEL) != explorer.page.evaluate(KERNEL)
    assert kernels(app.process.pid) == before + 1
    other.page.goto("about:blank")
    assert wait_until(lambda: kernels(app.process.pid) == before, other)


def test_a_page_whose_kernel_is_killed_while_it_is_made_says_so_in_the_bar(app: App, visit: Visit) -> None:
    seen = visit()
    seen.page.goto(app.page("explorer"), wait_until="commit")
    seen.page.wait_for_selector("#jupyter-config-data", state="attached")
    own = seen.page.evaluate(KERNEL)
    (kernel,) = [process for command, process in commands(app.process.pid).items() if own in command]
    kernel.kill()
    seen.page.locator(".cna-viz-bar [role=alert]").get_by_text("Reload the page").wait_for()
    assert seen.page.locator("#loading").count() == 0
    assert seen.errors == seen.foreign == []


@pytest.mark.parametrize("page", ["", "lesson", "explorer", "instructor"])
def test_without_the_token_nobody_comes_in(app: App, page: str) -> None:
    with urllib.request.urlopen(f"{app.base}/{page}", timeout=60) as answer:
        assert "/login" in answer.url
        assert b"Touch a graph network" not in answer.read()


@pytest.mark.parametrize(
    "path",
    [
        "voila/files/lesson.ipynb",
        "voila/tree/",
        "voila/render/lesson.ipynb",
        "voila/api/contents/",
        "../etc/passwd",
        "x",
    ],
)
def test_nothing_else_is_served(app: App, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(app.page(path), timeout=60)
    assert refused.value.code in {403, 404}


def test_a_page_scrolls_to_its_end_by_the_wheel(app: App, visit: Visit) -> None:
    seen = visit()
    seen.open(app.page("playground"), ".cna-viz-view")
    seen.page.mouse.move(650, 450)
    seen.page.mouse.wheel(0, 100_000)
    seen.page.wait_for_function("scrollY > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 1")
    assert seen.page.get_by_role("heading", name="Conclusion").is_visible()
    bottom = seen.page.get_by_role("heading", name="Conclusion").bounding_box()
    assert bottom is not None
    assert 0 < bottom["y"] < 900


def test_the_choice_of_colours_goes_along_from_page_to_page(app: App, visit: Visit) -> None:
    seen = visit("light")
    seen.open(app.address, ".card")
    seen.page.locator("button.theme").click()
    seen.page.get_by_role("link", name="instructor's page").click()
    seen.page.get_by_role("heading", name="Teaching with the lesson").wait_for()
    assert seen.page.evaluate("document.documentElement.dataset.theme") == "dark"


def test_a_page_that_was_made_ready_is_for_one_visitor(visit: Visit) -> None:
    app = start_app("--ready", "1")
    try:
        one, other = visit(), visit()
        for seen in (one, other):
            seen.open(app.page("playground"), "h1")
        assert one.page.evaluate(KERNEL) != other.page.evaluate(KERNEL)
    finally:
        assert stop_app(app) == 0


@pytest.mark.slow
def test_ctrl_c_ends_it_and_all_its_kernels(visit: Visit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(ENVIRONMENT, "TMPDIR", str(tmp_path))
    app = start_app()
    visit().open(app.page("playground"), ".cna-viz-view")
    processes = psutil.Process(app.process.pid).children(recursive=True)
    assert processes
    assert any(path.name.startswith("cna-viz-") for path in tmp_path.iterdir())
    assert stop_app(app) == 0
    _, alive = psutil.wait_procs(processes, timeout=10)
    assert not alive
    assert not [path.name for path in tmp_path.iterdir() if path.name.startswith(("cna-viz-", "voila_"))]
