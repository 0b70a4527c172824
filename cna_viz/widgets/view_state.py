"""What the kernel and the browser tell each other about one figure."""

from ipywidgets import Widget
from traitlets import Int, List, Unicode


class ViewState(Widget):
    """A model without a look, of the kind that every page with widgets knows.

    It stands apart from the widget that draws: when loading the script of that one takes the page more than two
    seconds, anywidget gives up on it, and it hears no more from the kernel, although it draws all the same.

    Attributes:
        drawing: The figure as plotly.js reads it.
        height: Its height in pixels.
        words: What it is, for those who can't see it.
        group: Name of the group in which pointer and selection are shared.
        selected: Numbers of the selected nodes, ascending.
    """

    drawing = Unicode().tag(sync=True)
    height = Int().tag(sync=True)
    words = Unicode().tag(sync=True)
    group = Unicode().tag(sync=True)
    selected = List(Int()).tag(sync=True)
