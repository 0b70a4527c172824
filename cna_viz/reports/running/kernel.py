"""The kernel of a report or of the app: the running interpreter, never whatever ``python3`` is registered for the user.

A registered kernelspec may belong to another environment, in which another ``cna_viz``, or none, is installed. So the
spec is made here, and with it the kernel's environment; the environment of this process is not touched.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import KernelManager

NAME = "python3"
_EXTENSION = "cna_viz.reports.page.widgets"


def kernel_manager_class(scratch: Path) -> "type[KernelManager]":
    """Return a kernel manager class whose kernels run ``sys.executable``.

    Args:
        scratch: Folder for the kernel's IPython profile, so that the user's startup files take no part in a report.
    """
    from jupyter_client.manager import AsyncKernelManager

    spec = kernel_spec("cna_viz report", environment(scratch), _EXTENSION)

    class RunningInterpreter(AsyncKernelManager):
        """Starts the interpreter that runs now, and encrypts what it says on its local sockets where zmq can."""

        def __init__(self, **traits: object) -> None:
            super().__init__(**traits, transport_encryption=encryption())
            self.connection_file = str(scratch / "kernel.json")

        @property
        def kernel_spec(self) -> "KernelSpec":
            return spec

    return RunningInterpreter


def kernel_spec(title: str, environment: Mapping[str, str], extension: str) -> "KernelSpec":
    """Return the spec of a kernel that runs ``sys.executable``.

    Args:
        title: What the kernel is called.
        environment: What it has in its environment beside that of this process.
        extension: Module that is loaded into it as an IPython extension.
    """
    from jupyter_client.kernelspec import KernelSpec

    options = ("-f", "{connection_file}", f"--IPKernelApp.extra_extensions={extension}")
    return KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", *options],
        env={name: value.replace("$", "$$") for name, value in environment.items()},  # $names are replaced
        display_name=title,
        language="python",
        metadata={"supported_encryption": ["curve"]},
    )


def encryption() -> str:
    """Return whether what is said to a kernel on its local sockets can be encrypted: ``auto`` or ``disabled``."""
    import zmq

    return "auto" if zmq.has("curve") else "disabled"


def environment(scratch: Path) -> dict[str, str]:
    """Return what a report's kernel has in its environment beside that of this process."""
    return {
        "CNA_VIZ_BATCH": "1",  # notebooks show a static figure where a widget would stand
        "PLOTLY_RENDERER": "plotly_mimetype",  # figures as JSON; the page draws them
        "IPYTHONDIR": str(scratch / "ipython"),
    }
