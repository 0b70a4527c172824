"""One figure in the browser: drawn by plotly.js, exchanged as a whole, linked to others by the nodes it shows."""

import json
import re
from collections.abc import Iterable
from html import unescape
from typing import Any, Final

import plotly.graph_objects as go
from anywidget import AnyWidget, WidgetTrait
from traitlets import Int, List, Unicode, link

from cna_viz.figures.panels.drawing import Drawing, to_json
from cna_viz.figures.style.dark_theme import counterparts
from cna_viz.widgets.library import library
from cna_viz.widgets.script import script, style
from cna_viz.widgets.view_state import ViewState

FIGURE: Final = "application/vnd.plotly.v1+json"
"""Under this name a display bundle carries the figure that stands for a widget on a page without a kernel."""

HEIGHT: Final = 450
"""Pixels, of a figure that says nothing of its height."""


class View(AnyWidget):
    """A finished figure, on light and on dark pages, with rings around the nodes that are pointed at or selected.

    Unlike ``FigureWidget``, of which each carries plotly.js with it, all views of a kernel share one. What is shown
    last is what is seen, however quickly figures follow each other; zoom is kept between figures with the same
    ``layout.uirevision``.

    Views of one group share pointer and selection within the page, without a way to the kernel and back. Linked are all
    marks whose ``customdata`` are numbers of nodes; the bars of a flow by ``layout.meta["bars"]``, a list per column of
    the bar of every node; and curves by ``layout.meta["curve_of_node"]``, the ``legendgroup`` of the curve of every
    node.
    By keyboard, arrows go from node to node, Enter selects, Escape leaves.

    Args:
        figure: What is shown first.
        group: Name of the group; a view with an empty one is linked to none.
        words: What the figure is, for those who can't see it; the figure's title when left out.
        **look: ``layout``, as of every widget.

    Attributes:
        selected: Numbers of the selected nodes, ascending. Set by the view in which they are selected; setting it
            selects in all views of the group.
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
        """Show another figure in the place of the present one.

        Args:
            figure: The figure; one that is equal is not sent again.
            words: What it is; those of the constructor, or the figure's title, when left out.
        """
        self._figure = figure
        with self.state.hold_sync():
            self.state.drawing = to_json(figure)
            self.state.words = words or self._words or _title(figure)

    def select(self, nodes: Iterable[int]) -> None:
        """Select these nodes, here and in the views of the group."""
        self.selected = sorted(map(int, nodes))

    def figure(self) -> go.Figure:
        """Return the figure that is shown, to be kept or drawn elsewhere."""
        return go.Figure(self._figure)

    def close(self) -> None:
        """Close the figure and what is told of it."""
        if (state := getattr(self, "state", None)) is not None:
            state.close()
        super().close()

    def _repr_mimebundle_(self, **arguments: Any) -> Any:
        return bundle(super()._repr_mimebundle_(**arguments), self.figure())


def bundle(view: Any, figure: go.Figure) -> dict[str, Any]:
    """Return a widget's display bundle with the figure that stands for it where there is no kernel.

    Args:
        view: The bundle of the widget alone, or bundle and metadata.
        figure: Its static figure.
    """
    data = view[0] if isinstance(view, tuple) else view
    return {**data, FIGURE: json.loads(figure.to_json())}


def _title(figure: go.Figure | Drawing) -> str:
    """Return the title without its markup."""
    text = figure["layout"]["title"]["text"] if figure["layout"]["title"] else None
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", text or "")).split()) or "figure"
