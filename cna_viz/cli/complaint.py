"""What commands say on stderr: a line each, whatever names and values stand in it."""

import sys

from cna_viz.cli.printable import printable


def complain(text: str) -> None:
    """Print a line that begins with the name of the program."""
    print(f"cna-viz: {printable(text)}", file=sys.stderr, flush=True)
