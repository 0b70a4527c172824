"""The kernel of a report or of the app: the running interpreter, never whatever ``python3`` is registered for the user.

A registered kernelspec may belong to an environment with another ``cna_viz``, or none. So the spec is made here, with
the kernel's environment; the environment of this process stays as it is.
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jupyter_client.kernelspec import KernelSpec
    from jupyter_client.manager import KernelManager

NAME = "python3"


def kernel_manager_class(scratch: Path) -> "type[KernelManager]":
    """Return a kernel manager class whose kernels run ``sys.executable``, with their IPython profile in ``scratch``.

    So a report ignores the user's startup files.
    """
    from jupyter_client.manager import AsyncKernelManager

    environment = {
        "CNA_VIZ_BATCH": "1",  # notebooks show a static figure in place of a widget
        "PLOTLY_RENDERER": "plotly_mimetype",  # figures as JSON; the page draws them
        "IPYTHONDIR": str(scratch / "ipython"),
    }
    spec = kernel_spec("cna_viz report", environment, "cna_viz.reports.page.widgets")

    class RunningInterpreter(AsyncKernelManager):
        """Starts the running interpreter, and encrypts its local sockets where zmq can."""

        def __init__(self, **traits: object) -> None:
            super().__init__(**traits, transport_encryption=encryption())
            self.connection_file = str(scratch / "kernel.json")

        @property
        def kernel_spec(self) -> "KernelSpec":
            return spec

    return RunningInterpreter


def kernel_spec(title: str, environment: Mapping[str, str], extension: str) -> "KernelSpec":
    """Return the spec of a kernel that runs ``sys.executable``, with additional environment variables.

    ``title`` is its display name, ``extension`` the module that it loads as an IPython extension.
    """
    from jupyter_client.kernelspec import KernelSpec

    options = ("-f", "{connection_file}", f"--IPKernelApp.extra_extensions={extension}")
    return KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", *options],
        env={name: value.replace("$", "$$") for name, value in environment.items()},  # jupyter expands $names
        display_name=title,
        language="python",
        metadata={"supported_encryption": ["curve"]},
    )


def encryption() -> str:
    """Return ``auto`` where zmq can encrypt local sockets, else ``disabled``."""
    import zmq

    return "auto" if zmq.has("curve") else "disabled"
