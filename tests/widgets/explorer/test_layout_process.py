"""A layout from another process: the same as here, and no process left of one that nobody waits for."""

import asyncio
import multiprocessing
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from cna_viz.analysis.positions.graph_layout import graph_layout
from cna_viz.widgets.explorer import layout_process
from cna_viz.widgets.explorer.layout_process import layout_elsewhere

RING = np.array([[0, 1, 2, 3], [1, 2, 3, 0]])


def test_another_process_finds_the_same_layout(tmp_path: Path) -> None:
    found = asyncio.run(layout_elsewhere(RING, 4, tmp_path / "there"))
    np.testing.assert_array_equal(found, graph_layout(RING, 4, tmp_path / "here"))
    assert multiprocessing.active_children() == []


def test_the_process_ends_with_the_task(tmp_path: Path) -> None:
    async def cancel() -> list[int]:
        task = asyncio.create_task(layout_elsewhere(RING, 4, tmp_path))
        await asyncio.sleep(0)
        running = len(multiprocessing.active_children())
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return [running, len(multiprocessing.active_children())]

    assert asyncio.run(cancel()) == [1, 0]


def _dies(there: Any, *_: object) -> None:
    there.close()


def test_a_process_that_dies_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(layout_process, "_send_layout", _dies)
    with pytest.raises(OSError, match="not computed"):
        asyncio.run(layout_elsewhere(RING, 4, tmp_path))
