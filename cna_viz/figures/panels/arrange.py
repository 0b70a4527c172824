"""Finished panels as one figure: what a widget shows, as a report and a file can hold it.

A part keeps its axes, colour axes and legends; they get names that no other part has, and places on the whole paper.
"""

import re
from collections.abc import Sequence
from copy import deepcopy
from typing import Any, Final

import plotly.graph_objects as go

from cna_viz.figures.panels.drawing import LETTER, Drawing
from cna_viz.figures.style.theme import finish

WIDTH: Final = 1200
"""Pixels across for which the margins of parts are shares of the whole; a figure has no width before it is seen."""
TOP: Final = 56
"""Pixels of the title of the whole."""
REFERRING: Final = ("anchor", "overlaying", "scaleanchor", "matches")
"""Properties in which an axis names another."""
HEIGHT: Final = 450
"""Pixels of a figure that has no height."""
ENTRY, ROW, SIDE = 40, 20, 24
"""Pixels of the mark of an entry of a legend with its padding, of a row's height, and on both sides of a legend."""

Part = dict[str, Any]


def arrange(figures: Sequence[Sequence[go.Figure | Drawing]], title: str, footnote: str) -> go.Figure:
    """Put finished figures in rows and make them one; each keeps its axes, legend, colours and words.

    A row is as high as its highest figure, and its figures share its width. ``layout.meta["linked"]`` is kept; other
    entries of ``meta``, which only a page with a kernel can use, and the controls of an animation are left out.

    Args:
        figures: Rows from top to bottom, each from left to right; the figures stay as they are.
        title: Title of the whole, a question where it answers one.
        footnote: Where the data comes from.
    """
    parts = [[_plain(figure) for figure in row] for row in figures]
    heights = [max(map(_height, row)) for row in parts]
    data: list[Part] = []
    layout: Part = {"annotations": [], "shapes": [], "meta": {"linked": []}}
    count: dict[str, int] = {}
    for number, row in enumerate(parts):
        for column, part in enumerate(row):
            cell = _Cell(
                part["layout"], (column, len(row)), (sum(heights[:number]), _height(part), sum(heights)), count
            )
            pairs = (cell.layout.get("meta") or {}).get("linked", [])
            layout["meta"]["linked"] += [[len(data) + one, len(data) + other] for one, other in pairs]
            traces = [_trace(trace, cell) for trace in part["data"]]
            layout |= _legends(traces, cell) | _axes(part, cell)
            layout["annotations"].append(_title(cell))
            for kind in ("annotations", "shapes"):
                layout[kind] += [_moved(shown, cell) for shown in cell.layout.get(kind) or ()]
            data += traces
    figure = go.Figure({"data": data, "layout": layout})
    finish(figure, f"<b>{title}</b>", footnote, height=TOP + sum(heights), below=-54)
    return figure.update_layout(margin={"l": 0, "r": 0, "t": TOP}, title={"font": {"size": 16}, "pad": {"l": 8}})


class _Cell:
    """The place of one part on the paper of the whole, and the names that its axes, colour axes and legends get.

    Args:
        layout: Layout of the part; its margins are kept, and its template is what its axes look like.
        across: Number of its column in the row, and how many there are.
        down: Pixels of the rows above, of the part, and of all rows.
        count: How many names of every kind all parts have so far; changed.
    """

    def __init__(
        self, layout: Part, across: tuple[int, int], down: tuple[int, int, int], count: dict[str, int]
    ) -> None:
        self.layout, self._count, self._names = layout, count, dict[tuple[str, str], str]()
        self.template = (layout.get("template") or {}).get("layout", {})
        margin = {"l": 80, "r": 80, "t": 100, "b": 80, **self.template.get("margin", {}), **layout.get("margin", {})}
        (column, columns), (above, height, self.total) = across, down
        self.left, self.top, self.width = column / columns, 1 - above / self.total, WIDTH / columns
        self._outer = {"x": (self.left, (column + 1) / columns), "y": (1 - (above + height) / self.total, self.top)}
        (left, right), (bottom, top) = self._outer["x"], self._outer["y"]
        self._inner = {
            "x": (left + margin["l"] / WIDTH, right - margin["r"] / WIDTH),
            "y": (bottom + margin["b"] / self.total, top - margin["t"] / self.total),
        }

    def place(self, way: str, share: float, of: str = "paper") -> float:
        """Return where on the whole a share of the part's paper, or of its container, is; ``way`` is x or y."""
        low, high = (self._outer if of == "container" else self._inner)[way]
        return float(low + share * (high - low))

    def span(self, way: str, domain: Sequence[float]) -> list[float]:
        """Return a domain on the whole."""
        return [self.place(way, share) for share in domain]

    def styled(self, name: str) -> Part:
        """Return what the part's template says of its axes or its legend."""
        return deepcopy(dict(self.template.get(name, {})))

    def name(self, name: str, kind: str = "") -> str:
        """Return the name in the whole of an axis, such as ``x2``, or of something of another kind."""
        key = (kind or name[0], name)
        if key not in self._names:
            self._names[key] = self.new(key[0])
        return self._names[key]

    def new(self, kind: str) -> str:
        """Return a name that was not given before: ``x``, then ``x2``, and so on."""
        self._count[kind] = number = self._count.get(kind, 0) + 1
        return kind if number == 1 else f"{kind}{number}"


def _plain(figure: go.Figure | Drawing) -> Part:
    return figure.to_plotly_json() if isinstance(figure, go.Figure) else figure


def _height(part: Part) -> int:
    return int(part["layout"].get("height") or HEIGHT)


