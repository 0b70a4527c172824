"""Numbers and tables as text."""

import re
from collections.abc import Sequence
from typing import Final

from cna_viz.cli.printable import printable

_MARKS: Final = re.compile(r"([\\`*_|<>])")


def number(value: float | None, decimals: int = 0) -> str:
    """Return a number with thousands separators, a dash where there is none."""
    return "–" if value is None else f"{value:,.{decimals}f}"


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[str] = ()) -> str:
    """Return rows as aligned columns under a header.

    Args:
        header: Names of the columns.
        rows: Cells, one sequence per row.
        right: Names of the columns to align to the right.
    """
    right = [printable(name) for name in right]
    header, *rows = [[printable(cell) for cell in row] for row in (header, *rows)]
    widths = [max(map(len, column)) for column in zip(header, *rows, strict=True)]

    def line(cells: Sequence[str]) -> str:
        aligned = (
            cell.rjust(width) if name in right else cell.ljust(width)
            for name, cell, width in zip(header, cells, widths, strict=True)
        )
        return "  ".join(aligned).rstrip()

    return "\n".join([line(header), *map(line, rows)])


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a table in Markdown; what stands in a cell is text, whatever it contains."""
    lines = [header, ["---"] * len(header), *([_MARKS.sub(r"\\\1", printable(cell)) for cell in row] for row in rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
