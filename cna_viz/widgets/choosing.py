"""What the controls of several widgets have in common: rows, menus that are filled anew, and words in them."""

from collections.abc import Sequence
from typing import Any, Final

from ipywidgets import HBox, Layout, Widget

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
