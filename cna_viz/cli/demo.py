"""``cna-viz demo``: the lesson, the explorer and the playground as web pages on this computer."""

import math
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cna_viz.cli.parser import Parser
from cna_viz.errors import UsageError

EXAMPLES = (
    "cna-viz demo                       # opens the browser; Ctrl-C ends it",
    "cna-viz demo --runs runs           # the explorer shows your own runs",
    "cna-viz demo --port 9000 --no-browser",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code, 0 after Ctrl-C."""
    parser = Parser(
        "demo",
        "Serve the lesson, the explorer and the playground to this computer's browsers, offline. The address that is\n"
        "printed contains a token that lets a browser in. Every visitor gets a separate Python process.",
        EXAMPLES,
    )
    parser.add_argument("--port", type=int, help="port to listen on (default: the first free from 8866)")
    parser.add_argument("--no-browser", action="store_true", help="only print the address, open no browser")
    parser.add_argument("--runs", type=Path, help="records that the explorer shows (default: those of the package)")
    text = "end an idle process after this time (default 30)"
    parser.add_argument("--idle", type=float, default=30.0, metavar="MINUTES", help=text)
    text = "pages of each kind to prepare before a visitor asks (default 1; 0 spares their memory)"
    parser.add_argument("--ready", type=int, default=1, metavar="N", help=text)
    namespace = parser.parse(words)
    if not 0 < namespace.idle < math.inf:
        raise UsageError(f"--idle {namespace.idle:g} is out of range: it must be a number of minutes above 0")
    if namespace.runs is not None and not namespace.runs.is_dir():
        raise UsageError(f"--runs {namespace.runs}: no such folder; `cna-viz run` makes one")
    if namespace.ready < 0:
        raise UsageError(f"--ready {namespace.ready} is out of range: it must be at least 0")
    return _serve(namespace.port, namespace.runs, namespace.idle, namespace.ready, browser=not namespace.no_browser)


def _serve(port: int | None, runs: Path | None, idle: float, ready: int, *, browser: bool) -> int:
    from cna_viz.app.ports import choose_port

    chosen = choose_port(port)  # before the server is imported, which takes a second

    from cna_viz.app.pages import made_ready, served_folder
    from cna_viz.app.server import serve
    from cna_viz.records.stored import ONLY_VARIABLE

    def announce(address: str) -> None:
        print(address, flush=True)
        print("Ctrl-C ends it.", file=sys.stderr, flush=True)
        if browser:
            import webbrowser

            webbrowser.open(address)

    # Inherited by the kernels, because a visitor can type a folder
    os.environ[ONLY_VARIABLE] = "" if runs is None else str(runs.resolve())
    with served_folder(runs) as folder:
        serve(folder, chosen, idle, made_ready(ready, runs), announce)
    print("\nEnded, and all its processes.", file=sys.stderr)  # below the ^C of the terminal
    return 0
