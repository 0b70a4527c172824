"""The layout of a graph from another process: it takes seconds, in which sliders should move."""

import asyncio
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np

from cna_viz.analysis.graph_layout import graph_layout

Array = np.ndarray[Any, Any]


async def layout_elsewhere(edges: Array, nodes: int, cache: Path | None = None) -> Array:
    """Return what :func:`~cna_viz.analysis.graph_layout.graph_layout` does, computed in a process of its own."""
    pool = ProcessPoolExecutor(1, mp_context=get_context("spawn"))
    try:
        return await asyncio.get_running_loop().run_in_executor(pool, graph_layout, edges, nodes, cache)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def running_loop() -> asyncio.AbstractEventLoop | None:
    """Return the event loop of a kernel; None in a script, where nobody waits at a slider."""
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
