"""Sending a page while its kernel makes it, with a message at the end if the kernel ends first."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

from jupyter_server.base.handlers import JupyterHandler
from nbclient.exceptions import DeadKernelError
from tornado.web import authenticated

from cna_viz.app.messages import ENDED, UNFINISHED, message

CELL: Final = "<div cell-index="
"""The start of each cell in Voila's template."""
CLOSING: Final = "</script>"
"""Ends a cell's output that failed halfway, inside which the message would be hidden."""
SHOW: Final = "<script>window.cna_viz_broken_off?.()</script>"


class PageHandler(JupyterHandler):
    """Sends the page of a notebook. Voila's own handler waits forever if the kernel ends before it is ready."""

    def initialize(self, notebook: str) -> None:
        """Keep the notebook's file name in the served folder."""
        self.notebook = notebook

    @authenticated
    async def get(self) -> None:
        """Send the page; if it can't be finished, send a message and end its kernel, which nobody can use."""
        self.set_header("Cache-Control", "no-store")
        page = await take(self.kernel_manager, self.notebook)
        try:
            async for part in parts(self.kernel_manager, page):
                self.write(part)
                await self.flush()
        except Exception as error:
            alive = await lives(self.kernel_manager, page)
            if alive:
                self.log_exception(type(error), error, error.__traceback__)
            else:
                self.log.error("The kernel of %s ended before the page was finished.", self.request.path)
            self.finish(CLOSING + message(UNFINISHED if alive else ENDED) + SHOW)
            await give_up(self.kernel_manager, page)


async def take(manager: Any, notebook: str) -> Any:
    """Return a page that was made ready and whose kernel lives, else start a new one.

    Args:
        manager: Voila's kernel manager, which makes pages: dictionaries of a kernel, a renderer and a task.
        notebook: File name of the notebook.
    """
    pool = manager._pools[notebook]
    while pool:
        page = await pool.pop(0)
        manager.fill_if_needed(notebook_name=notebook)
        if await lives(manager, page):
            return page
        await give_up(manager, page)
    return await manager._initialize(notebook, path="")


async def parts(manager: Any, page: Any) -> AsyncIterator[str]:
    """Yield a page in parts for as long as its kernel lives.

    Raises:
        DeadKernelError: If the kernel ends before the page is finished.
        RuntimeError: If the kernel never becomes ready.
    """
    async for part in made(page):
        # Between cells only: other parts may end inside a tag, where a message would be hidden.
        if CELL in part and not await lives(manager, page):
            raise DeadKernelError
        yield part
    if not await lives(manager, page):
        raise DeadKernelError


async def made(page: Any) -> AsyncIterator[str]:
    """Yield the parts of a page, first all that were made ready."""
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
