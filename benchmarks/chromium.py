"""A page in an unattended Chromium.

Playwright asks Chromium to keep a stack trace for every exception, caught ones too. While plotly.js starts it throws
some to see what the browser can do, and for each trace 5 MB of source are parsed again: half a second that no user
waits for. So benchmarks speak to the browser themselves and ask for nothing but that a script is run and a key pressed.
"""

import json
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final
from urllib.request import urlopen

from websocket import WebSocket, create_connection

BROWSERS: Final = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS: Final = (
    "--headless",
    "--no-sandbox",
    "--disable-background-networking",
    "--no-first-run",
    "--disable-sync",
    "--remote-debugging-port=0",
    "--window-size=1500,900",
)


class Page:
    """The page, through the DevTools protocol."""

    def __init__(self, socket: WebSocket) -> None:
        self._socket, self._asked = socket, 0

    def goto(self, address: str) -> None:
        """Start loading an address."""
        self._call("Page.navigate", url=address)

    def run(self, script: str) -> Any:
        """Return the awaited value of an expression.

        Raises:
            RuntimeError: When it throws.
        """
        found = self._call("Runtime.evaluate", expression=script, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise RuntimeError(f"{script}: {found['exceptionDetails']}")
        return found["result"].get("value")

    def wait_for(self, script: str, seconds: float = 120) -> None:
        """Wait until an expression is true.

        Raises:
            SystemExit: When it was not within the time.
        """
        end = time.monotonic() + seconds
        while not self.run(f"Boolean({script})"):
            if time.monotonic() > end:
                raise SystemExit(f"not so within {seconds:g} s: {script}")
            time.sleep(0.1)

    def press(self, key: str, code: int, modifiers: int = 0) -> None:
        """Press and release a key."""
        for kind in ("rawKeyDown", "keyUp"):
            self._call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=modifiers,
            )

    def _call(self, method: str, **parameters: Any) -> dict[str, Any]:
        self._asked += 1
        self._socket.send(json.dumps({"id": self._asked, "method": method, "params": parameters}))
        while (answer := json.loads(self._socket.recv())).get("id") != self._asked:
            continue
        if "error" in answer:
            raise RuntimeError(f"{method}: {answer['error']}")
        found: dict[str, Any] = answer["result"]
        return found


@contextmanager
def a_page(folder: Path) -> Iterator[Page]:
    """Open a browser with one empty page and its profile in the folder."""
    command = [_browser(), *FLAGS, f"--user-data-dir={folder}", "about:blank"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as browser:
        try:
            socket = create_connection(_address(folder / "DevToolsActivePort"), suppress_origin=True)
            yield Page(socket)
            socket.close()
        finally:
            browser.terminate()


def _address(written: Path, seconds: float = 60) -> str:
    """Return the address of the page's DevTools."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if written.is_file() and (port := written.read_text().split("\n")[0]):
            with urlopen(f"http://127.0.0.1:{port}/json") as answer:
                pages = [page for page in json.load(answer) if page["type"] == "page"]
            if pages:
                found: str = pages[0]["webSocketDebuggerUrl"]
                return found
        time.sleep(0.1)
    raise SystemExit(f"the browser did not answer within {seconds:g} s")


def _browser() -> str:
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit(f"no browser found; looked for {', '.join(BROWSERS)}")
    return found
