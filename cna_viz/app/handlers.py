"""The handlers of the app: its own pages beside the notebooks, and the checks that every route requires."""

import re
from collections.abc import Callable
from functools import cache
from http.client import responses
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import unquote

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.base.handlers import JupyterHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, StaticFileHandler, authenticated
from voila.shutdown_kernel_handler import VoilaShutdownKernelHandler

from cna_viz.app.kernels import give_up, lives, parts, take
from cna_viz.app.messages import ENDED, UNFINISHED, message
from cna_viz.app.pages import PAGES, titles
from cna_viz.reports.page.markdown import Renderer

MALFORMED: Final = re.compile(r"\0|(^|/)\.\.?(/|$)")
"""Paths that no browser requests, and on which file handlers fail."""
LOCAL: Final = re.compile("/(?!/)")
"""Addresses of the app, to which the login form may lead."""
CLOSING: Final = "</script>"
"""Ends a cell's output that failed halfway, inside which the message would be hidden."""
SHOW: Final = "<script>window.cna_viz_broken_off?.()</script>"


class Guarded(JupyterHandler):
    """Refuses foreign requests, for any handler of Tornado, Jupyter Server or Voila that it is mixed into.

    :class:`JupyterHandler` checks the host name, and the token unless a handler opts out.
    """

    async def prepare(self, **options: Any) -> None:
        """Show only the login form without the token."""
        await super().prepare(**options)
        if self._finished:
            return
        if self.current_user is None and not isinstance(self, LoginFormHandler):
            raise HTTPError(403)
        if MALFORMED.search(unquote(self.request.path)) or not LOCAL.match(self.get_argument("next", "/")):
            raise HTTPError(404)

    def get_login_url(self) -> str:
        """Return the login form for pages; refuse files without the token."""
        if isinstance(self, StaticFileHandler):
            raise HTTPError(403)
        return super().get_login_url()

    def write_error(self, status_code: int, **_: Any) -> None:
        """Send our error page, which needs no user: a request may be refused before the user is known."""
        message = responses.get(status_code, "Unknown error")
        template = self.settings["jinja2_env"].get_template("error.html")
        self.write(template.render(status_code=status_code, status_message=message))

    def log_exception(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Log defects only, and without the query, which may hold the token."""
        refused = isinstance(error, HTTPError) and error.status_code < 500
        if not refused and not isinstance(error, StreamClosedError):
            self.log.error("%s %s", self.request.method, self.request.path, exc_info=(kind, error, trace))  # type: ignore[arg-type]


def guarded(rule: tuple[Any, ...]) -> tuple[Any, ...]:
    """Return a routing rule (pattern, handler, optional arguments) with its handler guarded."""
    pattern, handler, *arguments = rule
    # Last, so that it comes just before JupyterHandler: handlers of the API keep their own form of errors.
    return (pattern, type(handler.__name__, (handler, Guarded), {}), *arguments)


class TextHandler(JupyterHandler):
    """Sends a page without a kernel."""

    def initialize(self, page: Callable[[], str]) -> None:
        """Keep the function that returns the page as HTML."""
        self.page = page

    @authenticated
    def get(self) -> None:
        """Send the page."""
        self.finish(self.page())


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


class ShutdownHandler(VoilaShutdownKernelHandler):  # type: ignore[misc]
    """Ends the kernel of a page that is closed."""

    def check_xsrf_cookie(self) -> None:
        """Check nothing: Voila's page sends no such cookie, and nobody else knows the id of the kernel."""


@cache
def pages_environment() -> Environment:
    """Return the template environment of the app's own pages."""
    own = [PackageLoader("cna_viz.app", f"templates{part}") for part in ("/pages", "")]
    # The style and the switch are those of reports.
    loader: Any = ChoiceLoader([*own, PackageLoader("cna_viz.reports")])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)


@cache
def landing_page() -> str:
    """Return the landing page as HTML."""
    return pages_environment().get_template("landing.html.j2").render(pages=PAGES, titles=titles())


@cache
def instructor_page() -> str:
    """Return the instructor's page as HTML."""
    text = Renderer().render(instructor_file().read_text(encoding="utf-8"))
    return pages_environment().get_template("instructor.html.j2").render(pages=PAGES, text=text)


def instructor_file() -> Path:
    """Return the instructor's page as Markdown: the one in the installed package, else that of the checkout."""
    package = Path(__file__).resolve().parents[1]
    packaged = package / "_docs" / "teaching.md"
    return packaged if packaged.is_file() else package.parent / "docs" / "teaching.md"
