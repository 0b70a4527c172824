"""Finished panels as one figure: what a widget shows, as a report and a file can hold it."""

import re
from collections.abc import Sequence
from typing import Any, Final

import plotly.graph_objects as go

from cna_viz.figures.panels.cell import WIDTH, Cell, Names
from cna_viz.figures.panels.cell_legend import legends
from cna_viz.figures.panels.drawing import Drawing
from cna_viz.figures.style.theme import LINE, finish

TOP: Final = 56
"""Pixels of the title of the whole."""
REFERRING: Final = ("anchor", "overlaying", "scaleanchor", "matches")
"""What an axis may say of another."""
HEIGHT: Final = 450
"""Pixels of a figure that does not say its height."""


def arrange(figures: Sequence[Sequence[go.Figure | Drawing]], title: str, footnote: str) -> go.Figure:
    """Put finished figures in rows and make them one; each keeps its axes, legend, colours and words.

    A row is as high as its highest figure, and its figures share its width. ``layout.meta["linked"]`` is kept; what
    only a page with a kernel knows to use, other entries of ``meta`` and the controls of an animation, is left out.

    Args:
        figures: Rows from top to bottom, each from left to right; the figures stay as they are.
        title: Title of the whole, a question where it answers one.
        footnote: Where the data comes from.
    """
    parts = [[_plain(figure) for figure in row] for row in figures]
    heights = [max(_height(part) for part in row) for row in parts]
    bottom = 24 + LINE * max(2, footnote.count("<br>") + 1)
    whole, names = _Whole(), Names()
    for number, row in enumerate(parts):
        for column, part in enumerate(row):
            names.next_part()
            cell = Cell(column, len(row), sum(heights[:number]), _height(part), sum(heights), part["layout"])
            whole.add(part, cell, names)
    figure = go.Figure({"data": whole.data, "layout": whole.layout})
    finish(figure, f"<b>{title}</b>", footnote, height=TOP + sum(heights) + bottom, bottom=bottom)
    return figure.update_layout(margin={"l": 0, "r": 0, "t": TOP}, title={"font": {"size": 16}, "pad": {"l": 8}})


class _Whole:
    """Traces and layout of all parts that were added."""

    def __init__(self) -> None:
        self.data: list[dict[str, Any]] = []
        self.layout: dict[str, Any] = {"annotations": [], "shapes": [], "meta": {"linked": []}}

    def add(self, part: dict[str, Any], cell: Cell, names: Names) -> None:
        layout, before = part["layout"], len(self.data)
        traces = [_trace(trace, cell, names) for trace in part["data"]]
        self.layout.update(legends(traces, layout, cell, names))
        self.data += traces
        self.layout.update(_axes(part, cell, names))
        self.layout["annotations"] += [_title(layout, cell), *_placed(layout, "annotations", cell, names)]
        self.layout["shapes"] += _placed(layout, "shapes", cell, names)
        pairs = (layout.get("meta") or {}).get("linked", [])
        self.layout["meta"]["linked"] += [[before + one, before + other] for one, other in pairs]


def _plain(figure: go.Figure | Drawing) -> dict[str, Any]:
    whole = figure.to_plotly_json() if isinstance(figure, go.Figure) else figure
    return {"data": whole["data"], "layout": whole["layout"]}


def _height(part: dict[str, Any]) -> int:
    return int(part["layout"].get("height") or HEIGHT)


def _trace(trace: dict[str, Any], cell: Cell, names: Names) -> dict[str, Any]:
    shown = dict(trace)
    if "domain" in shown or shown["type"] == "sankey":
        domain = {"x": [0, 1], "y": [0, 1], **shown.get("domain", {})}
        return {**shown, "domain": {way: cell.span(way, domain[way]) for way in "xy"}}
    for way in "xy":
        shown[f"{way}axis"] = names.axis(shown.get(f"{way}axis", way))
    for holder in ("marker", "line"):
        if "coloraxis" in (held := shown.get(holder) or {}):
            shown[holder] = {**held, "coloraxis": names.of("coloraxis", held["coloraxis"])}
    if "coloraxis" in shown:
        shown["coloraxis"] = names.of("coloraxis", shown["coloraxis"])
    return shown


def _axes(part: dict[str, Any], cell: Cell, names: Names) -> dict[str, Any]:
    """Return the axes and colour axes of a part: those that its layout describes, and those that its traces use."""
    layout = part["layout"]
    used = {f"{shown[:1]}axis{shown[1:]}" for trace in part["data"] for shown in _axes_of(trace)}
    axes = {}
    for name in sorted(used | {name for name in layout if re.fullmatch(r"[xy]axis\d*", name)}):
        short = name.replace("axis", "")
        axes[f"{name[0]}axis{names.axis(short)[1:]}"] = _axis(layout, name, cell, names)
    for name in (name for name in layout if name.startswith("coloraxis")):
        axes[names.of("coloraxis", name)] = {**layout[name], "colorbar": _bar(layout[name].get("colorbar", {}), cell)}
    return axes


def _axes_of(trace: dict[str, Any]) -> list[str]:
    return [] if trace["type"] == "sankey" else [trace.get("xaxis", "x"), trace.get("yaxis", "y")]


def _axis(layout: dict[str, Any], name: str, cell: Cell, names: Names) -> dict[str, Any]:
    way, axis = name[0], {**cell.styled(f"{name[0]}axis"), **layout.get(name, {})}
    other = "y" if way == "x" else "x"
    axis["anchor"] = axis.get("anchor", other)
    for key in REFERRING:
        if re.fullmatch(r"[xy]\d*", str(axis.get(key))):
            axis[key] = names.axis(axis[key])
    return {**axis, "domain": cell.span(way, axis.get("domain", [0, 1]))}


def _bar(bar: dict[str, Any], cell: Cell) -> dict[str, Any]:
    way = "x" if bar.get("orientation") == "h" else "y"
    place = {"x": cell.across(bar.get("x", 1.02)), "y": cell.up(bar.get("y", 0.5))}
    low, high = cell.span(way, [0, 1])
    return {**bar, **place, "len": bar.get("len", 1) * (high - low)}


def _placed(layout: dict[str, Any], kind: str, cell: Cell, names: Names) -> list[dict[str, Any]]:
    return [_referring(shown, cell, names) for shown in layout.get(kind) or ()]


def _referring(shown: dict[str, Any], cell: Cell, names: Names) -> dict[str, Any]:
    """Return an annotation or a shape that refers to the renamed axes, or to the place of its part on the paper."""
    moved = dict(shown)
    for way in "xy":
        reference = shown.get(f"{way}ref", "paper")
        if reference == "paper":
            keys = [key for key in (way, f"{way}0", f"{way}1") if key in shown]
            moved.update({key: cell.place(way, shown[key]) for key in keys}, **{f"{way}ref": "paper"})
        else:
            axis, _, rest = reference.partition(" ")
            moved[f"{way}ref"] = f"{names.axis(axis)} {rest}".strip()
    return moved


def _title(layout: dict[str, Any], cell: Cell) -> dict[str, Any]:
    """Return the title of a part as words in its upper left corner."""
    place = {"x": cell.left + 8 / WIDTH, "y": cell.top, "xref": "paper", "yref": "paper", "yshift": -8}
    look = {"xanchor": "left", "yanchor": "top", "align": "left", "showarrow": False, "font": {"size": 14}}
    return {"text": (layout.get("title") or {}).get("text") or "", **place, **look}
