"""A real browser, the app and JupyterLab; without a browser these tests are skipped."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from cna_viz.records import select, select_one, stored_runs
from cna_viz.reports.notebooks.notebooks import notebook_folder

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run", "--disable-sync"]
MINUTE = 60_000
"""Milliseconds: how long a page may take on a machine that does other things."""
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Yield a browser, for one module: while Playwright is there, other tests can't run an event loop of their own.

    These tests run after the others, in one process (Makefile): every page has a kernel to wait for.
    """
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.skip(f"no browser is installed: none of {', '.join(NAMES)} is found")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Seen:
    """A page, and what went wrong on it."""

    page: Page
    errors: list[str] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(MINUTE)
        self.page.on("console", lambda said: self.errors.append(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("request", lambda asked: self._check(asked.url))
        self.page.on("websocket", lambda opened: self._check(opened.url))

    def _check(self, address: str) -> None:
        if not re.match(r"(https?|ws)://127\.0\.0\.1:|data:|blob:|about:", address):
            self.foreign.append(address)

    def open(self, address: str, selector: str) -> None:
        """Open a page and wait for what it shows; one load in a dozen never finishes in Voila, and is tried again."""
        for left in (1, 0):
            self.page.goto(address, wait_until="commit")
            try:
                self.page.wait_for_selector(selector)
                return
            except Exception:
                if not left:
                    raise

    def figures(self) -> Any:
        """Return the figures of our widgets."""
        return self.page.locator(".cna-viz-view .js-plotly-plot")

    def wait_for_figures(self, count: int = 1) -> None:
        """Go on to the next figure until so many are drawn: none is that is far from being seen."""
        self.page.wait_for_function(
            """count => {
              const views = [...document.querySelectorAll(".cna-viz-view")];
              const missing = views.filter((view) => !view.querySelector(".js-plotly-plot .main-svg .infolayer"));
              if (views.length - missing.length >= count) return true;
              missing.find((view) => view.clientWidth > 0)?.scrollIntoView();
              return false;
            }""",
            arg=count,
        )

    def wait_until_drawn(self, view: Locator) -> None:
        """Go to a figure until it is drawn: what is drawn meanwhile above it moves it out of sight, where it waits."""
        self.page.wait_for_function(
            """view => {
              if (view.querySelector(".js-plotly-plot .main-svg .infolayer")) return true;
              view.scrollIntoView({ block: "nearest" });
              return false;
            }""",
            arg=view.element_handle(),
        )

    def title(self, number: int) -> str:
        """Return the title of a figure as it is seen."""
        return str(self.figures().nth(number).evaluate("box => box.layout.title.text"))


def new_visitor(browser: Browser, scheme: Literal["light", "dark"] = "light") -> Seen:
    """Return a page of a visitor of his own, whose system is light or dark."""
    context = browser.new_context(viewport={"width": 1300, "height": 900}, color_scheme=scheme)
    return Seen(context.new_page())


@pytest.fixture
def visit(browser: Browser) -> Iterator[Any]:
    """Return ``visit(scheme)``, see :func:`new_visitor`; visitors leave after the test."""
    visitors: list[Seen] = []

    def visit(scheme: Literal["light", "dark"] = "light") -> Seen:
        visitors.append(new_visitor(browser, scheme))
        return visitors[-1]

    yield visit
    for seen in visitors:
        seen.page.context.close()


@dataclass(frozen=True)
class App:
    """The app: its process and its address."""

    process: "subprocess.Popen[str]"
    address: str

    @property
    def base(self) -> str:
        """Address without the token."""
        return self.address.partition("/?")[0]

    def page(self, name: str) -> str:
        """Return the address of a page, with the token."""
        return self.address.replace("/?", f"/{name}?")


def start_app(*options: str, temporary: Path | None = None) -> App:
    """Start the app, with a folder for its temporary files; returns once it has printed its address."""
    program = "from cna_viz.cli.main import main; raise SystemExit(main())"
    command = [sys.executable, "-c", program, "demo", "--no-browser", *options]
    environment = ENVIRONMENT if temporary is None else {**ENVIRONMENT, "TMPDIR": str(temporary)}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert process.stdout is not None
    return App(process, process.stdout.readline().strip())


def stop_app(app: App) -> int:
    """Press Ctrl-C; returns the exit code."""
    app.process.send_signal(signal.SIGINT)
    return app.process.wait(30)


@pytest.fixture(scope="module")
def app(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app on some stored runs, of which one is damaged."""
    runs = tmp_path_factory.mktemp("runs")
    for record in select(stored_runs(), layers=16, slot=["cna", "relu"]):
        shutil.copytree(record.folder, runs / record.id)
    damaged = select_one(stored_runs(), layers=16, slot="none", seed=0).folder
    (shutil.copytree(damaged, runs / damaged.name) / "summary.json").write_text("{")
    app = start_app("--runs", str(runs))
    yield app
    stop_app(app)


@pytest.fixture(scope="module")
def lab(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """JupyterLab on copies of the notebooks; yields the address of the folder in it."""
    root = tmp_path_factory.mktemp("lab")
    for notebook in notebook_folder().glob("*.ipynb"):
        shutil.copy(notebook, root)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token=secret"]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={root}"]
    environment = {
        **ENVIRONMENT,
        "JUPYTERLAB_WORKSPACES_DIR": str(root),
        "JUPYTERLAB_SETTINGS_DIR": str(root / "settings"),
    }
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _wait_for(port)
    yield f"http://127.0.0.1:{port}/lab/tree/NAME?token=secret"
    process.terminate()
    process.wait(30)


def _wait_for(port: int) -> None:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.1)
    raise AssertionError("JupyterLab did not answer within a minute")
