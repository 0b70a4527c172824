"""The kernel of a report: always the running interpreter, never whatever ``python3`` is registered for the user.

A registered kernelspec may belong to another environment, in which another ``cna_viz``, or none, is installed. So the
spec is made here, and with it the kernel's environment; the environment of this process is not touched.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_client.manager import KernelManager

NAME = "python3"
_EXTENSIONS = ("--IPKernelApp.extra_extensions=cna_viz.reports.widgets",)


def kernel_manager_class(scratch: Path) -> "type[KernelManager]":
    """Return a kernel manager class whose kernels run ``sys.executable``.

    Args:
        scratch: Folder for the kernel's IPython profile, so that the user's startup files take no part in a report.
    """
    import zmq
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import AsyncKernelManager

    spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}", *_EXTENSIONS],
        env={name: value.replace("$", "$$") for name, value in environment(scratch).items()},  # $names are replaced
        display_name="cna_viz report",
        language="python",
        metadata={"supported_encryption": ["curve"]},
    )

    class RunningInterpreter(AsyncKernelManager):
        """Starts the interpreter that runs now, and encrypts what it says on its local sockets where zmq can."""

        def __init__(self, **traits: object) -> None:
            super().__init__(**traits, transport_encryption="auto" if zmq.has("curve") else "disabled")
            self.connection_file = str(scratch / "kernel.json")

        @property
        def kernel_spec(self) -> KernelSpec:
            return spec

    return RunningInterpreter


def environment(scratch: Path) -> dict[str, str]:
    """Return what a report's kernel has in its environment beside that of this process."""
    return {
        "CNA_VIZ_BATCH": "1",  # notebooks show a static figure where a widget would stand
        "PLOTLY_RENDERER": "plotly_mimetype",  # figures as JSON; the page draws them
        "IPYTHONDIR": str(scratch / "ipython"),
    }
