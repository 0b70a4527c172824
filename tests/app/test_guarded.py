"""Every route requires a local host name and the token, whatever its handler would let in."""

import logging
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError

from cna_viz.app.handlers import Guarded
from cna_viz.app.pages import PAGES
from cna_viz.app.server import Demo
from tests.app.conftest import App

KERNEL = "/api/kernels/0-0-0-0-0"
FORM = "/login"
FILES = [
    "/voila/templates/lab/static/index.css",
    "/voila/static/voila.js",
    "/voila/api/themes/@jupyterlab/theme-light-extension/index.css",
    "/voila/labextensions/anywidget/package.json",
]
SHOWN = ["/", "/instructor", *(f"/{page.name}" for page in PAGES), "/nothing", "/favicon.ico"]
OTHERS = [KERNEL, f"{KERNEL}/channels", "/voila/api/shutdown/x"]
UPGRADE = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Key": "x", "Sec-WebSocket-Version": "13"}


@pytest.fixture
def rules(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Return the rules by which the app answers."""
    monkeypatch.setattr("signal.signal", lambda *_: None)
    demo = Demo(tmp_path, 1, 1, {page.name: 0 for page in PAGES}, print)
    demo.initialize([])
    demo.connection_dir = str(tmp_path)
    demo.init_settings()
    return demo.init_handlers()


def test_every_rule_is_guarded_and_tried_below(rules: list[tuple[Any, ...]]) -> None:
    assert all(issubclass(rule[1], Guarded) for rule in rules)
    patterns = [rule[0] for rule in rules]
    asked = [FORM, *FILES, *SHOWN, *OTHERS]
    assert {next(pattern for pattern in patterns if re.fullmatch(pattern, path)) for path in asked} == set(patterns)


@pytest.mark.parametrize("path", [*FILES, *SHOWN, *OTHERS])
@pytest.mark.parametrize("authorization", ["", "token wrong"])
def test_without_the_token_only_pages_lead_to_the_form(app: App, path: str, authorization: str) -> None:
    headers = {"Authorization": authorization}
    for method in ("GET", "HEAD"):
        status, where = app.answer(method, path, **headers)
        assert status == (302 if path in SHOWN else 403)
        assert where.startswith("/login?next=") == (path in SHOWN)
    for method in ("POST", "PUT", "DELETE", "OPTIONS"):
        assert app.answer(method, path, **headers)[0] in {403, 405}
    assert app.answer("GET", path, **headers, **UPGRADE)[0] in {302, 403}


@pytest.mark.parametrize("path", [FORM, *FILES, *SHOWN, *OTHERS])
@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "192.0.2.1"])
def test_with_another_host_name_nothing_is_answered(app: App, path: str, host: str) -> None:
    for method in ("GET", "HEAD", "POST", "OPTIONS"):
        assert app.answer(method, path, Host=host, Authorization=f"token {app.token}")[0] in {403, 405}


@pytest.mark.parametrize("path", [*FILES, "/", "/instructor"])
def test_with_the_token_they_are_there(app: App, path: str) -> None:
    for host in (app.host, app.host.replace("127.0.0.1", "localhost")):
        assert app.answer("GET", path, Host=host, Authorization=f"token {app.token}")[0] == 200


def test_the_form_is_there_and_leads_to_the_app_only(app: App) -> None:
    assert app.answer("GET", FORM)[0] == 200
    for path in ("//evil.example", "http://evil.example", "//["):
        assert app.answer("GET", f"{FORM}?next={path}", Authorization=f"token {app.token}")[0] == 404


@pytest.mark.parametrize(
    ("error", "lines"), [(ZeroDivisionError(), 1), (HTTPError(500), 1), (HTTPError(404), 0), (StreamClosedError(), 0)]
)
def test_only_defects_are_logged_without_the_query(
    error: Exception, lines: int, caplog: pytest.LogCaptureFixture
) -> None:
    asked = SimpleNamespace(method="GET", path="/lesson", query="token=secret")
    handler: Any = SimpleNamespace(request=asked, log=logging.getLogger("app"))
    Guarded.log_exception(handler, type(error), error, None)
    assert [record.getMessage() for record in caplog.records] == ["GET /lesson"] * lines
