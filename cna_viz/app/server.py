"""The server: Voila on loopback with pages of our own, a token, a kernel for every visitor, an end for idle ones."""

import logging
import secrets
import shutil
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from jupyter_server.base.handlers import Template404
from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila
from voila.tornado.handler import TornadoVoilaHandler

from cna_viz.app.handlers import InstructorHandler, LandingHandler, ShutdownHandler, pages_environment
from cna_viz.app.kernels import RunningInterpreter, end_kernels
from cna_viz.app.messages import DEFECT
from cna_viz.app.pages import PAGES
from cna_viz.app.ports import LOOPBACK, TRIED, choose_port
from cna_viz.errors import UsageError
from cna_viz.reports.kernel import encryption

PACKAGE: Final = Path(__file__).resolve().parents[1]
TEMPLATES: Final = (PACKAGE / "app" / "templates" / "voila", PACKAGE)
"""Where templates are looked for first: our page, and by its full name the script that it shares with reports."""
NOT_SERVED: Final = ("voila/tree", "voila/render", "voila/api/contents", "voila/files")
"""What Voila would serve of a folder beside its notebooks."""
PING: Final = 30_000
"""Milliseconds after which a page that doesn't answer has gone."""


class Demo(Voila):  # type: ignore[misc]  # Voila has no types
    """Voila, told by a program instead of by its command line.

    Args:
        folder: The notebooks of the pages.
        port: The port to listen on.
        idle_minutes: After so long without a visitor a kernel ends.
        made_ready: How many of each page, by its name, are made before a visitor asks for them.
        announce: Called with the address once it answers.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        idle_minutes: float,
        made_ready: Mapping[str, int],
        announce: Callable[[str], None],
    ) -> None:
        super().__init__(config=_config(folder, port, idle_minutes, made_ready))
        self._announce = announce

    @property
    def address(self) -> str:
        """Address of the landing page, with the token that lets a browser in."""
        return f"http://{LOOPBACK}:{self.port}/?token={self.token}"

    def initialize(self, argv: list[str] | None = None) -> None:
        """Listen to Ctrl-C as to SIGTERM, also where a shell has started it in the background."""
        super().initialize(argv)
        signal.signal(signal.SIGINT, self._handle_signal_stop)

    def setup_template_dirs(self) -> None:
        """Look for templates here first, and not where the user may have put some for other apps."""
        super().setup_template_dirs()
        self.template_paths: list[str] = [*map(str, TEMPLATES), *self.template_paths]

    def init_settings(self) -> dict[str, Any]:
        """Answer with our own pages where a token or a page is missing, and only to this computer's names."""
        settings: dict[str, Any] = super().init_settings()
        # A page of somebody else's whose name leads to this computer (DNS rebinding) is refused by its name.
        return {**settings, "jinja2_env": pages_environment(), "allow_remote_access": False}

    def init_handlers(self) -> list[Any]:
        """Serve our pages, and nothing else of the folder."""
        kept = [handler for handler in super().init_handlers() if not _is_dropped(str(handler[0]))]
        notebook = {
            "template_paths": self.template_paths,
            "config": self.config,
            "voila_configuration": self.voila_configuration,
        }
        ours = [
            (f"/{page.name}", TornadoVoilaHandler, {**notebook, "notebook_path": f"{page.name}.ipynb"})
            for page in PAGES
        ]
        return [
            ("/", LandingHandler),
            ("/instructor", InstructorHandler),
            (r"/voila/api/shutdown/(.*)", ShutdownHandler),
            *ours,
            *kept,
            (".*", Template404),
        ]

    def stop(self) -> None:
        """End all kernels at once: nothing that they hold is to be kept, and what they still say is of no interest."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # whoever is impatient would leave processes behind
        for logger in (self.log, logging.getLogger("asyncio")):
            logger.setLevel(logging.CRITICAL)
        self.ioloop.run_sync(partial(end_kernels, self.kernel_manager))
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    def listen(self) -> None:
        """Answer until somebody stops it."""
        self._take_port()
        self.ioloop = IOLoop.current()
        self._announce(self.address)
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def _take_port(self) -> None:
        """Listen; where somebody was quicker since the port was chosen, on the next that is free."""
        for _ in range(TRIED):
            try:
                self.app.listen(self.port, self.ip)
            except OSError:
                self.port: int = choose_port(None)
            else:
                return
        raise UsageError("no port could be had: choose one with --port")


def serve(
    folder: Path, port: int, idle_minutes: float, made_ready: Mapping[str, int], announce: Callable[[str], None]
) -> None:
    """Serve the app until Ctrl-C or SIGTERM; all kernels have ended when this returns.

    Arguments as for :class:`Demo`.
    """
    # A missing file or a page that has gone are no news for the terminal, and addresses in it would repeat the token.
    logging.getLogger("tornado").setLevel(logging.ERROR)
    demo = Demo(folder, port, idle_minutes, made_ready, announce)
    demo.initialize([])
    demo.start()


def _config(folder: Path, port: int, idle_minutes: float, made_ready: Mapping[str, int]) -> Config:
    seconds = max(1, round(60 * idle_minutes))
    return Config(
        {
            "Voila": {
                "ip": LOOPBACK,
                "port": port,
                "root_dir": str(folder),
                "open_browser": False,
                "token": secrets.token_urlsafe(24),
                "log_level": "ERROR",
                "config_file_paths": [],
                "tornado_settings": {"ws_ping_interval": PING, "ws_ping_timeout": PING},
            },
            "VoilaConfiguration": {
                "template": "lab",
                "show_tracebacks": False,
                "kernel_spec_manager_class": RunningInterpreter,
                "preheat_kernel": any(made_ready.values()),
                "file_denylist": [".*"],
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "resources": {"pages": [[page.name, page.short] for page in PAGES]},
            },
            "VoilaExecutor": {"cell_error_instruction": DEFECT},
            "KernelManager": {"transport_encryption": encryption()},
            "VoilaKernelManager": {
                "kernel_pools_config": {f"{name}.ipynb": {"pool_size": count} for name, count in made_ready.items()}
            },
            "MappingKernelManager": {"cull_idle_timeout": seconds, "cull_interval": max(1, seconds // 4)},
        }
    )


def _is_dropped(pattern: str) -> bool:
    return pattern == "/" or any(part in pattern for part in NOT_SERVED)
