"""Widgets in a report: what the page shows in their place, and why their state is not stored.

A page has no kernel, so a widget on it is dead. The contract: whoever displays a widget puts a static representation
into the same bundle, and the page shows that::

    {"application/vnd.jupyter.widget-view+json": {...}, "application/vnd.plotly.v1+json": {...}}

An image may replace the figure. Text beside a figure (``text/markdown``) is shown above it. A widget with neither
leaves a note on the page. plotly's ``FigureWidget`` does not write such bundles, so this module, loaded into a report's
kernel as an IPython extension, does; :mod:`.outputs` reads them.
"""

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from nbformat import NotebookNode

FIGURE: Final = "application/vnd.plotly.v1+json"
WIDGET: Final = "application/vnd.jupyter.widget-view+json"


def load_ipython_extension(shell: Any) -> None:
    """Make IPython's ``shell`` display a ``FigureWidget`` with its figure; plotly is not imported here."""
    bundles = shell.display_formatter.mimebundle_formatter
    bundles.for_type_by_name("plotly.graph_objs._figurewidget", "FigureWidget", _view_and_figure)


def _view_and_figure(widget: Any) -> dict[str, Any]:
    return {**widget._repr_mimebundle_(), FIGURE: json.loads(widget.to_json())}


def strip_widgets(notebook: "NotebookNode") -> None:
    """Remove the state of widgets, and the views that are dead without it, from a notebook, in place.

    One ``FigureWidget`` alone stores 5 MB of script. Static representations stay; an output that contained only a view
    becomes a few words.
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if data.pop(WIDGET, None) is not None and not data:
                data["text/plain"] = "an interactive widget"
