"""Widgets in a report: what stands in their place on the page, and why their state is not kept.

A page has no kernel, so a widget on it is dead. The contract: what displays a widget puts a static representation into
the same bundle, and the page shows that::

    {"application/vnd.jupyter.widget-view+json": {...}, "application/vnd.plotly.v1+json": {...}}

An image (``image/png``, ``image/svg+xml``, ``image/jpeg``) will do in the place of a figure. Beside a figure may stand
what the widget says in words (``text/markdown``), which the page shows above it. A widget with neither leaves a note on
the page. :mod:`.outputs` keeps the reading end of the contract. ``FigureWidget`` of plotly does not
keep the writing end, so this module, loaded into a report's kernel as an IPython extension, does it for it.
"""

import json
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from nbformat import NotebookNode

FIGURE: Final = "application/vnd.plotly.v1+json"
WIDGET: Final = "application/vnd.jupyter.widget-view+json"
_NOTHING_ELSE: Final = "an interactive widget"


def load_ipython_extension(shell: Any) -> None:
    """Let a ``FigureWidget`` display its figure beside its view; plotly is imported by the notebook, or never.

    Args:
        shell: IPython's shell.
    """
    bundles = shell.display_formatter.mimebundle_formatter
    bundles.for_type_by_name("plotly.graph_objs._figurewidget", "FigureWidget", _view_and_figure)


def _view_and_figure(widget: Any) -> dict[str, Any]:
    return {**widget._repr_mimebundle_(), FIGURE: json.loads(widget.to_json())}


def strip_widgets(notebook: "NotebookNode") -> None:
    """Take the state of widgets, and the views that are dead without it, from a notebook that is to be stored.

    One ``FigureWidget`` alone stores 5 MB of script. Static representations stay, and so does every output: one that
    held nothing but a view says in words what it was.

    Args:
        notebook: Changed in place.
    """
    notebook.metadata.pop("widgets", None)
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if data.pop(WIDGET, None) is not None and not data:
                data["text/plain"] = _NOTHING_ELSE
