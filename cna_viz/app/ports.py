"""A free port on this computer."""

import errno
import socket
from typing import Final

from cna_viz.errors import UsageError

FIRST: Final = 8866
"""The first port to try."""
TRIED: Final = 100
LOOPBACK: Final = "127.0.0.1"
"""The app serves this computer only."""


def choose_port(wanted: int | None) -> int:
    """Return the requested port, or the first free one from :data:`FIRST` on.

    Raises:
        UsageError: When the port is out of range or not available.
    """
    if wanted is None:
        free = next((port for port in range(FIRST, FIRST + TRIED) if _try(port) is None), None)
        if free is None:
            raise UsageError(f"the ports {FIRST} to {FIRST + TRIED - 1} are all in use: choose one with --port")
        return free
    if not 1 <= wanted <= 65535:
        raise UsageError(f"--port {wanted} is no port: it must be 1 to 65535")
    trouble = _try(wanted)
    if trouble is not None:
        why = "needs rights that you don't have" if trouble.errno == errno.EACCES else "is in use"
        raise UsageError(f"port {wanted} {why}: choose another, or leave --port out to take one that is free")
    return wanted


def _try(port: int) -> OSError | None:
    """Return the error of listening on a port; None if it is free."""
    with socket.socket() as probe:
        # Like the server: a port whose last connection was just closed may be reused.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError as trouble:
            return trouble
    return None
