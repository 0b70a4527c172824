"""Graphs and splits: what each dataset is, where its files are, how they are read, which nodes train, select and test.

    >>> from cna_viz.data import load_data, summarize

Listing datasets needs no torch; each name is loaded when first used.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from cna_viz.data.datasets import load_data as load_data
    from cna_viz.data.datasets import load_graph as load_graph
    from cna_viz.data.splits import make_split as make_split
    from cna_viz.data.summary import summarize as summarize
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submod_attrs={
            "datasets": ["load_data", "load_graph"],
            "splits": ["make_split"],
            "summary": ["summarize"],
        },
    )
