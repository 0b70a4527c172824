"""The kernels of the app's pages: how they start, make their pages and end."""

import asyncio
from collections.abc import AsyncIterator
from tempfile import TemporaryDirectory
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from nbclient.exceptions import DeadKernelError
from tornado.web import HTTPError

from cna_viz.reports.running.kernel import NAME, kernel_spec

EXTENSION: Final = "cna_viz.app.messages"
PAUSE: Final = 0.1
"""Seconds between two attempts to end a kernel that is still starting."""
ATTEMPTS: Final = 100
CELL: Final = "<div cell-index="
"""The start of each cell in Voila's template."""


class RunningInterpreter(KernelSpecManager):
    """Knows one kernel, that of the running interpreter, and ignores the user's kernels and start-up files."""

    def __init__(self, **traits: Any) -> None:
        """Make a temporary folder for IPython's profile."""
        super().__init__(**traits)
        self._scratch = TemporaryDirectory(prefix="cna-viz-ipython-")
        self._spec = kernel_spec("cna_viz", {"IPYTHONDIR": self._scratch.name}, EXTENSION)

    def find_kernel_specs(self) -> dict[str, str]:
        """Return its name; it has no folder of its own."""
        return {NAME: self._scratch.name}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return its specification; refuse any other kernel."""
        if kernel_name != NAME:
            raise NoSuchKernel(kernel_name)
        return self._spec


async def take(manager: Any, notebook: str) -> Any:
    """Return a prepared page of Voila's kernel manager (kernel, renderer, task) whose kernel lives, else start one."""
    pool = manager._pools[notebook]
    while pool:
        page = await pool.pop(0)
        manager.fill_if_needed(notebook_name=notebook)
        if await lives(manager, page):
            return page
        await give_up(manager, page)
    return await manager._initialize(notebook, path="")


async def parts(manager: Any, page: Any) -> AsyncIterator[str]:
    """Yield a page in parts; raise ``DeadKernelError`` if its kernel ends before the page is finished."""
    async for part in _made(page):
        # Between cells only: other parts may end inside a tag, where a message would be hidden.
        if CELL in part and not await lives(manager, page):
            raise DeadKernelError
        yield part
    if not await lives(manager, page):
        raise DeadKernelError


async def _made(page: Any) -> AsyncIterator[str]:
    """Yield the parts of a page, all prepared ones first."""
    renderer = page["renderer"]
    renderer.stop_generator = True  # the task returns at the next part
    ready = len(renderer.rendered_cache)
    yield "".join(renderer.rendered_cache)
    begun, rest = await page["task"]
    yield "".join(begun[ready:])
    async for part, _ in rest:
        yield part


async def lives(manager: Any, page: Any) -> bool:
    """Return whether the kernel of a page runs."""
    kernel = page["kernel_id"]
    return kernel in manager and await manager.get_kernel(kernel).is_alive()


async def give_up(manager: Any, page: Any) -> None:
    """Close the connections of a page that nobody can use, and end its kernel."""
    page["renderer"].stop_generator = True
    await asyncio.gather(page["task"], return_exceptions=True)
    client = getattr(getattr(page["renderer"], "executor", None), "kc", None)
    if client is not None:
        client.stop_channels()
    if page["kernel_id"] in manager:
        await manager.shutdown_kernel(page["kernel_id"], now=True)


async def end_kernels(manager: Any) -> None:
    """End all kernels of Voila's manager at once, including those that are still starting."""
    for attempt in range(ATTEMPTS):
        try:
            await manager.shutdown_all(now=True)
        except HTTPError:  # a starting kernel has no process yet that could be ended, but will have one
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(PAUSE)
        else:
            return
