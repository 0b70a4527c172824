"""The server: Voila on loopback, with our own pages, a token, one kernel per visitor, and an end to idle kernels."""

import logging
import re
import secrets
import shutil
import signal
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

from jupyter_server.base.handlers import Template404
from nbclient.exceptions import DeadKernelError
from tornado.ioloop import IOLoop
from traitlets.config import Config
from voila.app import Voila
from voila.static_file_handler import TemplateStaticFileHandler

from cna_viz.app import handlers
from cna_viz.app.kernels import RunningInterpreter, end_kernels
from cna_viz.app.messages import DEFECT, HUNG
from cna_viz.app.pages import PAGES
from cna_viz.app.ports import LOOPBACK, TRIED, choose_port
from cna_viz.errors import UsageError
from cna_viz.reports.running.kernel import encryption

PACKAGE: Final = Path(__file__).resolve().parents[1]
TEMPLATES: Final = (PACKAGE / "app" / "templates" / "voila", PACKAGE)
"""Template folders searched first: our page, and by its full name the script that it shares with reports."""
NOT_SERVED: Final = re.compile("^/$|voila/(tree|render|api/contents|files|query|templates|api/shutdown)|logout")
"""Routes of Voila that are not served, or by our own rules."""
PATIENCE: Final = 300
"""Maximum seconds per cell, in case its kernel hangs."""
PING: Final = 30_000
"""Milliseconds after which a silent page counts as closed."""


class Demo(Voila):  # type: ignore[misc]  # Voila has no types
    """Voila, configured by a program instead of its command line.

    It serves the notebooks of ``folder``, prepares ``made_ready`` copies of each page by name, ends kernels after
    ``idle_minutes`` without a visitor, and calls ``announce`` with its address once it answers.
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
        self.log.addFilter(_is_news)

    @property
    def address(self) -> str:
        """Address of the landing page, with the token that lets a browser in."""
        return f"http://{LOOPBACK}:{self.port}/?token={self.token}"

    def initialize(self, argv: list[str] | None = None) -> None:
        """Treat Ctrl-C like SIGTERM, also when a shell has started it in the background."""
        super().initialize(argv)
        signal.signal(signal.SIGINT, self._handle_signal_stop)

    def setup_template_dirs(self) -> None:
        """Look for templates here first."""
        super().setup_template_dirs()
        self.template_paths: list[str] = [*map(str, TEMPLATES), *self.template_paths]

    def init_settings(self) -> dict[str, Any]:
        """Answer with our own pages when a token or a page is missing, and only to local host names."""
        settings: dict[str, Any] = super().init_settings()
        # Refuses a foreign page whose name resolves to this computer (DNS rebinding).
        return {**settings, "jinja2_env": handlers.pages_environment(), "allow_remote_access": False}

    def init_handlers(self) -> list[Any]:
        """Serve our pages, and nothing else from the folder."""
        kept = [rule for rule in super().init_handlers() if not NOT_SERVED.search(str(rule[0]))]
        pages = [(f"/{page.name}", handlers.PageHandler, {"notebook": f"{page.name}.ipynb"}) for page in PAGES]
        ours = [
            ("/", handlers.TextHandler, {"page": handlers.landing_page}),
            ("/instructor", handlers.TextHandler, {"page": handlers.instructor_page}),
            (r"/voila/api/shutdown/(.*)", handlers.ShutdownHandler),
            (r"/voila/templates/([^/]+/static/[^/].*)", TemplateStaticFileHandler),
        ]
        return [handlers.guarded(rule) for rule in (*ours, *pages, *kept, (".*", Template404))]

    def stop(self) -> None:
        """End all kernels at once, without waiting for their output."""
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, signal.SIG_IGN)  # a second Ctrl-C would leave processes behind
        for logger in (self.log, logging.getLogger("asyncio")):
            logger.setLevel(logging.CRITICAL)
        self.ioloop.run_sync(partial(end_kernels, self.kernel_manager))
        shutil.rmtree(self.connection_dir, ignore_errors=True)

    def listen(self) -> None:
        """Serve until stopped."""
        self._take_port()
        self.ioloop = IOLoop.current()
        self._announce(self.address)
        try:
            self.ioloop.start()
        finally:
            self.stop()

    def _take_port(self) -> None:
        """Listen; if the port was taken meanwhile, on the next free one."""
        for _ in range(TRIED):
            try:
                self.app.listen(self.port, self.ip)
            except OSError:
                self.port: int = choose_port(None)
            else:
                return
        raise UsageError("found no free port: choose one with --port")


def serve(
    folder: Path, port: int, idle_minutes: float, made_ready: Mapping[str, int], announce: Callable[[str], None]
) -> None:
    """Serve :class:`Demo` until Ctrl-C or SIGTERM; all kernels have ended when this returns."""
    # Not for the terminal: missing files and closed pages, and addresses, which contain the token.
    logging.getLogger("tornado").setLevel(logging.ERROR)
    logging.getLogger("tornado.access").setLevel(logging.CRITICAL)  # prints the address of a defect
    # Voila's components log to the Application instance of the process, and nowhere without one.
    demo = Demo.instance(folder, port, idle_minutes, made_ready, announce)
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
                "preheat_kernel": True,  # selects the kernel manager that renders pages, in advance or on request
                "file_denylist": [".*"],
                "allow_template_override": "NO",
                "allow_theme_override": "NO",
                "resources": {"pages": [[page.name, page.short] for page in PAGES]},
            },
            "VoilaExecutor": {"cell_error_instruction": DEFECT, "cell_timeout_instruction": HUNG, "timeout": PATIENCE},
            "KernelManager": {"transport_encryption": encryption()},
            # A restarted kernel looks alive but never answers the requests sent to its predecessor.
            "KernelRestarter": {"restart_limit": 0},
            "VoilaKernelManager": {
                "kernel_pools_config": {f"{name}.ipynb": {"pool_size": count} for name, count in made_ready.items()}
            },
            "MappingKernelManager": {"cull_idle_timeout": seconds, "cull_interval": max(1, seconds // 4)},
        }
    )


def _is_news(record: logging.LogRecord) -> bool:
    """Return whether to print a record: another line already reports a dead kernel, so its traceback is dropped."""
    return record.exc_info is None or not isinstance(record.exc_info[1], DeadKernelError)
