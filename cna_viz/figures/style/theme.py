"""How every figure looks: one template, and one colour, dash and marker per slot.

Colours are those of Okabe and Ito and of Tol, which people with any common colour vision can tell apart; a dash and a
marker always go with a colour, so that colour is never the only cue. Figures are drawn on white; a dark page exchanges
every colour that stands here (:mod:`cna_viz.figures.style.dark_theme`).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Any, Final
from zlib import crc32

import plotly.graph_objects as go

INK: Final = "#1f2430"
MUTED: Final = "#5b6270"
GRID: Final = "#e6e8ec"
BAND: Final = "#dfe3e9"
PAPER: Final = "#ffffff"
FONT: Final = "Inter, 'Segoe UI', 'Helvetica Neue', Arial, sans-serif"
SEQUENTIAL: Final = "Cividis"
LINE: Final = 16
"""Height of a line of the footnote in pixels."""
FEW: Final = 8
"""Steps of layers or epochs up to which each has a tick."""


@dataclass(frozen=True)
class SlotStyle:
    """The look of a slot in every figure."""

    color: str
    dash: str
    symbol: str
    label: str


SLOT_STYLES: Final[dict[str, SlotStyle]] = {
    "none": SlotStyle("#7a7f87", "dot", "diamond", "none (linear)"),
    "relu": SlotStyle("#D55E00", "dash", "square", "ReLU"),
    # The CNA family: blue with clusters, green without; the marker tells the parts apart.
    "cna": SlotStyle("#0072B2", "solid", "circle", "CNA"),
    "c": SlotStyle("#56B4E9", "dot", "circle-open", "C (clusters, ReLU)"),
    "n": SlotStyle("#009E73", "dot", "triangle-down", "N (batch norm, ReLU)"),
    "a": SlotStyle("#009E73", "dashdot", "triangle-up", "A (rational)"),
    "cn": SlotStyle("#56B4E9", "dash", "square-open", "CN (cluster norm, ReLU)"),
    "ca": SlotStyle("#56B4E9", "dashdot", "triangle-up-open", "CA (clusters, rationals)"),
    "na": SlotStyle("#009E73", "solid", "hexagon", "NA (batch norm, rational)"),
    "cna-released": SlotStyle("#332288", "longdash", "star", "CNA as released"),
    "cna-random": SlotStyle("#E69F00", "longdash", "x", "CNA, random clusters"),
    "cna-labels": SlotStyle("#882255", "longdashdot", "pentagon", "CNA, class labels (oracle)"),
    "cna-communities": SlotStyle("#117733", "longdashdot", "bowtie", "CNA, communities"),
    # The norms of the field: reds and greys.
    "layernorm": SlotStyle("#CC79A7", "solid", "diamond-wide", "LayerNorm, ReLU"),
    "nodenorm": SlotStyle("#CC79A7", "dash", "diamond-tall", "NodeNorm, ReLU"),
    "batchnorm": SlotStyle("#AA4499", "solid", "cross", "BatchNorm, ReLU"),
    "pairnorm": SlotStyle("#661100", "dash", "star-triangle-up", "PairNorm, ReLU"),
    "diffgroupnorm": SlotStyle("#661100", "solid", "star-square", "DiffGroupNorm, ReLU"),
    "graphnorm": SlotStyle("#999933", "dashdot", "star-diamond", "GraphNorm, ReLU"),
    "meansub": SlotStyle("#999933", "dot", "hourglass", "mean subtraction, ReLU"),
}


def escaped(text: str) -> str:
    """Return a user's text as plotly shows it literally; quotes stay, as plotly does not decode their entities."""
    return escape(text, quote=False)


OTHER_COLORS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#661100", "#117733")
OTHER_DASHES: Final = ("solid", "dash", "dashdot", "longdash")
OTHER_SYMBOLS: Final = ("circle", "square", "diamond", "triangle-up", "x", "star", "hexagon")


def slot_style(name: str) -> SlotStyle:
    """Return the look of a slot or an arm.

    An arm such as ``cna, clusters 4`` has the colour of its slot; the look of a watched network follows from its name.
    """
    if name in SLOT_STYLES:
        return SLOT_STYLES[name]
    slot, comma, rest = name.partition(", ")
    known = SLOT_STYLES.get(slot) if comma else None
    # Not by hash(), which differs from one process to the next.
    number = crc32((rest if known else name).encode())
    number, color = divmod(number, len(OTHER_COLORS))
    number, dash = divmod(number, len(OTHER_DASHES))
    # Arms of several slots that are alike in the rest, as in their backbone, must differ in more than their colour.
    place = list(SLOT_STYLES).index(slot) if known else 0
    dash = (dash + place) % len(OTHER_DASHES)
    symbol = OTHER_SYMBOLS[(number + place) % len(OTHER_SYMBOLS)]
    if known:
        return SlotStyle(known.color, OTHER_DASHES[dash], symbol, f"{known.label}, {escaped(rest)}")
    return SlotStyle(OTHER_COLORS[color], OTHER_DASHES[dash], symbol, escaped(name))


def numbered_look(number: int) -> tuple[str, str]:
    """Return colour and marker of the groups of runs that are numbered from 0."""
    return OTHER_COLORS[number % len(OTHER_COLORS)], OTHER_SYMBOLS[number % len(OTHER_SYMBOLS)]


CLASS_COLORS: Final = (
    "#4477AA",
    "#EE6677",
    "#228833",
    "#CCBB44",
    "#66CCEE",
    "#AA3377",
    "#222222",
    "#EE7733",
    "#999933",
    "#BBBBBB",
)
CLASS_SYMBOLS: Final = ("circle", "diamond", "square", "cross", "x", "triangle-up")


