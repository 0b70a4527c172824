"""What commands say on stderr: a line each, whatever names and values stand in it."""

import sys


def complain(text: str) -> None:
    """Print a line that begins with the name of the program; what can't be printed stands there as an escape.

    A name may hold an end of line, or what moves the cursor of a terminal.
    """
    line = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    print(f"cna-viz: {line}", file=sys.stderr)
