"""Pages while they are made: each ends, with a message where its kernel ends first."""

import asyncio
import time
from collections.abc import Iterator
from functools import partial
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psutil
import pytest

from cna_viz.app.kernels import take
from cna_viz.app.messages import ENDED
from tests.app.conftest import PROGRAM, App, run_app

pytestmark = pytest.mark.subprocess

KERNEL_IS_READY = b"kernelId"
BROKEN = """
import nbformat
from cna_viz.app import pages
made = pages._notebook
def broken(report, runs):
    notebook = made(report, runs)
    notebook.cells = [*notebook.cells[:1], nbformat.v4.new_code_cell("1 / 0")]
    return notebook
pages._notebook = broken
"""


def opened(app: App, page: str) -> HTTPResponse:
    """Open a page; its text is still to come."""
    connection = HTTPConnection(app.host, timeout=60)
    connection.request("GET", f"/{page}?token={app.token}")
    return connection.getresponse()


def kernels(app: App) -> list[psutil.Process]:
    return psutil.Process(app.process.pid).children()


def wait_for(count: int, app: App) -> None:
    """Wait until so many kernels run."""
    end = time.monotonic() + 30
    while len(kernels(app)) != count:
        assert time.monotonic() < end
        time.sleep(0.02)


def killed_page(app: App, after: bytes, pause: float) -> tuple[str, float]:
    """Kill the kernel of a page some time after a part of it has come; returns its text and how long it went on."""
    wait_for(0, app)
    with opened(app, "lesson") as answer:
        text = b""
        while after not in text:
            text += answer.read1()
        wait_for(1, app)
        time.sleep(pause)
        kernels(app)[0].kill()
        begin = time.monotonic()
        text += answer.read()
    return text.decode(), time.monotonic() - begin


@pytest.mark.parametrize("after", [b"<html", KERNEL_IS_READY])
def test_a_page_whose_kernel_is_killed_ends_with_a_message(app: App, after: bytes) -> None:
    before = app.terminal.read_text()
    text, seconds = killed_page(app, after, 0)
    assert f'role="alert">{ENDED}</p>' in text.rpartition("</script>")[0]
    assert "</head>" in text
    assert seconds < 15
    said = app.terminal.read_text()[len(before) :]
    assert "The kernel of /lesson ended before the page was finished." in said
    assert "Traceback" not in said


@pytest.mark.slow
@pytest.mark.parametrize("pause", [step / 4 for step in range(16)])
def test_a_page_ends_whenever_its_kernel_is_killed(app: App, pause: float) -> None:
    text, seconds = killed_page(app, b"<html", pause)
    assert ENDED in text or "</html>" in text
    assert seconds < 15


def test_the_kernel_of_a_visitor_who_leaves_ends(app: App) -> None:
    wait_for(0, app)
    before = app.terminal.read_text()
    opened(app, "playground").close()
    wait_for(1, app)
    wait_for(0, app)
    assert app.terminal.read_text() == before


@pytest.fixture
def broken_app(tmp_path: Path) -> Iterator[App]:
    """The app, with a defect in every page."""
    yield from run_app(tmp_path / "terminal.txt", BROKEN + PROGRAM)


def test_a_defect_is_said_in_the_terminal_that_the_page_points_to(broken_app: App) -> None:
    with opened(broken_app, "lesson") as answer:
        text = answer.read().decode()
    assert "The terminal in which the app runs says why." in text
    assert text.rstrip().endswith("</html>")
    said = broken_app.terminal.read_text()
    assert "ZeroDivisionError" in said
    assert broken_app.token not in said


class Manager(dict[str, Any]):
    """Kernels by their names, and a page that was made ready with each."""

    def __init__(self, ready: dict[str, bool]) -> None:
        super().__init__({name: SimpleNamespace(is_alive=partial(done, lives)) for name, lives in ready.items()})
        self._pools = {"lesson.ipynb": [done(page(name)) for name in ready]}
        self.ended: list[str] = []

    get_kernel = dict.__getitem__

    def fill_if_needed(self, notebook_name: str) -> None:
        """Leave the pool as it is."""

    async def shutdown_kernel(self, name: str, now: bool) -> None:
        self.ended.append(name)

    async def _initialize(self, notebook: str, path: str) -> dict[str, Any]:
        return page("new")


def done(value: Any) -> "asyncio.Future[Any]":
    future = asyncio.get_running_loop().create_future()
    future.set_result(value)
    return future


def page(kernel: str) -> dict[str, Any]:
    return {"kernel_id": kernel, "renderer": SimpleNamespace(stop_generator=False), "task": done(None)}


@pytest.mark.parametrize(
    ("ready", "taken", "ended"),
    [
        ({}, "new", []),
        ({"one": True, "two": True}, "one", []),
        ({"one": False, "two": True}, "two", ["one"]),
        ({"one": False}, "new", ["one"]),
    ],
)
def test_no_visitor_gets_a_page_whose_kernel_has_ended(ready: dict[str, bool], taken: str, ended: list[str]) -> None:
    async def open_one() -> tuple[str, list[str]]:
        manager = Manager(ready)
        return (await take(manager, "lesson.ipynb"))["kernel_id"], manager.ended

    assert asyncio.run(open_one()) == (taken, ended)
