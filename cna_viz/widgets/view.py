"""A figure in the browser: drawn by plotly.js, replaced as a whole, linked to others by the nodes it shows."""

import json
import re
from collections.abc import Iterable
from html import unescape
from typing import Any, Final

import plotly.graph_objects as go
from anywidget import AnyWidget, WidgetTrait
from ipywidgets import Widget
from traitlets import Int, List, Unicode, link

from cna_viz.figures.panels.drawing import Drawing, to_json
from cna_viz.figures.style.dark_theme import counterparts
from cna_viz.widgets.library import library, script, style

FIGURE: Final = "application/vnd.plotly.v1+json"
"""MIME type of the static figure of a widget, shown on pages without a kernel."""

HEIGHT: Final = 450
"""Default height of a figure in pixels."""


class ViewState(Widget):
    """The state of one figure, shared by kernel and browser; a model without a view, which every page knows.

    It is separate from the widget that draws: if a page takes more than two seconds to load that widget's script,
    anywidget stops listening to the kernel, although the widget draws.
    """

    drawing = Unicode().tag(sync=True)
    height = Int().tag(sync=True)
    words = Unicode().tag(sync=True)
    group = Unicode().tag(sync=True)
    selected = List(Int()).tag(sync=True)


class View(AnyWidget):
    """A finished figure, on light and on dark pages, with rings around pointed-at and selected nodes.

    Unlike ``FigureWidget``, which carries its own plotly.js, all views of a kernel share one. The last figure shown is
    the one seen, however quickly figures follow each other; zoom is kept between figures with the same
    ``layout.uirevision``.

    Views of one group share pointer and selection within the page, without the kernel. Linked are all marks whose
    ``customdata`` are numbers of nodes; the bars of a flow by ``layout.meta["bars"]``, a list per column of the bar of
    every node; and curves by ``layout.meta["curve_of_node"]``, the ``legendgroup`` of the curve of every node.
    By keyboard, arrows go from node to node, Enter selects, Escape leaves.

    Args:
        figure: The first figure.
        group: Name of the group; empty for an unlinked view.
        words: Text alternative; the figure's title when left out.
        **look: ``layout``, as of every widget.

    Attributes:
        selected: Selected nodes, ascending. Set by the view in which they are selected; setting it selects in all views
            of the group.
    """

    _esm = script()
    _css = style()
    library = WidgetTrait().tag(sync=True)
    state = WidgetTrait().tag(sync=True)
    counterparts = Unicode().tag(sync=True)
    selected = List(Int())

    def __init__(self, figure: go.Figure | Drawing, *, group: str = "", words: str = "", **look: Any) -> None:
        self._figure, self._words = figure, words
        state = ViewState(
            drawing=to_json(figure),
            height=figure["layout"]["height"] or HEIGHT,
            words=words or _title(figure),
            group=group,
        )
        super().__init__(**look, library=library(), state=state, counterparts=json.dumps(dict(counterparts())))
        link((self, "selected"), (state, "selected"))

    def show(self, figure: go.Figure | Drawing, words: str = "") -> None:
        """Replace the figure.

        Args:
            figure: The new figure; an equal one is not sent again.
            words: Text alternative; that of the constructor, or the figure's title, when left out.
        """
        self._figure = figure
        with self.state.hold_sync():
            self.state.drawing = to_json(figure)
            self.state.words = words or self._words or _title(figure)

    def select(self, nodes: Iterable[int]) -> None:
        """Select these nodes, here and in the views of the group."""
        self.selected = sorted(map(int, nodes))

    def figure(self) -> go.Figure:
        """Return the present figure."""
        return go.Figure(self._figure)

    def close(self) -> None:
        """Close the figure and its state."""
        if (state := getattr(self, "state", None)) is not None:
            state.close()
        super().close()

    def _repr_mimebundle_(self, **arguments: Any) -> Any:
        return bundle(super()._repr_mimebundle_(**arguments), self.figure())


def bundle(view: Any, figure: go.Figure) -> dict[str, Any]:
    """Return a widget's display bundle (with metadata or without) and the static figure for pages without a kernel."""
    data = view[0] if isinstance(view, tuple) else view
    return {**data, FIGURE: json.loads(figure.to_json())}


def _title(figure: go.Figure | Drawing) -> str:
    """Return the title without its markup."""
    text = figure["layout"]["title"]["text"] if figure["layout"]["title"] else None
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text or "")).split()) or "figure"
