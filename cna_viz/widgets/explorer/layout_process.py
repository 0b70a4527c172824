"""Computing the layout of a graph in another process: it takes seconds, during which sliders should move."""

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
"""Seconds between two checks for the result."""


class LayoutTask:
    """The layout of one graph at a time: the latest one requested, shared by all runs on it.

    ``done`` is called with the layout, or with None if it can't be computed in another process.
    """

    def __init__(self, done: Callable[[Array | None], None]) -> None:
        self._done = done
        self._graph: tuple[int, bytes] | None = None
        self._task: asyncio.Task[None] | None = None

    def begin(self, edges: Array, nodes: int, cache: Path | None = None) -> None:
        """Begin to lay out a graph, instead of any other; does nothing if this graph is already in progress."""
        graph = (nodes, edges.tobytes())
        if self._task and not self._task.done() and graph == self._graph:
            return
        self.cancel()
        self._graph = graph
        self._task = asyncio.get_running_loop().create_task(self._run(edges, nodes, cache))

    def cancel(self) -> None:
        """End the layout in progress, and its process."""
        if self._task:
            self._task.cancel()
        self._task = self._graph = None

    async def _run(self, edges: Array, nodes: int, cache: Path | None) -> None:
        layout: Array | None
        try:
            layout = await layout_elsewhere(edges, nodes, cache)
        except OSError:
            layout = None
        self._done(layout)


async def layout_elsewhere(edges: Array, nodes: int, cache: Path | None = None) -> Array:
    """Return :func:`~cna_viz.analysis.positions.graph_layout.graph_layout`, computed in another process.

    Cancelling kills the process, and so does the end of this one: a pool would wait for the layout.
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


def _send_layout(there: Connection, edges: Array, nodes: int, cache: Path | None) -> None:
    there.send(graph_layout(edges, nodes, cache))
