"""The server without a browser: what it says, whom it lets in, what it serves, and how it ends."""

import os
import signal
import time
import urllib.error
import urllib.request

import pytest

from tests.app.conftest import address_of, end, start

pytestmark = pytest.mark.subprocess


def ask(address: str, path: str) -> tuple[str, str]:
    """Return where the answer came from and its text, with the token."""
    with urllib.request.urlopen(address.replace("/?", f"/{path}?"), timeout=60) as answer:
        return answer.url, answer.read().decode()


def test_it_listens_on_this_computer_only(address: str) -> None:
    assert address.startswith("http://127.0.0.1:")
    assert len(address.partition("token=")[2]) >= 32


def test_with_the_token_the_pages_are_there(address: str) -> None:
    assert "Touch a graph network" in ask(address, "")[1]
    assert "Teaching with the lesson" in ask(address, "instructor")[1]


@pytest.mark.parametrize("page", ["", "lesson", "explorer", "playground", "instructor"])
@pytest.mark.parametrize("token", ["", "?token=wrong"])
def test_without_the_token_nobody_comes_in(address: str, page: str, token: str) -> None:
    base = address.partition("/?")[0]
    with urllib.request.urlopen(f"{base}/{page}{token}", timeout=60) as answer:
        assert "/login" in answer.url
        text = answer.read().decode()
    assert "The token is missing" in text
    assert "Touch a graph network" not in text


@pytest.mark.parametrize(
    "path",
    [
        "lesson.ipynb",
        "files/lesson.ipynb",
        "voila/files/lesson.ipynb",
        "voila/files/../lesson.ipynb",
        "voila/tree/",
        "voila/render/lesson.ipynb",
        "voila/api/contents/",
        "voila/static/../../../../../../etc/passwd",
        "api/contents/",
        "api/kernels",
        "../../../etc/passwd",
        "%2e%2e/%2e%2e/etc/passwd",
    ],
)
def test_nothing_else_is_served(address: str, path: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(address, path)
    assert refused.value.code in {403, 404}


def test_a_page_that_is_missing_is_said_in_our_words(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError) as refused:
        ask(address, "nothing")
    assert refused.value.code == 404
    assert b"There is no such page here." in refused.value.read()


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such signals for processes")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_also_while_kernels_start(number: int) -> None:
    process = start()
    assert address_of(process).startswith("http://")
    code, out, err = end(process, number)
    assert code == 0
    assert out == ""
    assert err.split("\n") == ["Ctrl-C ends it.", "", "Ended, and all its processes.", ""]


def test_a_second_ctrl_c_changes_nothing() -> None:
    process = start("--ready", "0")
    address_of(process)
    process.send_signal(signal.SIGINT)
    time.sleep(0.05)
    code, _, err = end(process, signal.SIGINT)
    assert code == 0
    assert "Traceback" not in err
