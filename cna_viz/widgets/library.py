"""The code of our figures in the browser: plotly.js, one widget per kernel, and our scripts and style."""

from functools import cache
from importlib.resources import files
from typing import Final

import plotly
from anywidget import AnyWidget
from plotly.offline import get_plotlyjs
from traitlets import Bytes, Unicode

from cna_viz.figures.style.dark_theme import exchange_script

PARTS: Final = ("page", "plotly", "webgl", "group", "places", "overlay", "keys", "labels", "view")
"""Scripts of one browser module, in this order: a widget's script can't import files."""
OPENING: Final = '} (typeof self !== "undefined" ? self : this, () => {\n'
CLOSING: Final = "\nreturn Plotly;\n}));"
"""The wrapper of plotly.js, which suits every module loader."""

_made: Final["list[Library]"] = []


@cache
def script() -> str:
    """Return the JavaScript module that draws a :class:`~cna_viz.widgets.view.View`."""
    return "\n".join([exchange_script(), *(_read(f"{name}.js") for name in PARTS)])


@cache
def style() -> str:
    """Return the CSS of all widgets."""
    return _read("view.css")


def _read(name: str) -> str:
    return files("cna_viz.widgets").joinpath("scripts", name).read_text(encoding="utf-8")


class Library(AnyWidget):
    """A module with plotly.js, about 5 MB, sent once for all figures of a kernel."""

    _esm = _read("plotly.js") + "\n" + _read("library.js")
    version = Unicode(plotly.__version__).tag(sync=True)
    source = Bytes().tag(sync=True)  # unencoded, which is faster than text within JSON


def library() -> Library:
    """Return the kernel's library; it is made on first use, and again after all widgets were closed."""
    if _made and _made[0].comm is None:
        _made.clear()
    if not _made:
        _made.append(Library(source=as_module(get_plotlyjs()).encode()))
    return _made[0]


def as_module(source: str) -> str:
    """Return plotly.js as a JavaScript module with one default export.

    Its wrapper is removed: a browser parses the body of a function twice, which takes some tenths of a second for 5 MB.
    An unknown wrapper stays, with names beside it that hide the page's loader (RequireJS).
    """
    _, opened, rest = source.partition(OPENING)
    body, closed, after = rest.rpartition(CLOSING)
    if opened and closed and not after.strip():
        return f"{body}\nexport default Plotly;\n"
    names = "const module = { exports: {} }, exports = module.exports, define = undefined;"
    return f"{names}\n{source}\nexport default module.exports;\n"
