"""The comparer: two runs side by side, layer by layer."""

from cna_viz.widgets.comparer.comparer import Comparer
from cna_viz.widgets.view_spec import ViewSpec

__all__ = ["Comparer", "ViewSpec"]
