"""Base of the widgets: controls and figures in a box that reports errors and has a static figure."""

from collections.abc import Callable, Iterator
from typing import Any

import plotly.graph_objects as go
from ipywidgets import VBox, Widget

from cna_viz.errors import CnaVizError
from cna_viz.progress import is_batch
from cna_viz.widgets.prose import Notice
from cna_viz.widgets.view import bundle


class Panel(VBox):
    """Base of the widgets: a subclass makes its controls and views, passes them to :meth:`compose`, and observes them.

    Attributes:
        notice: Reports errors.
    """

    def __init__(self) -> None:
        self.notice = Notice()
        super().__init__([self.notice])

    def compose(self, *children: Widget) -> None:
        """Put the widget together, with the notice below the first child, the controls."""
        self.children = (*children[:1], self.notice, *children[1:])

    def guarded(self, act: Callable[[], None]) -> Callable[[object], None]:
        """Return an observer that clears the notice and runs ``act``; errors that a user can cause go to the notice."""

        def observer(change: object = None) -> None:
            self.notice.clear()
            try:
                act()
            except CnaVizError as error:
                self.notice.say(str(error))

        return observer

    def figure(self) -> go.Figure:
        """Return the static figure of the present state."""
        raise NotImplementedError

    def words(self) -> str:
        """Return the sentences beside the figure as Markdown; a report shows them above it."""
        return ""

    def close(self) -> None:
        """Close the widget, everything in it, and all observers."""
        # A widget whose constructor failed is closed, too, when it is collected.
        for widget in list(_within(self)):
            widget.unobserve_all()
            if widget is not self:
                widget.close()
        super().close()

    def _repr_mimebundle_(self, **arguments: Any) -> dict[str, Any]:
        view: dict[str, Any] = super()._repr_mimebundle_(**arguments)
        if not is_batch():
            return view  # drawing the figure would only cost time
        words = {"text/markdown": said} if (said := self.words()) else {}
        return bundle(view, self.figure()) | words


def _within(widget: Widget) -> Iterator[Widget]:
    """Yield the widgets inside a widget, with layouts and styles, and last the widget itself."""
    for child in getattr(widget, "children", ()):
        yield from _within(child)
    for name in ("layout", "style"):
        if isinstance(held := getattr(widget, name, None), Widget):
            yield held
    yield widget
