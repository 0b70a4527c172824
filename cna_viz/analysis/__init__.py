"""From records to tables, statistics, positions and sentences: numpy and pandas in, numpy, pandas and text out.

>>> from cna_viz import analysis
>>> analysis.arm_table(records)
>>> print(analysis.bullets(analysis.depth_findings(records)))

Some arguments mean the same everywhere: ``layer`` is the layer a slot follows, 1 … number of layers - 1; ``epoch`` a
snapshot's, the selected model's when left out; ``split`` is train, val or test; ``baseline`` the arm that others are
compared with; ``margin`` the difference of the score below which arms count as equal. All errors of the user are
:class:`~cna_viz.errors.UsageError`: unknown names, a layer or snapshot that does not exist, fewer than two pairs.
"""

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from cna_viz.analysis import claims as claims
    from cna_viz.analysis.sentences.ablation_findings import CONTROLS as CONTROLS
    from cna_viz.analysis.sentences.ablation_findings import ablation_findings as ablation_findings
    from cna_viz.analysis.sentences.ablation_findings import control_findings as control_findings
    from cna_viz.analysis.sentences.ablation_findings import effect_findings as effect_findings
    from cna_viz.analysis.sentences.ablation_findings import headline_findings as headline_findings
    from cna_viz.analysis.sentences.ablation_findings import split_findings as split_findings
    from cna_viz.analysis.sentences.architecture_findings import backbone_findings as backbone_findings
    from cna_viz.analysis.sentences.architecture_findings import cost_findings as cost_findings
    from cna_viz.analysis.sentences.architecture_findings import pareto_findings as pareto_findings
    from cna_viz.analysis.sentences.architecture_findings import sensitivity_findings as sensitivity_findings
    from cna_viz.analysis.sentences.collapse_findings import collapse_findings as collapse_findings
    from cna_viz.analysis.sentences.collapse_findings import collapse_summary as collapse_summary
    from cna_viz.analysis.sentences.collapse_findings import remedy_findings as remedy_findings
    from cna_viz.analysis.sentences.collapse_findings import which_collapse as which_collapse
    from cna_viz.analysis.sentences.findings import bullets as bullets
    from cna_viz.analysis.sentences.findings import depth_findings as depth_findings
    from cna_viz.analysis.sentences.findings import energy_is_not_accuracy as energy_is_not_accuracy
    from cna_viz.analysis.sentences.findings import reclustering_findings as reclustering_findings
    from cna_viz.analysis.sentences.findings import smoothing_findings as smoothing_findings
    from cna_viz.analysis.sentences.group_findings import cluster_count_findings as cluster_count_findings
    from cna_viz.analysis.sentences.group_findings import count_findings as count_findings
    from cna_viz.analysis.sentences.group_findings import group_findings as group_findings
    from cna_viz.analysis.sentences.group_findings import help_counts as help_counts
    from cna_viz.analysis.sentences.group_findings import help_findings as help_findings
    from cna_viz.analysis.sentences.group_findings import homophily_findings as homophily_findings
    from cna_viz.analysis.sentences.group_findings import kmeans_findings as kmeans_findings
    from cna_viz.analysis.sentences.group_findings import knowledge_findings as knowledge_findings
    from cna_viz.analysis.sentences.node_findings import confusion_findings as confusion_findings
    from cna_viz.analysis.sentences.slot_findings import cluster_findings as cluster_findings
    from cna_viz.analysis.sentences.slot_findings import cluster_flow_findings as cluster_flow_findings
    from cna_viz.analysis.sentences.slot_findings import normalization_findings as normalization_findings
    from cna_viz.analysis.sentences.slot_findings import rational_findings as rational_findings
    from cna_viz.analysis.sentences.slot_findings import rational_movement_findings as rational_movement_findings
    from cna_viz.analysis.sentences.training_notes import tuning_findings as tuning_findings
    from cna_viz.analysis.sentences.training_notes import unfinished_findings as unfinished_findings
    from cna_viz.analysis.statistics.factorial import COMPONENTS as COMPONENTS
    from cna_viz.analysis.statistics.factorial import effects as effects
    from cna_viz.analysis.statistics.intervals import confidence_interval as confidence_interval
    from cna_viz.analysis.statistics.paired import check_pairs as check_pairs
    from cna_viz.analysis.statistics.paired import compare as compare
    from cna_viz.analysis.tables.cluster_labels import has_clusters as has_clusters
    from cna_viz.analysis.tables.comparison import arm_names as arm_names
    from cna_viz.analysis.tables.comparison import group_runs as group_runs
    from cna_viz.analysis.tables.comparison import paired_table as paired_table
    from cna_viz.analysis.tables.comparison import training_settings as training_settings
    from cna_viz.analysis.tables.comparison import without_diverged as without_diverged
    from cna_viz.analysis.tables.graph_facts import homophily_of as homophily_of
    from cna_viz.analysis.tables.groups import check_splits as check_splits
    from cna_viz.analysis.tables.groups import compare_groups as compare_groups
    from cna_viz.analysis.tables.groups import split_means as split_means
    from cna_viz.analysis.tables.groups import split_tables as split_tables
    from cna_viz.analysis.tables.groups import standing_table as standing_table
    from cna_viz.analysis.tables.predictions import chance_score as chance_score
    from cna_viz.analysis.tables.tables import arm_table as arm_table
    from cna_viz.analysis.tables.tables import depth_table as depth_table
    from cna_viz.analysis.tables.tables import mean_table as mean_table
else:
    __getattr__, __dir__, __all__ = lazy_loader.attach(
        __name__,
        submodules=["claims"],
        submod_attrs={
            "sentences.ablation_findings": [
                "CONTROLS",
                "ablation_findings",
                "control_findings",
                "effect_findings",
                "headline_findings",
                "split_findings",
            ],
            "sentences.architecture_findings": [
                "backbone_findings",
                "cost_findings",
                "pareto_findings",
                "sensitivity_findings",
            ],
            "sentences.collapse_findings": [
                "collapse_findings",
                "collapse_summary",
                "remedy_findings",
                "which_collapse",
            ],
            "sentences.findings": [
                "bullets",
                "depth_findings",
                "energy_is_not_accuracy",
                "reclustering_findings",
                "smoothing_findings",
            ],
            "sentences.group_findings": [
                "cluster_count_findings",
                "count_findings",
                "group_findings",
                "help_counts",
                "help_findings",
                "homophily_findings",
                "kmeans_findings",
                "knowledge_findings",
            ],
            "sentences.node_findings": ["confusion_findings"],
            "sentences.slot_findings": [
                "cluster_findings",
                "cluster_flow_findings",
                "normalization_findings",
                "rational_findings",
                "rational_movement_findings",
            ],
            "sentences.training_notes": ["tuning_findings", "unfinished_findings"],
            "statistics.factorial": ["COMPONENTS", "effects"],
            "statistics.intervals": ["confidence_interval"],
            "statistics.paired": ["check_pairs", "compare"],
            "tables.cluster_labels": ["has_clusters"],
            "tables.comparison": ["arm_names", "group_runs", "paired_table", "training_settings", "without_diverged"],
            "tables.graph_facts": ["homophily_of"],
            "tables.groups": ["check_splits", "compare_groups", "split_means", "split_tables", "standing_table"],
            "tables.predictions": ["chance_score"],
            "tables.tables": ["arm_table", "depth_table", "mean_table"],
        },
    )
