"""Interactive views of records for JupyterLab, Notebook, VS Code and Voila.

    >>> from cna_viz import records, widgets
    >>> widgets.Explorer(records.stored_runs())

Only the playground trains and needs torch. Names are loaded on first use, which also sends plotly.js to the page.
"""

from importlib import import_module
from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from cna_viz.widgets.ablation_board.board import AblationBoard as AblationBoard
    from cna_viz.widgets.comparer import Comparer as Comparer
    from cna_viz.widgets.explorer.explorer import Explorer as Explorer
    from cna_viz.widgets.playground import Playground as Playground
    from cna_viz.widgets.prediction import Prediction as Prediction
    from cna_viz.widgets.view import View as View
else:
    _load, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "ablation_board.board": ["AblationBoard"],
            "comparer": ["Comparer"],
            "explorer.explorer": ["Explorer"],
            "playground": ["Playground"],
            "prediction": ["Prediction"],
            "view": ["View"],
        },
    )

    def __getattr__(name):
        if name in __all__:
            # A browser takes half a second to read plotly.js: it does so while the rest is imported here.
            import_module("cna_viz.widgets.library").library()
        return _load(name)
