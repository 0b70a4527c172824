"""The controls of an animation: a slider with a step per frame, and buttons that play and pause it."""

from collections.abc import Sequence
from typing import Any, Final

from cna_viz.figures.style.theme import GRID, MUTED

GLIDE, STAY = 500, 800
"""Milliseconds in which marks glide to the next frame, and from one frame to the next."""

# Without a redraw marks glide instead of jumping; then frames change traces only, never the layout.
PLAY: Final = {"frame": {"duration": STAY, "redraw": False}, "transition": {"duration": GLIDE}, "fromcurrent": True}
GO: Final = {"frame": {"duration": 0, "redraw": False}, "transition": {"duration": GLIDE}, "mode": "immediate"}
STOP: Final = {"frame": {"duration": 0, "redraw": False}, "transition": {"duration": 0}, "mode": "immediate"}


def player(names: Sequence[str], below: float) -> dict[str, Any]:
    """Return the part of the layout that has the controls; they do nothing before they are used.

    Args:
        names: Names of the frames, in order.
        below: How far below the panels the controls are, in heights of the panels.
    """
    steps = [{"method": "animate", "label": name, "args": [[name], GO]} for name in names]
    slider = {
        "steps": steps,
        "currentvalue": {"visible": False},  # the panel says it, with more words
        "x": 0.22,
        "len": 0.78,
        "y": -below,
        "yanchor": "top",
        "pad": {"t": 14, "b": 0},
        "bordercolor": MUTED,
        "bgcolor": GRID,
        "activebgcolor": MUTED,
        "tickcolor": MUTED,
        "font": {"color": MUTED, "size": 13},
    }
    buttons = [
        {"method": "animate", "label": "▶ play", "args": [None, PLAY]},
        {"method": "animate", "label": "❚❚ pause", "args": [[None], STOP]},
    ]
    menu = {
        "type": "buttons",
        "direction": "left",
        "showactive": False,
        "buttons": buttons,
        "x": 0,
        "xanchor": "left",
        "y": -below,
        "yanchor": "top",
        "pad": {"t": 12, "r": 0},
        "bgcolor": GRID,
        "bordercolor": MUTED,
        "font": {"size": 14},
    }
    return {"sliders": [slider], "updatemenus": [menu]}