def _trace(trace: Part, cell: _Cell) -> Part:
    shown = dict(trace)
    if "domain" in shown or shown["type"] == "sankey":
        domain = {"x": [0, 1], "y": [0, 1], **shown.get("domain", {})}
        return {**shown, "domain": {way: cell.span(way, domain[way]) for way in "xy"}}
    for way in "xy":
        shown[f"{way}axis"] = cell.name(shown.get(f"{way}axis", way))
    for holder in ("marker", "line"):
        if "coloraxis" in (held := shown.get(holder) or {}):
            shown[holder] = {**held, "coloraxis": cell.name(held["coloraxis"], "coloraxis")}
    if "coloraxis" in shown:
        shown["coloraxis"] = cell.name(shown["coloraxis"], "coloraxis")
    return shown


def _axes(part: Part, cell: _Cell) -> Part:
    """Return the axes and colour axes of a part: those that its layout describes, and those that its traces use."""
    flat = [trace for trace in part["data"] if trace["type"] != "sankey"]
    used = {f"{way}axis{trace.get(f'{way}axis', way)[1:]}" for trace in flat for way in "xy"}
    axes = {}
    for name in sorted(used | {name for name in cell.layout if re.fullmatch(r"[xy]axis\d*", name)}):
        axes[f"{name[0]}axis{cell.name(name.replace('axis', ''))[1:]}"] = _axis(name, cell)
    for name in (name for name in cell.layout if name.startswith("coloraxis")):
        axis = cell.layout[name]
        axes[cell.name(name, "coloraxis")] = {**axis, "colorbar": _bar(axis.get("colorbar", {}), cell)}
    return axes


def _axis(name: str, cell: _Cell) -> Part:
    way, axis = name[0], {**cell.styled(f"{name[0]}axis"), **cell.layout.get(name, {})}
    axis["anchor"] = axis.get("anchor", "y" if way == "x" else "x")
    for key in REFERRING:
        if re.fullmatch(r"[xy]\d*", str(axis.get(key))):
            axis[key] = cell.name(axis[key])
    return {**axis, "domain": cell.span(way, axis.get("domain", [0, 1]))}


def _bar(bar: Part, cell: _Cell) -> Part:
    low, high = cell.span("x" if bar.get("orientation") == "h" else "y", [0, 1])
    place = {"x": cell.place("x", bar.get("x", 1.02)), "y": cell.place("y", bar.get("y", 0.5))}
    return {**bar, **place, "len": bar.get("len", 1) * (high - low)}


def _moved(shown: Part, cell: _Cell) -> Part:
    """Return an annotation or a shape that refers to the renamed axes, or to the place of its part on the paper."""
    moved = dict(shown)
    for way in "xy":
        reference = shown.get(f"{way}ref", "paper")
        if reference == "paper":
            keys = [key for key in (way, f"{way}0", f"{way}1") if key in shown]
            moved.update({key: cell.place(way, shown[key]) for key in keys}, **{f"{way}ref": "paper"})
        else:
            axis, _, rest = reference.partition(" ")
            moved[f"{way}ref"] = f"{cell.name(axis)} {rest}".strip()
    return moved


def _title(cell: _Cell) -> Part:
    """Return the title of a part as words in its upper left corner."""
    place = {"x": cell.left + 8 / WIDTH, "y": cell.top, "xref": "paper", "yref": "paper", "yshift": -8}
    look = {"xanchor": "left", "yanchor": "top", "align": "left", "showarrow": False, "font": {"size": 14}}
    return {"text": (cell.layout.get("title") or {}).get("text") or "", **place, **look}


def _legends(traces: Sequence[Part], cell: _Cell) -> Part:
    """Return the legends of a part by their names, one per row, and let its traces refer to them.

    Plotly breaks the rows of a legend for the whole width, where it would reach into the next cell.
    """
    for trace in traces:
        if trace["type"] != "sankey":
            trace["showlegend"] = bool(trace.get("showlegend", True) and cell.layout.get("showlegend", True))
    entries = [trace for trace in traces if trace["type"] != "sankey" and trace["showlegend"]]
    if not entries:
        return {}
    legend = {**cell.styled("legend"), **(cell.layout.get("legend") or {})}
    title = str((legend.get("title") or {}).get("text") or "")
    rows = _rows(entries, title, cell.width - 2 * SIDE) if legend.get("orientation") == "h" else [entries]
    made = {}
    for number, row in enumerate(rows):
        # Rows above the place of a legend that stands on it, below that of one that hangs.
        above = len(rows) - 1 - number if legend.get("yanchor") == "bottom" else -number
        place = {way: cell.place(way, legend.get(way, 1), legend.get(f"{way}ref", "paper")) for way in "xy"}
        place = {"x": max(place["x"], cell.left + SIDE / WIDTH), "y": place["y"] + above * ROW / cell.total}
        first = {} if number == 0 else {"title": {"text": ""}}
        name = cell.new("legend")
        made[name] = {**legend, **first, **place, "xref": "paper", "yref": "paper"}
        for trace in row:
            trace["legend"] = name
    return made


def _rows(entries: Sequence[Part], title: str, width: float) -> list[list[Part]]:
    rows: list[list[Part]] = [[]]
    taken = LETTER * len(title)
    for entry in entries:
        wide = LETTER * len(str(entry.get("name") or "")) + ENTRY
        if rows[-1] and taken + wide > width:
            rows.append([])
            taken = LETTER * len(title)
        rows[-1].append(entry)
        taken += wide
    return rows
