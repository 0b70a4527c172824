"""A hand below the columns of the flow, at the layer that is looked at: moved without drawing the flow again."""

from typing import Final

from ipywidgets import HTML

from cna_viz.figures.panels.slots import SIDE

_STYLE: Final = "position: relative; height: 1.5em; margin: 0 {side}px; font-weight: 600"


class Pointer(HTML):
    """The words ``▲ layer 5`` somewhere between the left end, 0, and the right end, 1, of a panel's columns."""

    def point(self, across: float, words: str) -> None:
        """Point at a place.

        Args:
            across: Where it is, 0 to 1.
            words: What is there; plain text without markup.
        """
        share = f"{100 * across:.4g}%"
        place = f"position: absolute; white-space: nowrap; left: {share}; transform: translateX(-{share})"
        self.value = f'<div style="{_STYLE.format(side=SIDE)}"><span style="{place}">▲ {words}</span></div>'
        self.layout.display = None

    def hide(self) -> None:
        """Point at nothing."""
        self.layout.display = "none"