def class_style(number: int) -> tuple[str, str]:
    """Return colour and marker of a class; beyond ten classes colours come again with another marker."""
    return CLASS_COLORS[number % len(CLASS_COLORS)], CLASS_SYMBOLS[number // len(CLASS_COLORS) % len(CLASS_SYMBOLS)]


ORDERED_COLORS: Final = ("#00204D", "#414D6B", "#7C7B78", "#BCAF6F", "#FFEA46")
"""Five steps of cividis, for groups that have an order."""
ORDERED_KINDS: Final = ("target", "degree", "predicted number")
"""Kinds of groups that have an order."""


def group_style(kind: str, number: int) -> tuple[str, str]:
    """Return colour and marker of a group of nodes: classes and clusters differ in hue, groups of numbers in lightness.

    Numbers have up to five groups; the one after them holds what is no number, grey with its own marker.
    """
    if kind not in ORDERED_KINDS:
        return class_style(number)
    return (ORDERED_COLORS[number], CLASS_SYMBOLS[0]) if number < len(ORDERED_COLORS) else (MUTED, CLASS_SYMBOLS[1])


def looks() -> dict[str, Any]:
    """Return the template of all figures as plotly.js reads it."""
    axis = {
        "showgrid": True,
        "gridcolor": GRID,
        "zeroline": False,
        "linecolor": MUTED,
        "showline": True,
        "ticks": "outside",
        "tickcolor": MUTED,
        "title": {"font": {"size": 15}, "standoff": 8},
        "automargin": True,
    }
    layout = {
        "font": {"family": FONT, "size": 14, "color": INK},
        "title": {"font": {"size": 20}, "x": 0, "xref": "container", "pad": {"l": 16}, "y": 0.98, "yanchor": "top"},
        "paper_bgcolor": PAPER,
        "plot_bgcolor": PAPER,
        "xaxis": axis,
        "yaxis": axis,
        "legend": {"font": {"size": 14}, "orientation": "h", "x": 0, "xanchor": "left", "y": 1.02, "yanchor": "bottom"},
        "hoverlabel": {"font": {"family": FONT, "size": 13}},
        "margin": {"l": 70, "r": 24, "t": 96, "b": 96},
        "colorway": [style.color for style in SLOT_STYLES.values()],
    }
    outline = {"type": "scatter", "marker": {"line": {"color": MUTED}}}
    return {"layout": layout, "data": {"scatter": [outline]}}


def log_axis(values: Iterable[float]) -> dict[str, object]:
    """Return a logarithmic axis for the positive ones of these values, with every tick written out."""
    positive = [value for value in values if value > 0]
    if not positive:
        return {"type": "log"}
    if max(positive) < 2 * min(positive):
        return {"type": "log", **_round_ticks(min(positive), max(positive))}
    low, high = floor(log10(min(positive))), ceil(log10(max(positive)))
    if high - low <= 2:
        # Within a narrow range one or two of these ticks would be all there are.
        narrow = max(positive) < 5 * min(positive)
        digits = range(1, 10) if narrow else (1, 2, 5)
        ticks = [digit * 10.0**power for power in range(low, high + 1) for digit in digits]
        if narrow:
            ticks = [tick for tick in ticks if min(positive) / 2 <= tick <= 2 * max(positive)]
        return {"type": "log", "tickvals": ticks, "ticktext": [f"{tick:g}" for tick in ticks]}
    powers = range(low, high + 1, ceil((high - low) / 8))
    return {"type": "log", "tickvals": [10.0**p for p in powers], "ticktext": [f"10<sup>{p}</sup>" for p in powers]}


def _round_ticks(low: float, high: float) -> dict[str, object]:
    """Return round ticks for a range so short that it may hold neither a power of ten nor its double."""
    least = (high - low) / 4 or low / 10
    power = 10.0 ** floor(log10(least))
    step = next(digit * power for digit in (1, 2, 5, 10) if digit * power >= least)
    numbers = range(max(1, floor(low / step) - 2), ceil(high / step) + 3)
    texts = [f"{number * step:.6g}" for number in numbers]
    return {"tickvals": [float(text) for text in texts], "ticktext": texts}


def logarithmic(values: Sequence[float]) -> bool:
    """Whether ascending values need a logarithmic axis: counts that quadruple, other numbers that span two decades."""
    counts = all(float(value).is_integer() for value in values)
    return values[0] > 0 and values[-1] >= (4 if counts else 100) * values[0]


def whole_ticks(values: Iterable[float]) -> dict[str, object]:
    """Return the ticks of an axis of layers or epochs: only whole numbers, where plotly would add others."""
    shown = list(values)
    return {"dtick": 1} if shown and max(shown) - min(shown) <= FEW else {}


def finish(figure: go.Figure, question: str, footnote: str, *, height: int, below: int = 0) -> go.Figure:
    """Give a figure its template, its question as title and its provenance as footnote; returns the same figure.

    Args:
        figure: The figure; changed in place.
        question: Its title.
        footnote: Where the data comes from.
        height: Height of title and panels in pixels, without what is below the panels.
        below: Pixels between panels and footnote beyond those of ticks and a title of the axis; may be negative.
    """
    bottom = 78 + below + LINE * max(2, footnote.count("<br>") + 1)
    figure.update_layout(template=go.layout.Template(looks()), title={"text": question}, height=height + bottom)
    figure.update_layout(margin={"b": bottom})
    return figure.add_annotation(
        text=footnote,
        showarrow=False,
        xref="paper",
        yref="paper",
        x=0,
        y=0,
        xanchor="left",
        yanchor="top",
        yshift=-70 - below,
        align="left",
        font={"size": 12, "color": MUTED},
    )
