"""One question per file: record(s) in, plotly Figure out. No training, no files, no ``show``."""

from cna_viz.figures.accuracy_by_depth import plot_accuracy_by_depth
from cna_viz.figures.embedding_by_layer import plot_embedding_by_layer
from cna_viz.figures.inside_slot import plot_inside_slot
from cna_viz.figures.measure_by_layer import plot_measure_by_layer
from cna_viz.figures.measure_heatmap import plot_measure_heatmap
from cna_viz.figures.rational_curves import plot_rational_curves
from cna_viz.figures.training_curves import plot_training_curves

__all__ = [
    "plot_accuracy_by_depth",
    "plot_embedding_by_layer",
    "plot_inside_slot",
    "plot_measure_by_layer",
    "plot_measure_heatmap",
    "plot_rational_curves",
    "plot_training_curves",
]
