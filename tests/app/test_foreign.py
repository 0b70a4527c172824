"""Requests that no browser of ours sends: each is refused, and the terminal stays silent."""

import socket

import pytest

from tests.app.conftest import App

TYPES = {
    b"application/json": b"{",
    b"application/x-www-form-urlencoded": b"password=%ff",
    b"multipart/form-data": b"abc",
    b"multipart/form-data; boundary=x": b"--x",
}
HEADERS = [
    b"Host: evil.example",
    b"Host: ",
    b"Host: [",
    b"Host: a\r\nHost: b",
    b"Cookie: \xff; =; a",
    b"Authorization: token \xff",
    b"Accept-Language: \xff;q=x",
    b"Range: bytes=x",
    b"Origin: http://[\r\nReferer: http://[",
    b"X: " + b"x" * 100_000,
    b"no colon",
    b"Content-Length: x",
    b"Content-Length: 999999999999",
    b"Transfer-Encoding: chunked\r\n\r\nzz",
    b"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: x",
]
PATHS = [
    b"/%00",
    b"/%ff",
    b"/..%2f..%2fetc/passwd",
    b"/voila/templates/x",
    b"/voila/templates/lab/other/x",
    b"/voila/templates/lab/static/%00",
    b"/voila/templates/lab/static/..%2f..%2f..",
    b"/voila/static/%00",
    b"/voila/static/" + b"x" * 5000,
    b"/voila/labextensions/..%2f%00",
    b"/voila/query/0-0-0-0-0",
    b"/login?next=%ff",
    b"/login?next=//[",
    b"/logout",
    b"/instructor?token=%ff",
    b"/api/kernels/0-0-0-0-0/channels?session_id=%ff",
    b"//[",
    b"http://[/",
    b"*",
]
REQUESTS = [
    b"\x16\x03\x01\r\n\r\n",
    b"GET / HTTP/9.9\r\n\r\n",
    *(b"GET /%s HTTP/1.1\r\n%s\r\n\r\n" % (path, header) for header in HEADERS for path in (b"", b"voila/static/x")),
    *(b"%s %s HTTP/1.1\r\nHost: HOST\r\n\r\n" % (method, path) for method in (b"GET", b"NONSENSE") for path in PATHS),
    *(
        b"POST %s HTTP/1.1\r\nHost: HOST\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s"
        % (path, kind, len(body), body)
        for path in (b"/login", b"/voila/api/shutdown/x")
        for kind, body in TYPES.items()
    ),
]
HALF = [b"", b"GET", b"GET /lesson HTTP/1.1\r\nHost: HOST\r\n", b"POST /login HTTP/1.1\r\nContent-Length: 9\r\n\r\nabc"]


def send(app: App, request: bytes, known: bool) -> socket.socket:
    """Send a request as it is, with the token if it is known; returns the connection."""
    host, port = app.host.split(":")
    connection = socket.create_connection((host, int(port)), timeout=10)
    token = b"\r\nAuthorization: token " + app.token.encode() if known else b""
    connection.sendall(request.replace(b"HOST", app.host.encode() + token))
    return connection


def status(app: App, request: bytes, known: bool) -> bytes:
    """Return the first digit of the answer's status; nothing if the app hangs up, as it may before it has read all."""
    try:
        with send(app, request, known) as connection:
            return connection.recv(12)[9:10]
    except ConnectionError:
        return b""


@pytest.mark.parametrize("known", [False, True])
def test_no_request_makes_a_defect(app: App, known: bool) -> None:
    before = app.terminal.read_text()
    for request in REQUESTS:
        assert status(app, request, known) in {b"", b"2", b"3", b"4"}, request
    for request in HALF:
        send(app, request, known).close()
    assert app.answer("GET", "/", Authorization=f"token {app.token}")[0] == 200
    assert app.terminal.read_text() == before
