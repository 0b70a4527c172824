"""Which colours of a figure would stay as they are on a dark page."""

import json
import re
from collections.abc import Iterator
from typing import Any

import plotly.graph_objects as go

from cna_viz.figures.style.dark_theme import counterpart, counterparts


def colors(value: Any, colored: bool = False) -> Iterator[str]:
    """Yield every colour of a figure's JSON."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from colors(inner, key.lower().endswith(("color", "colorscale")))
    elif isinstance(value, list):
        for inner in value:
            yield from colors(inner, colored)
    elif colored and isinstance(value, str):
        yield value


def without_counterpart(figure: go.Figure) -> set[str]:
    """Return the colours of a figure that would stay as they are on the dark paper."""
    exchanged = {"rgba(0,0,0,0)", "transparent", *counterparts()}
    found = {color.lower() for color in colors(json.loads(figure.to_json()))} - exchanged
    return {color for color in found if counterpart(color) == color and re.match(r"#|rgb|[a-z]+$", color)}
