"""The port: one that is free, or a word about the one that was asked for."""

import socket
from collections.abc import Iterator

import pytest

from cna_viz.app import ports
from cna_viz.errors import UsageError


@pytest.fixture
def taken() -> Iterator[int]:
    """Yield a port that somebody listens on."""
    with socket.socket() as listener:
        listener.bind((ports.LOOPBACK, 0))
        listener.listen()
        yield listener.getsockname()[1]


def test_a_free_port_is_taken_as_it_is_asked_for(taken: int) -> None:
    with socket.socket() as probe:
        probe.bind((ports.LOOPBACK, 0))
        free = probe.getsockname()[1]
    assert ports.choose_port(free) == free


def test_a_port_in_use_is_named(taken: int) -> None:
    with pytest.raises(UsageError, match=rf"port {taken} is in use: choose another, or leave --port out"):
        ports.choose_port(taken)


def test_the_next_free_port_is_taken_when_none_is_asked_for(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "FIRST", taken)
    assert taken < ports.choose_port(None) < taken + ports.TRIED


def test_when_all_are_in_use_the_way_out_is_named(taken: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ports, "FIRST", taken)
    monkeypatch.setattr(ports, "TRIED", 1)
    with pytest.raises(UsageError, match=rf"ports {taken} to {taken} are all in use: choose one with --port"):
        ports.choose_port(None)


@pytest.mark.parametrize("port", [-1, 0, 65536])
def test_what_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(UsageError, match=rf"--port {port} is no port: it must be 1 to 65535"):
        ports.choose_port(port)
