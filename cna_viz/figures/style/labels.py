"""The words on axes and under figures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.figures.style.theme import escaped
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, WORDS

MEASURE_LABELS: Final[dict[str, str]] = {
    "feature_norm": "feature norm ‖X‖",
    "gradient_norm": "gradient norm ‖∂L/∂X‖",
    "weight_norm": "weight norm ‖W‖",
    "dirichlet_survey": "Dirichlet energy per node",
    "dirichlet_trace": "Dirichlet energy tr(XᵀLX)",
    "dirichlet_sym": "Dirichlet energy, divided by √d",
    "dirichlet_sym_loops": "Dirichlet energy tr(XᵀΔX)",
    "rayleigh": "Rayleigh energy tr(XᵀΔX) / ‖X‖²",
    "mad": "mean average distance (cosine)",
    "mad_gap": "MADGap (remote − near)",
    "mean_cosine": "mean cosine of all pairs",
    "eigenspace_distance": "distance from the eigenspace ‖X − UUᵀX‖",
    "eigenspace_distance_normalized": "distance from the eigenspace / ‖X‖",
    "numerical_rank": "numerical rank",
    "effective_rank": "effective rank",
    "rank_one_distance": "rank-one distance",
    "group_distance_ratio": "group distance ratio",
    "information_gain": "information gain (bits)",
    "cluster_entropy": "entropy of cluster sizes (nats)",
    "cluster_churn": "share of nodes that changed cluster",
    "cluster_nmi_classes": "NMI of clusters and classes",
    "cluster_ari_classes": "ARI of clusters and classes",
    "cluster_nmi_communities": "NMI of clusters and communities",
    "cluster_ari_communities": "ARI of clusters and communities",
    "cluster_nmi_previous": "NMI with the layer before",
    "cluster_ari_previous": "ARI with the layer before",
}

MEASURE_QUESTIONS: Final[dict[str, str]] = {
    "feature_norm": "Do the features vanish or explode?",
    "gradient_norm": "Does the gradient reach the first layers?",
    "weight_norm": "Do the weights shrink or grow?",
    "dirichlet_survey": "How much do neighbours differ, per node?",
    "dirichlet_trace": "How much do neighbours differ, over all edges?",
    "dirichlet_sym": "How much do neighbours differ, divided by √d?",
    "dirichlet_sym_loops": "How much do neighbours differ, seen by GCN's operator?",
    "rayleigh": "Do neighbours become alike?",
    "mad": "Do neighbours come to point the same way?",
    "mad_gap": "Do remote nodes stay further apart than near ones?",
    "mean_cosine": "Do all nodes come to point the same way?",
    "eigenspace_distance": "How far are the features from GCN's limit?",
    "eigenspace_distance_normalized": "How much of the features is outside GCN's limit?",
    "numerical_rank": "How many directions are as large as the largest?",
    "effective_rank": "How many directions do the features still use?",
    "rank_one_distance": "How far are the features from one direction?",
    "group_distance_ratio": "Are classes further apart than they are wide?",
    "information_gain": "Do the features still say something about the inputs?",
    "cluster_entropy": "Are all clusters in use?",
    "cluster_churn": "Do nodes keep their cluster from one look to the next?",
    "cluster_nmi_classes": "Do clusters agree with the classes?",
    "cluster_ari_classes": "Do clusters agree with the classes beyond chance?",
    "cluster_nmi_communities": "Do clusters agree with the communities of the graph?",
    "cluster_ari_communities": "Do clusters agree with the communities beyond chance?",
    "cluster_nmi_previous": "Do clusters agree with those of the layer before?",
    "cluster_ari_previous": "Do clusters agree with the layer before beyond chance?",
}

LOG_MEASURES: Final = frozenset(
    {
        "feature_norm",
        "gradient_norm",
        "dirichlet_survey",
        "dirichlet_trace",
        "dirichlet_sym",
        "dirichlet_sym_loops",
        "rayleigh",
        "mad",
        "eigenspace_distance",
        "eigenspace_distance_normalized",
        "rank_one_distance",
    }
)
"""Measures that range over orders of magnitude and are drawn on a logarithmic axis."""

SETTING_AXES: Final[dict[str, str]] = {
    "layers": "depth (number of convolutions)",
    "clusters": "number of clusters per slot",
    "hidden": "channels of a hidden layer",
    "csbm_homophily": "homophily (share of a node's edges that lead to its own class)",
    "lr": "learning rate",
}
"""Titles of axes that show a setting."""

SETTING_QUESTIONS: Final[dict[str, str]] = {
    "clusters": "How many clusters does it take?",
    "csbm_homophily": "What happens where neighbours belong to other classes?",
}

STAGE_LABELS: Final[dict[str, str]] = {"conv": "after the convolution", "slot": "after the slot"}


def provenance(records: Sequence[Record], *notes: str) -> str:
    """Return the footnote: dataset, split, seeds, runs, and notes."""
    runs = [record.config.facts for record in records]
    facts = [
        "dataset " + _listed(str(run["dataset"]) for run in runs),
        "split " + _listed(str(run["split"]) for run in runs),
        "seeds " + _listed(str(run["seed"]) for run in runs),
        "runs " + _listed((record.id[:8] for record in records), most=3),
    ]
    return "<br>".join([" · ".join(facts), *notes])


def points_label(metric: str) -> str:
    """Return a score and the unit of its differences."""
    less = ", less is better" if metric in LOWER_IS_BETTER else ""
    return f"{WORDS[metric]} in points" if metric in SHARES else f"{WORDS[metric]}{less}"


def student_note(metric: str) -> str:
    """Return the note on intervals of :func:`~cna_viz.analysis.statistics.intervals.confidence_interval`."""
    cut = ", cut at 0 and 100 %" if metric in SHARES else ""
    return f"mean and 95 % interval over seeds (Student t{cut})"


def left_out(runs: Mapping[str, int]) -> list[str]:
    """Return the note on arms that can't be compared: how many of their runs diverged; none where there are none."""
    listed = _listed(f"{arm} ({count} diverged)" for arm, count in runs.items())
    return [f"left out, because runs have no score: {listed}"] if runs else []


def which_model(records: Sequence[Record]) -> str:
    """Return the words on which model of each run is shown; that of a watched training is its last."""
    own = {record.config.watched is None for record in records}
    words = {True: "model of the best validation epoch", False: "model at the end of the training"}
    return f"{words[True]}; of watched networks, {words[False]}" if len(own) > 1 else words[own.pop()]


def _listed(values: Iterable[str], most: int = 6) -> str:
    distinct = list(dict.fromkeys(values))
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return escaped(", ".join(distinct[:most]) + more)


def layers_words(count: int) -> str:
    """Return a depth in words: 1 layer, 2 layers."""
    return f"{count} layer" if count == 1 else f"{count} layers"
