"""The kernels of the app's pages: the running interpreter, with errors in words, and without the user's start-up files."""

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel

from cna_viz.reports.kernel import NAME, kernel_spec

EXTENSION = "cna_viz.app.messages"


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
