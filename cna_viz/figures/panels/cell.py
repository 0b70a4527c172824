"""A cell of a figure that is made of several: where on its paper something of a part is, and what it is called."""

from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

WIDTH: Final = 1200
"""Pixels across for which the margins of parts are shares of the whole; a figure has no width before it is seen."""


class Cell:
    """A place for one part.

    Args:
        column: Its number in the row, from 0.
        columns: How many there are in the row.
        above: Pixels of the rows above.
        height: Pixels of the part.
        total: Pixels of all rows.
        layout: Layout of the part; its margins are kept, and its template is what its axes look like.

    Attributes:
        left: Left edge on the paper of the whole, 0 to 1.
        top: Upper edge there.
        width: Pixels across.
        row: A pixel's height there.
    """

    def __init__(self, column: int, columns: int, above: int, height: int, total: int, layout: dict[str, Any]) -> None:
        self._template = (layout.get("template") or {}).get("layout", {})
        margin = {"l": 80, "r": 80, "t": 100, "b": 80, **self._template.get("margin", {}), **layout.get("margin", {})}
        self.left, self.top, self.width = column / columns, 1 - above / total, WIDTH / columns
        self._right, self._bottom, self.row = (column + 1) / columns, 1 - (above + height) / total, 1 / total
        self._inner = {
            "x": (self.left + margin["l"] / WIDTH, self._right - margin["r"] / WIDTH),
            "y": (self._bottom + margin["b"] / total, self.top - margin["t"] / total),
        }
        self._outer = {"x": (self.left, self._right), "y": (self._bottom, self.top)}

    def place(self, way: str, share: float, of: str = "paper") -> float:
        """Return where on the whole a share of the part's paper, or of its container, is; ``way`` is x or y."""
        low, high = (self._outer if of == "container" else self._inner)[way]
        return float(low + share * (high - low))

    def across(self, share: float) -> float:
        """Return where a share of the part's paper is, from left to right."""
        return self.place("x", share)

    def up(self, share: float) -> float:
        """Return where a share of the part's paper is, from bottom to top."""
        return self.place("y", share)

    def span(self, way: str, domain: Sequence[float]) -> list[float]:
        """Return a domain on the whole."""
        return [self.place(way, share) for share in domain]

    def styled(self, name: str) -> dict[str, Any]:
        """Return what the part's template says of its axes or its legend."""
        return deepcopy(dict(self._template.get(name, {})))


class Names:
    """Names that no other part has: axes, colour axes and legends are numbered through all parts."""

    def __init__(self) -> None:
        self._given: dict[str, dict[str, str]] = {}
        self._count: dict[str, int] = {}

    def next_part(self) -> None:
        """Begin another part: what it calls by a name of the part before is something else."""
        self._given.clear()

    def axis(self, name: str) -> str:
        """Return the name of an axis, such as ``x2``; both axes of a pair need not have one number."""
        return self.of(name[0], name)

    def of(self, kind: str, name: str) -> str:
        """Return the name of an axis, ``coloraxis`` or ``legend`` of the part in the whole."""
        given = self._given.setdefault(kind, {})
        if name not in given:
            given[name] = self.new(kind)
        return given[name]

    def new(self, kind: str) -> str:
        """Return a name that was not given before: ``x``, then ``x2``, and so on."""
        self._count[kind] = number = self._count.get(kind, 0) + 1
        return kind if number == 1 else f"{kind}{number}"
