"""What the controls of several widgets have in common: rows, menus that are filled anew, and words in them."""

from collections.abc import Sequence
from typing import Any, Final

from ipywidgets import HBox, IntSlider, Layout, Play, Widget

METHOD_WORDS: Final = {"pca": "PCA", "umap": "UMAP (takes a while)"}
"""Ways to project, in the words of a menu."""


def row(*controls: Widget) -> HBox:
    """Return controls side by side, in several lines where the page is narrow."""
    return HBox(controls, layout=Layout(flex_flow="row wrap", align_items="center", grid_gap="0 16px"))


def offer(menu: Any, options: Sequence[tuple[str, Any]], value: object) -> None:
    """Offer options and choose one.

    Args:
        menu: A control with options: a menu, a slider over them, or buttons.
        options: Pairs of words and value.
        value: The value that is chosen.
    """
    # Options that are set anew choose the first of them, which would be seen.
    if list(menu.options) != list(options):
        with menu.hold_sync():
            menu.options, menu.value = options, value
    menu.value = value


def move(slider: IntSlider, player: Play, value: int) -> None:
    """Move a slider and its player, which are linked in the browser.

    Nothing is sent where the slider is there already. When somebody moves it, the browser moves the player; told to do
    so from here, too, it would set back a slider that has been moved on meanwhile.
    """
    if slider.value != value:
        player.value = slider.value = value
