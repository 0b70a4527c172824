"""Small figures for widgets: finished analysis in, one compact drawing out, without footnote."""

from cna_viz.figures.panels.drawing import words_panel
from cna_viz.figures.panels.measure import measure_panel
from cna_viz.figures.panels.nodes import embedding_panel, graph_panel
from cna_viz.figures.panels.slots import flow_panel, rational_panel

__all__ = ["embedding_panel", "flow_panel", "graph_panel", "measure_panel", "rational_panel", "words_panel"]
