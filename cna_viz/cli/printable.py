"""Names and values from files as they can be shown in a terminal."""

import sys


def printable(text: str) -> str:
    """Return a text of one line; what can't be printed, such as an end of line or what moves a cursor, is escaped.

    So are characters that the encoding of stdout lacks, before a table measures how wide its columns are.
    """
    line = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)
