"""``cna-viz demo``: bad input is one line; what it serves is tested in tests/app and tests/browser."""

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Call = Callable[..., Any]


@pytest.mark.parametrize(
    ("words", "complaint"),
    [
        (("--port", "70000"), "--port 70000 is no port: it must be 1 to 65535"),
        (("--idle", "0"), "--idle 0 is out of range: it must be a number of minutes above 0"),
        (("--idle", "nan"), "--idle nan is out of range: it must be a number of minutes above 0"),
        (("--ready", "-1"), "--ready -1 is out of range: it must be at least 0"),
        (("--runs", "nowhere"), "--runs nowhere: no such folder; `cna-viz run` makes one"),
        (("--prot", "9000"), "unknown option '--prot'"),
    ],
)
def test_bad_input_is_one_line(call: Call, words: tuple[str, ...], complaint: str) -> None:
    answer = call("demo", *words)
    assert answer.code == 2
    assert answer.out == ""
    assert answer.err.startswith(f"cna-viz: {complaint}")
    assert len(answer.err.splitlines()) == 1


def test_a_port_in_use_is_named_before_anything_is_started(call: Call) -> None:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        port = listener.getsockname()[1]
        answer = call("demo", "--no-browser", "--port", str(port))
    assert answer.code == 2
    assert (
        answer.err == f"cna-viz: port {port} is in use: choose another, or leave --port out to take one that is free\n"
    )


def test_a_file_is_no_folder_of_runs(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "runs"
    file.write_text("")
    answer = call("demo", "--runs", str(file))
    assert answer.code == 2
    assert f"--runs {file}: no such folder" in answer.err
