"""Explorer and playground in JupyterLab in a real browser, timed from key press to drawn figure."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Final

import nbformat

from benchmarks.chromium import Page, a_page

LOAD: Final = "from cna_viz import records, widgets\nrecord = records.load({run!r}, {folder!r})\nwidgets.Explorer\n"
OPEN: Final = "explorer = widgets.Explorer(records=[record])\nexplorer"
PLAY: Final = "from cna_viz import widgets\nwidgets.Playground('csbm', layers=16)"
CLUSTERS: Final = """[...document.querySelectorAll('.widget-toggle-buttons button')].find(
    (button) => button.innerText.trim() === {!r}).click()"""
SHAPE: Final = """((menu) => {{
    menu.value = [...menu.options].find((option) => option.text.replace(/\\s/g, " ") === {!r}).value;
    menu.dispatchEvent(new Event("change", {{ bubbles: true }}));
}})([...document.querySelectorAll('select')].find((menu) => menu.innerText.includes('bump')))"""
READ: Final = "Object.getOwnPropertySymbols(globalThis).some((name) => name.description.startsWith('cna_viz plotly'))"
"""Whether the page has begun to load plotly.js, which naming a widget triggers."""
WATCH: Final = """globalThis.drawn = [];
document.addEventListener("cna-viz-drawn", () => drawn.push(performance.now()));"""
CLEAR: Final = "globalThis.drawn = [], performance.now()"
CELL: Final = "document.querySelectorAll('.jp-CodeCell')[{}]"
SLIDER: Final = "document.querySelector('[role=slider][aria-label=layer]')"
SETTLED: Final = 5
"""Seconds to wait, as JupyterLab reports a kernel as idle before it can run a cell."""
CONTROL: Final = 2
"""The browser's number of the Ctrl modifier."""
QUIET: Final = 1500
"""Milliseconds without a drawn figure after which all count as drawn."""


def time_explorer(folder: Path, run: str, moves: int = 15) -> dict[str, float]:
    """Open a record in the explorer and move its layer slider; return seconds and milliseconds.

    Once with everything in one cell of a fresh kernel, including all imports; once with the imports, including
    plotly.js in the browser, in an earlier cell, as in a notebook run cell by cell. Figures far outside the window, of
    a laptop's size, are not drawn.

    Args:
        folder: Folder of the records.
        run: Id of the run.
        moves: Number of moves of the slider by key.
    """
    load = LOAD.format(run=run, folder=str(folder))
    with _notebook(load + OPEN) as page:
        at_once = _drawn(page, _run_cell(page, 0))[1]
    with _notebook(load, OPEN) as page:
        _run_cell(page, 0)
        page.wait_for(f"{CELL.format(0)}.querySelector('.jp-OutputArea-output') && {READ}")
        time.sleep(SETTLED)
        first, last = _drawn(page, _run_cell(page, 1))
        page.run(f"{SLIDER}.focus()")
        found = [_move(page) for _ in range(moves)]
    return {
        "opening with all imports in one cell (s)": at_once / 1000,
        "opening, first figure (s)": first / 1000,
        "opening, all figures that are near (s)": last / 1000,
        "layer slider, first figure (ms)": median(one for one, _ in found),
        "layer slider, all figures that are near (ms)": median(other for _, other in found),
    }


def time_playground(moves: int = 12) -> dict[str, float]:
    """Step, change the clusters and the rational in the playground; return milliseconds until it is drawn.

    Args:
        moves: Repeats of each.
    """
    with _notebook(PLAY) as page:
        _drawn(page, _run_cell(page, 0))
        page.run(f"{SLIDER}.focus()")
        found = {
            "layer": [_move(page) for _ in range(moves)],
            "clusters": [_do(page, CLUSTERS.format(("random", "k-means")[move % 2])) for move in range(moves)],
            "rational": [_do(page, SHAPE.format(("a bump", "like tanh")[move % 2])) for move in range(moves)],
        }
    return {f"playground, {what} (ms)": median(last for _, last in rows) for what, rows in found.items()}


@contextmanager
def _notebook(*sources: str) -> Iterator[Page]:
    """Open a notebook of these cells in JupyterLab, with a fresh kernel."""
    with (
        tempfile.TemporaryDirectory() as root,
        tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as profile,
        _lab(Path(root), sources) as address,
        a_page(Path(profile)) as page,
    ):
        page.goto(f"{address}/lab/tree/explorer.ipynb?reset")
        page.wait_for(
            f"{CELL.format(len(sources) - 1)} && "
            "document.querySelector('.jp-Notebook-ExecutionIndicator[data-status=idle]')"
        )
        time.sleep(SETTLED)
        page.run(WATCH)
        yield page


def _run_cell(page: Page, number: int) -> float:
    page.run(f"{CELL.format(number)}.querySelector('.cm-content').focus()")
    started: float = page.run(CLEAR)
    page.press("Enter", 13, CONTROL)
    return started


def _move(page: Page) -> tuple[float, float]:
    started = page.run(CLEAR)
    page.press("ArrowRight", 39)
    return _drawn(page, started)


def _do(page: Page, script: str) -> tuple[float, float]:
    started = page.run(CLEAR)
    page.run(script)
    return _drawn(page, started)


def _drawn(page: Page, started: float) -> tuple[float, float]:
    """Return the milliseconds until the first and until the last figure was drawn."""
    page.wait_for(f"drawn.length && performance.now() - drawn.at(-1) > {QUIET}")
    times = page.run("drawn")
    return times[0] - started, times[-1] - started


@contextmanager
def _lab(root: Path, sources: Sequence[str]) -> Iterator[str]:
    """Serve a notebook of these cells."""
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
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


if __name__ == "__main__":
    print(json.dumps(time_explorer(Path(sys.argv[1]), sys.argv[2]) | time_playground(), indent=1))
