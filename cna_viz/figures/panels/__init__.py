"""Small figures for widgets: finished analysis in, one compact drawing out, without footnote."""

from cna_viz.figures.panels.embedding import embedding_panel
from cna_viz.figures.panels.flow import flow_panel
from cna_viz.figures.panels.graph import graph_panel
from cna_viz.figures.panels.measure import measure_panel
from cna_viz.figures.panels.rational import rational_panel
from cna_viz.figures.panels.words import words_panel

__all__ = ["embedding_panel", "flow_panel", "graph_panel", "measure_panel", "rational_panel", "words_panel"]
