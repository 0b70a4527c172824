"""What all our widgets are: controls and figures in a box, errors said in it, a static figure where no kernel is."""

from collections.abc import Callable, Iterator
from typing import Any

import plotly.graph_objects as go
from ipywidgets import VBox, Widget

from cna_viz.errors import CnaVizError
from cna_viz.progress import is_batch
from cna_viz.widgets.notice import Notice
from cna_viz.widgets.view import bundle


class Panel(VBox):
    """Base of the widgets: a subclass makes its controls and views, hands them to :meth:`compose`, and observes them.

    Attributes:
        notice: Where errors are said.
    """

    def __init__(self) -> None:
        self.notice = Notice()
        self._kept: list[Widget] = []
        super().__init__([self.notice])

    def compose(self, *children: Widget) -> None:
        """Put the widget together; the notice stands below the first child, the controls."""
        self.children = (*children[:1], self.notice, *children[1:])

    def keep(self, widget: Widget) -> None:
        """Close a widget that is no child, such as a link, together with this one."""
        self._kept.append(widget)

    def guarded(self, act: Callable[[], None]) -> Callable[[object], None]:
        """Return an observer that runs ``act``.

        What was said before is gone then; an error that a user can cause is said in the notice, not raised in a cell.
        """

        def observer(change: object = None) -> None:
            self.notice.clear()
            try:
                act()
            except CnaVizError as error:
                self.notice.say(str(error))

        return observer

    def figure(self) -> go.Figure:
        """Return the static figure of the present state, for reports and files."""
        raise NotImplementedError

    def words(self) -> str:
        """Return what the widget says beside its figure, as Markdown; a report shows it above the figure."""
        return ""

    def close(self) -> None:
        """Close the widget and all that is in it, its observers with them."""
        # One that was refused while it was made is closed, too, by its end.
        for widget in [*getattr(self, "_kept", ()), *_within(self)]:
            widget.unobserve_all()
            if widget is not self:
                widget.close()
        super().close()

    def _repr_mimebundle_(self, **arguments: Any) -> dict[str, Any]:
        view: dict[str, Any] = super()._repr_mimebundle_(**arguments)
        if not is_batch():
            return view  # the figure would only be waited for
        words = {"text/markdown": said} if (said := self.words()) else {}
        return bundle(view, self.figure()) | words


def _within(widget: Widget) -> Iterator[Widget]:
    """Yield the widget and all that it holds, layouts and styles too, each after what it holds."""
    for child in getattr(widget, "children", ()):
        yield from _within(child)
    for name in ("layout", "style"):
        if isinstance(held := getattr(widget, name, None), Widget):
            yield held
    yield widget
