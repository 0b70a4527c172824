"""One question per file: record(s) in, plotly Figure out. No training, no files, no ``show``.

Each figure is loaded when it is first used: some need statistics that take a second to import.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cna_viz.figures.accuracy_by_depth import plot_accuracy_by_depth
    from cna_viz.figures.accuracy_by_energy import plot_accuracy_by_energy
    from cna_viz.figures.accuracy_by_parameters import plot_accuracy_by_parameters
    from cna_viz.figures.accuracy_by_setting import plot_accuracy_by_setting
    from cna_viz.figures.accuracy_by_split import plot_accuracy_by_split
    from cna_viz.figures.chosen_arm import plot_chosen_arm
    from cna_viz.figures.claims import plot_claims
    from cna_viz.figures.cluster_flow import plot_cluster_flow
    from cna_viz.figures.cluster_sizes import plot_cluster_sizes
    from cna_viz.figures.clusters_by_class import plot_clusters_by_class
    from cna_viz.figures.collapse_map import plot_collapse_map
    from cna_viz.figures.confusion_matrix import plot_confusion_matrix
    from cna_viz.figures.differences import plot_differences
    from cna_viz.figures.differences_by_group import plot_differences_by_group
    from cna_viz.figures.effects import plot_effects
    from cna_viz.figures.embedding_animation import plot_embedding_animation
    from cna_viz.figures.embedding_by_layer import plot_embedding_by_layer
    from cna_viz.figures.graph import plot_graph
    from cna_viz.figures.inside_slot import plot_inside_slot
    from cna_viz.figures.interaction import plot_interaction
    from cna_viz.figures.measure_by_layer import plot_measure_by_layer
    from cna_viz.figures.measure_heatmap import plot_measure_heatmap
    from cna_viz.figures.rational_curves import plot_rational_curves
    from cna_viz.figures.rational_movement import plot_rational_movement
    from cna_viz.figures.sensitivity import plot_sensitivity
    from cna_viz.figures.training_curves import plot_training_curves
    from cna_viz.figures.two_runs import plot_two_runs

__all__ = [
    "plot_accuracy_by_depth",
    "plot_accuracy_by_energy",
    "plot_accuracy_by_parameters",
    "plot_accuracy_by_setting",
    "plot_accuracy_by_split",
    "plot_chosen_arm",
    "plot_claims",
    "plot_cluster_flow",
    "plot_cluster_sizes",
    "plot_clusters_by_class",
    "plot_collapse_map",
    "plot_confusion_matrix",
    "plot_differences",
    "plot_differences_by_group",
    "plot_effects",
    "plot_embedding_animation",
    "plot_embedding_by_layer",
    "plot_graph",
    "plot_inside_slot",
    "plot_interaction",
    "plot_measure_by_layer",
    "plot_measure_heatmap",
    "plot_rational_curves",
    "plot_rational_movement",
    "plot_sensitivity",
    "plot_training_curves",
    "plot_two_runs",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(import_module(f"{__name__}.{name.removeprefix('plot_')}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
