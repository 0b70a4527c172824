"""The legend of a part of a figure: in its own cell, in as many rows as fit there."""

from collections.abc import Sequence
from typing import Any, Final

from cna_viz.figures.panels.cell import WIDTH, Cell, Names

LETTER, ENTRY, ROW = 6.5, 40, 20
"""Pixels of a letter, of the mark of an entry and what is around it, and of a row's height."""
SIDE: Final = 24
"""Pixels to the left and the right of a legend."""


def legends(
    traces: Sequence[dict[str, Any]], layout: dict[str, Any], cell: Cell, names: Names
) -> dict[str, dict[str, Any]]:
    """Return the legends of a part by their names, one per row, and let its traces refer to them.

    Plotly breaks the rows of a legend for the whole width, where it would reach into the next cell.

    Args:
        traces: Traces of the part; changed in place.
        layout: Layout of the part.
        cell: Where it goes.
        names: Names of the whole.
    """
    shown = [trace for trace in traces if _has_entry(trace, layout)]
    for trace in traces:
        if trace["type"] != "sankey":
            trace["showlegend"] = _has_entry(trace, layout)
    legend = {**cell.styled("legend"), **(layout.get("legend") or {})}
    title = str((legend.get("title") or {}).get("text") or "")
    rows = _rows(shown, title, cell.width - 2 * SIDE) if legend.get("orientation") == "h" else [shown]
    made = {}
    for number, row in enumerate(rows if shown else []):
        name = names.new("legend")
        made[name] = _placed(legend, cell, _rows_above(legend, number, len(rows)), titled=number == 0)
        for trace in row:
            trace["legend"] = name
    return made


def _has_entry(trace: dict[str, Any], layout: dict[str, Any]) -> bool:
    return bool(trace["type"] != "sankey" and trace.get("showlegend", True) and layout.get("showlegend", True))


def _rows(entries: Sequence[dict[str, Any]], title: str, width: float) -> list[list[dict[str, Any]]]:
    rows: list[list[dict[str, Any]]] = [[]]
    taken = LETTER * len(title)
    for entry in entries:
        wide = LETTER * len(str(entry.get("name") or "")) + ENTRY
        if rows[-1] and taken + wide > width:
            rows.append([])
            taken = LETTER * len(title)
        rows[-1].append(entry)
        taken += wide
    return rows


def _rows_above(legend: dict[str, Any], number: int, count: int) -> int:
    """Return how many rows lie between a row and the place of the legend; negative where it is below."""
    return count - 1 - number if legend.get("yanchor") == "bottom" else -number


def _placed(legend: dict[str, Any], cell: Cell, rows: int, titled: bool) -> dict[str, Any]:
    place = {way: cell.place(way, legend.get(way, 1), legend.get(f"{way}ref", "paper")) for way in "xy"}
    place["x"] = max(place["x"], cell.left + SIDE / WIDTH)
    title = {} if titled else {"title": {"text": ""}}
    return {**legend, **title, **place, "y": place["y"] + rows * ROW * cell.row, "xref": "paper", "yref": "paper"}
