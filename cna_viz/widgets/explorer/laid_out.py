"""The layout of a graph from another process: it takes seconds, in which sliders should move."""

import asyncio
from collections.abc import Callable
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final

import numpy as np

from cna_viz.analysis.positions.graph_layout import graph_layout

Array = np.ndarray[Any, Any]

PAUSE: Final = 0.05
"""Seconds between two looks whether the other process is done."""


async def layout_elsewhere(edges: Array, nodes: int, cache: Path | None = None) -> Array:
    """Return what :func:`~cna_viz.analysis.positions.graph_layout.graph_layout` does, computed in a process of its own.

    The process ends with the task that waits for it.

    Raises:
        OSError: When no second process can be started here, or when it ended without a layout.
    """
    context = get_context("spawn")
    here, there = context.Pipe(duplex=False)
    process = context.Process(target=_send_layout, args=(there, edges, nodes, cache), daemon=True)
    with here:
        try:
            with there:
                process.start()
            while not here.poll():
                await asyncio.sleep(PAUSE)
            found: Array = here.recv()
        except EOFError:
            raise ChildProcessError("the layout was not computed") from None
        finally:
            if process.pid is not None:
                process.kill()
                process.join()
    return found


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of a kernel; None in a script, where nobody waits at a slider."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class LayoutTask:
    """One layout in the making: that of the graph that was asked for last, however many runs are on it.

    Args:
        made: Called with the layout once it is there; with None where it can't be computed elsewhere.
    """

    def __init__(self, made: Callable[[Array | None], None]) -> None:
        self._made = made
        self._graph: tuple[int, bytes] | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, edges: Array, nodes: int, cache: Path | None = None) -> None:
        """Begin to lay out a graph, in place of another one; one that is being laid out already goes on.

        Args:
            edges: ``[2, edges]``.
            nodes: How many nodes there are.
            cache: Folder of kept layouts; a folder in the user's cache when left out.
        """
        graph = (nodes, edges.tobytes())
        if self._task and not self._task.done() and graph == self._graph:
            return
        self.cancel()
        self._graph = graph
        self._task = asyncio.get_running_loop().create_task(self._make(edges, nodes, cache))

    def cancel(self) -> None:
        """End what is in the making, and its process."""
        if self._task:
            self._task.cancel()
        self._task = self._graph = None

    async def _make(self, edges: Array, nodes: int, cache: Path | None) -> None:
        layout: Array | None
        try:
            layout = await layout_elsewhere(edges, nodes, cache)
        except OSError:
            layout = None
        self._made(layout)


def _send_layout(there: Connection, edges: Array, nodes: int, cache: Path | None) -> None:
    there.send(graph_layout(edges, nodes, cache))
