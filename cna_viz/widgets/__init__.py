"""Records to look into by hand, in JupyterLab, Notebook, VS Code and Voila: controls choose, figures show.

    >>> from cna_viz import records, widgets
    >>> widgets.Explorer(records.stored_runs())

Only the playground trains and needs torch. Importing this imports nothing heavy; each name is loaded when it is first
used, and plotly.js is on its way to the page from then on.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from cna_viz.widgets.ablation_board.board import AblationBoard
    from cna_viz.widgets.comparer.comparer import Comparer
    from cna_viz.widgets.explorer.explorer import Explorer
    from cna_viz.widgets.playground import Playground
    from cna_viz.widgets.prediction import Prediction
    from cna_viz.widgets.view import View

_HOMES: Final = {
    "AblationBoard": "cna_viz.widgets.ablation_board.board",
    "Comparer": "cna_viz.widgets.comparer.comparer",
    "Explorer": "cna_viz.widgets.explorer.explorer",
    "Playground": "cna_viz.widgets.playground",
    "Prediction": "cna_viz.widgets.prediction",
    "View": "cna_viz.widgets.view",
}

__all__ = ["AblationBoard", "Comparer", "Explorer", "Playground", "Prediction", "View"]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        # A browser takes half a second to read plotly.js, and does so while the rest is imported here.
        import_module("cna_viz.widgets.library").library()
        return getattr(import_module(_HOMES[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
