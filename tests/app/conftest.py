"""The app as a process, started once for all tests that only send it requests."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import pytest

PROGRAM = "from cna_viz.cli.main import main; raise SystemExit(main())"


def start(*options: str) -> "subprocess.Popen[str]":
    command = [sys.executable, "-c", PROGRAM, "demo", "--no-browser", *options]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def address_of(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def end(process: "subprocess.Popen[str]", number: int) -> tuple[int, str, str]:
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    return process.returncode, out, err


@dataclass(frozen=True)
class App:
    """A running app: its process, its address with the token, and the file that its terminal is written to."""

    process: "subprocess.Popen[str]"
    address: str
    terminal: Path

    @property
    def host(self) -> str:
        """Address and port, as browsers name them."""
        return self.address.split("/")[2]

    @property
    def token(self) -> str:
        """The token that lets a browser in."""
        return self.address.partition("token=")[2]

    def answer(self, method: str, path: str, **headers: str) -> tuple[int, str]:
        """Return the status of an answer and where it leads."""
        connection = HTTPConnection(self.host, timeout=60)
        connection.request(method, path, headers={"Host": self.host, **headers})
        answer = connection.getresponse()
        connection.close()
        return answer.status, answer.getheader("Location", "")


def run_app(terminal: Path, program: str = PROGRAM) -> Iterator[App]:
    """Yield the app without pages made ready, and end it."""
    command = [sys.executable, "-c", program, "demo", "--no-browser", "--ready", "0"]
    with terminal.open("w") as errors, subprocess.Popen(command, stdout=-1, stderr=errors, text=True) as process:
        app = App(process, address_of(process), terminal)
        while not terminal.read_text():  # it says how to end it after its address
            time.sleep(0.01)
        yield app
        process.send_signal(signal.SIGTERM)


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """The app, for tests that leave it as it is."""
    yield from run_app(tmp_path_factory.mktemp("app") / "terminal.txt")


@pytest.fixture(scope="session")
def address(app: App) -> str:
    """Its address, with the token."""
    return app.address
