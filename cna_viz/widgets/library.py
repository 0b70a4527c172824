"""plotly.js for the browser: one widget per kernel holds it, and every figure refers to that."""

from typing import Final

import plotly
from anywidget import AnyWidget
from plotly.offline import get_plotlyjs
from traitlets import Bytes, Unicode

from cna_viz.widgets.script import library_script

OPENING: Final = '} (typeof self !== "undefined" ? self : this, () => {\n'
CLOSING: Final = "\nreturn Plotly;\n}));"
"""What plotly.js is wrapped in, so that every loader of modules can take it."""

_made: Final["list[Library]"] = []


class Library(AnyWidget):
    """A module with plotly.js, about 5 MB, sent once for all figures of a kernel."""

    _esm = library_script()
    version = Unicode(plotly.__version__).tag(sync=True)
    source = Bytes().tag(sync=True)  # as it is, which is quicker than as text within JSON


def library() -> Library:
    """Return the kernel's library, made when first asked for, and anew where somebody closed all widgets."""
    if _made and _made[0].comm is None:
        _made.clear()
    if not _made:
        _made.append(Library(source=as_module(get_plotlyjs()).encode()))
    return _made[0]


def as_module(source: str) -> str:
    """Return plotly.js as a JavaScript module with one default export.

    It is taken out of its wrapper: a browser reads the body of a function once to find its end and once more when it
    is called, which for 5 MB are some tenths of a second. Wrapped in another way it stays wrapped, with names beside
    it that keep it from looking for a loader (RequireJS) on the page.

    Args:
        source: plotly.js as it is distributed.
    """
    _, opened, rest = source.partition(OPENING)
    body, closed, after = rest.rpartition(CLOSING)
    if opened and closed and not after.strip():
        return f"{body}\nexport default Plotly;\n"
    names = "const module = { exports: {} }, exports = module.exports, define = undefined;"
    return f"{names}\n{source}\nexport default module.exports;\n"
