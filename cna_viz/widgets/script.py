"""The script and the style of our figures in the browser, from the files in ``scripts``."""

from functools import cache
from importlib.resources import files
from typing import Final

from cna_viz.figures.style.dark_theme import exchange_script

PARTS: Final = (
    "page.js",
    "plotly.js",
    "webgl.js",
    "group.js",
    "places.js",
    "overlay.js",
    "keys.js",
    "labels.js",
    "view.js",
)
"""One module for the browser, in this order: a widget's script can't import files."""


@cache
def script() -> str:
    """Return the JavaScript module that draws a :class:`~cna_viz.widgets.view.View`."""
    return "\n".join([exchange_script(), *map(_read, PARTS)])


@cache
def library_script() -> str:
    """Return the JavaScript module of the :class:`~cna_viz.widgets.library.Library`."""
    return "\n".join(map(_read, ("plotly.js", "library.js")))


@cache
def style() -> str:
    """Return the CSS of all widgets."""
    return _read("view.css")


def _read(name: str) -> str:
    return files("cna_viz.widgets").joinpath("scripts", name).read_text(encoding="utf-8")
