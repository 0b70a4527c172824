"""The explorer: one run, layer by layer and epoch by epoch."""

from cna_viz.widgets.explorer.explorer import Explorer
from cna_viz.widgets.explorer.look import Look

__all__ = ["Explorer", "Look"]
