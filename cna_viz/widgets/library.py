"""plotly.js for the browser: one widget per kernel holds it, and every figure refers to that."""

from typing import Final

import plotly
from anywidget import AnyWidget
from plotly.offline import get_plotlyjs
from traitlets import Bytes, Unicode

from cna_viz.widgets.script import library_script

_made: Final["list[Library]"] = []


class Library(AnyWidget):
    """The source of plotly.js, about 5 MB, sent once for all figures of a kernel."""

    _esm = library_script()
    version = Unicode(plotly.__version__).tag(sync=True)
    source = Bytes().tag(sync=True)  # as it is, which is quicker than as text within JSON


def library() -> Library:
    """Return the kernel's library, made when first asked for, and anew where somebody closed all widgets."""
    if _made and _made[0].comm is None:
        _made.clear()
    if not _made:
        _made.append(Library(source=get_plotlyjs().encode()))
    return _made[0]
