"""A port on this computer that nobody else listens on."""

import socket
from typing import Final

from cna_viz.errors import UsageError

FIRST: Final = 8866
"""The first that is tried."""
TRIED: Final = 100
LOOPBACK: Final = "127.0.0.1"
"""The app is for this computer only."""


def choose_port(wanted: int | None) -> int:
    """Return the port that was asked for, or the first free one from :data:`FIRST` on.

    Raises:
        UsageError: When the port is no port, or somebody listens on it.
    """
    if wanted is None:
        free = next((port for port in range(FIRST, FIRST + TRIED) if _is_free(port)), None)
        if free is None:
            raise UsageError(f"the ports {FIRST} to {FIRST + TRIED - 1} are all in use: choose one with --port")
        return free
    if not 1 <= wanted <= 65535:
        raise UsageError(f"--port {wanted} is no port: it must be 1 to 65535")
    if not _is_free(wanted):
        raise UsageError(f"port {wanted} is in use: choose another, or leave --port out to take one that is free")
    return wanted


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As the server will: a port whose last connection has just been closed may be taken again.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
