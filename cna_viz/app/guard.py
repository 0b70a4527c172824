"""What every route of the app requires: a local host name, the token and a well-formed address."""

import re
from http.client import responses
from types import TracebackType
from typing import Any, Final
from urllib.parse import unquote

from jupyter_server.auth.login import LoginFormHandler
from jupyter_server.base.handlers import JupyterHandler
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, StaticFileHandler

MALFORMED: Final = re.compile(r"\0|(^|/)\.\.?(/|$)")
"""Paths that no browser requests, and on which file handlers fail."""
LOCAL: Final = re.compile("/(?!/)")
"""Addresses of the app, to which the login form may lead."""


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
        """Return the login form for pages; a file without the token is refused."""
        if isinstance(self, StaticFileHandler):
            raise HTTPError(403)
        return super().get_login_url()

    def write_error(self, status_code: int, **_: Any) -> None:
        """Send our error page, which needs no user: a request may be refused before it is known who asks."""
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
