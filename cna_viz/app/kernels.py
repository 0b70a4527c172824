"""The kernels of the app's pages: the running interpreter, errors in words, none of the user's start-up files."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from tornado.web import HTTPError

from cna_viz.reports.running.kernel import NAME, kernel_spec

EXTENSION: Final = "cna_viz.app.messages"
PAUSE: Final = 0.1
"""Seconds between two attempts to end a kernel that is being started."""
ATTEMPTS: Final = 100


class RunningInterpreter(KernelSpecManager):
    """Knows one kernel, whatever is registered on this computer."""

    def __init__(self, **traits: Any) -> None:
        """Make a folder for IPython's profile; it is gone when this is."""
        super().__init__(**traits)
        self._scratch = TemporaryDirectory(prefix="cna-viz-ipython-")
        self._spec = kernel_spec("cna_viz", environment(Path(self._scratch.name)), EXTENSION)

    def find_kernel_specs(self) -> dict[str, str]:
        """Return its name; it has no folder of its own."""
        return {NAME: self._scratch.name}

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Return it.

        Raises:
            NoSuchKernel: When another is asked for.
        """
        if kernel_name != NAME:
            raise NoSuchKernel(kernel_name)
        return self._spec


def environment(scratch: Path) -> dict[str, str]:
    """Return what a page's kernel has in its environment beside that of this process."""
    return {"IPYTHONDIR": str(scratch)}


async def end_kernels(manager: Any) -> None:
    """End all kernels at once, also those that are being started right now.

    Args:
        manager: Voila's manager of kernels.
    """
    for attempt in range(ATTEMPTS):
        try:
            await manager.shutdown_all(now=True)
        except HTTPError:  # one is not there yet: it has no process that could be ended, but will have one
            if attempt == ATTEMPTS - 1:
                raise
            await asyncio.sleep(PAUSE)
        else:
            return
