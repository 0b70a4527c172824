"""The explorer: one run, layer by layer and epoch by epoch."""

from cna_viz.widgets.explorer.explorer import Explorer
from cna_viz.widgets.view_spec import ViewSpec

__all__ = ["Explorer", "ViewSpec"]
