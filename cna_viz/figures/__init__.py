"""One question per figure: record(s) in, plotly Figure out. No training, no files, no ``show``.

Each figure is loaded when it is first used: some need statistics that take a second to import.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from cna_viz.figures.plots.accuracy_by_depth import plot_accuracy_by_depth as plot_accuracy_by_depth
    from cna_viz.figures.plots.accuracy_by_energy import plot_accuracy_by_energy as plot_accuracy_by_energy
    from cna_viz.figures.plots.accuracy_by_parameters import plot_accuracy_by_parameters as plot_accuracy_by_parameters
    from cna_viz.figures.plots.accuracy_by_setting import plot_accuracy_by_setting as plot_accuracy_by_setting
    from cna_viz.figures.plots.accuracy_by_split import plot_accuracy_by_split as plot_accuracy_by_split
    from cna_viz.figures.plots.chosen_arm import plot_chosen_arm as plot_chosen_arm
    from cna_viz.figures.plots.claims import plot_claims as plot_claims
    from cna_viz.figures.plots.cluster_flow import plot_cluster_flow as plot_cluster_flow
    from cna_viz.figures.plots.cluster_sizes import plot_cluster_sizes as plot_cluster_sizes
    from cna_viz.figures.plots.clusters_by_class import plot_clusters_by_class as plot_clusters_by_class
    from cna_viz.figures.plots.collapse_map import plot_collapse_map as plot_collapse_map
    from cna_viz.figures.plots.confusion_matrix import plot_confusion_matrix as plot_confusion_matrix
    from cna_viz.figures.plots.differences import plot_differences as plot_differences
    from cna_viz.figures.plots.differences_by_group import plot_differences_by_group as plot_differences_by_group
    from cna_viz.figures.plots.effects import plot_effects as plot_effects
    from cna_viz.figures.plots.embedding_animation import plot_embedding_animation as plot_embedding_animation
    from cna_viz.figures.plots.embedding_by_layer import plot_embedding_by_layer as plot_embedding_by_layer
    from cna_viz.figures.plots.graph import plot_graph as plot_graph
    from cna_viz.figures.plots.inside_slot import plot_inside_slot as plot_inside_slot
    from cna_viz.figures.plots.interaction import plot_interaction as plot_interaction
    from cna_viz.figures.plots.measure_by_layer import plot_measure_by_layer as plot_measure_by_layer
    from cna_viz.figures.plots.measure_heatmap import plot_measure_heatmap as plot_measure_heatmap
    from cna_viz.figures.plots.rational_curves import plot_rational_curves as plot_rational_curves
    from cna_viz.figures.plots.rational_movement import plot_rational_movement as plot_rational_movement
    from cna_viz.figures.plots.sensitivity import plot_sensitivity as plot_sensitivity
    from cna_viz.figures.plots.training_curves import plot_training_curves as plot_training_curves
    from cna_viz.figures.plots.two_runs import plot_two_runs as plot_two_runs
    from cna_viz.figures.style.dark_theme import dark as dark
else:
    _plots = (
        "accuracy_by_depth accuracy_by_energy accuracy_by_parameters accuracy_by_setting accuracy_by_split chosen_arm "
        "claims cluster_flow cluster_sizes clusters_by_class collapse_map confusion_matrix differences "
        "differences_by_group effects embedding_animation embedding_by_layer graph inside_slot interaction "
        "measure_by_layer measure_heatmap rational_curves rational_movement sensitivity training_curves two_runs"
    )
    _table = {f"plots.{name}": [f"plot_{name}"] for name in _plots.split()}
    __getattr__, __dir__, __all__ = lazy_loader.attach(__name__, submod_attrs={**_table, "style.dark_theme": ["dark"]})
