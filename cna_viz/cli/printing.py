"""What commands print: one-line messages on stderr, numbers and tables on stdout, no control characters."""

import re
import sys
from collections.abc import Sequence
from typing import Final

_MARKS: Final = re.compile(r"([\\`*_|<>])")


def printable(text: str) -> str:
    """Return the text on one line, with escapes for control characters and for those that stdout can't encode."""
    line = "".join(letter if letter.isprintable() else ascii(letter)[1:-1] for letter in text)
    encoding = getattr(sys.stdout, "encoding", None) or "utf-8"
    return line.encode(encoding, "backslashreplace").decode(encoding)


def say(line: str) -> None:
    """Print a line on stderr."""
    print(printable(line), file=sys.stderr, flush=True)


def complain(text: str) -> None:
    """Print a problem on stderr, as one line that begins with the name of the program."""
    say(f"cna-viz: {text}")


def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with thousands separators, or a dash for ``None``."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return rows as aligned columns under a header; the columns named in ``right`` are aligned to the right."""
    right = [printable(name) for name in right]
    header, *rows = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]
    aligned = [
        [
            f"{cell:{'>' if name in right else '<'}{width}}"
            for name, cell, width in zip(header, row, widths, strict=True)
        ]
        for row in (header, *rows)
    ]
    return "\n".join("  ".join(row).rstrip() for row in aligned)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table; markup in a cell is escaped."""
    lines = [header, ["---"] * len(header), *([_MARKS.sub(r"\\\1", printable(cell)) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
