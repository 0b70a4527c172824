"""The explorer in JupyterLab in a real browser, timed from the key that is pressed to the figure that is drawn."""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import nbformat

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = ("--no-sandbox", "--disable-background-networking", "--no-first-run", "--disable-sync")
LOAD: Final = "from cna_viz import records, widgets\nrecord = records.load({run!r}, {folder!r})\nwidgets.Explorer\n"
OPEN: Final = "explorer = widgets.Explorer(records=[record])\nexplorer"
CLEAR: Final = "() => { globalThis.drawn = []; return performance.now(); }"
WATCH: Final = """() => {
  globalThis.drawn = [];
  document.addEventListener("cna-viz-drawn", () => drawn.push(performance.now()));
}"""
QUIET: Final = 1500
"""Milliseconds without a figure drawn, after which all are taken to be there."""


def time_explorer(folder: Path, run: str, moves: int = 15) -> dict[str, float]:
    """Open a record in the explorer and move its layer slider; return seconds and milliseconds.

    Args:
        folder: Folder of the records.
        run: Id of the run.
        moves: How often the slider is moved by a key.
    """
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory() as root, _lab(Path(root), folder, run) as address, sync_playwright() as play:
        browser = play.chromium.launch(executable_path=_browser(), args=list(FLAGS))
        page = browser.new_page(viewport={"width": 1500, "height": 1400})
        page.goto(f"{address}/lab/tree/explorer.ipynb?reset", timeout=120_000)
        page.locator(".jp-CodeCell").nth(1).wait_for(timeout=120_000)
        page.get_by_text("| Idle").first.wait_for(timeout=120_000)
        _run_cell(page, 0)
        page.locator(".jp-CodeCell").nth(0).locator(".jp-OutputArea-output").wait_for(timeout=120_000)
        page.evaluate(WATCH)
        opened = _run_cell(page, 1)
        first, last = _drawn(page, opened)
        slider = page.get_by_role("slider", name="layer").first
        slider.focus()
        found = [_move(page) for _ in range(moves)]
        browser.close()
    return {
        "opening, first figure (s)": first / 1000,
        "opening, all figures (s)": last / 1000,
        "layer slider, first figure (ms)": median(one for one, _ in found),
        "layer slider, all figures (ms)": median(other for _, other in found),
    }


def _run_cell(page: Any, number: int) -> float:
    page.locator(".jp-CodeCell").nth(number).locator(".jp-InputArea-editor").click()
    started: float = page.evaluate(CLEAR) if number else 0.0
    page.keyboard.press("Control+Enter")
    return started


def _move(page: Any) -> tuple[float, float]:
    started = page.evaluate(CLEAR)
    page.keyboard.press("ArrowRight")
    return _drawn(page, started)


def _drawn(page: Any, started: float) -> tuple[float, float]:
    """Return after how many milliseconds the first and the last figure were drawn."""
    page.wait_for_function(
        f"() => drawn.length && performance.now() - drawn.at(-1) > {QUIET}", timeout=120_000, polling=100
    )
    times = page.evaluate("() => drawn")
    return times[0] - started, times[-1] - started


@contextmanager
def _lab(root: Path, folder: Path, run: str) -> Iterator[str]:
    """Serve a notebook of two cells: one that loads the record, one that opens it."""
    cells = [nbformat.v4.new_code_cell(source) for source in (LOAD.format(run=run, folder=str(folder)), OPEN)]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernel}), root / "explorer.ipynb")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    options = ["--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}", "--IdentityProvider.token="]
    command = [sys.executable, "-m", "jupyterlab", *options, f"--ServerApp.root_dir={root}"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            _wait_for(port)
            yield f"http://127.0.0.1:{port}"
        finally:
            server.terminate()


def _wait_for(port: int, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)
    raise SystemExit(f"JupyterLab did not answer on port {port} within {seconds:g} s")


def _browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit(f"no browser found; looked for {', '.join(BROWSERS)}")
    return found


if __name__ == "__main__":
    print(json.dumps(time_explorer(Path(sys.argv[1]), sys.argv[2]), indent=1))
