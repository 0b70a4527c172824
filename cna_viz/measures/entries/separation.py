"""Measures against classes and inputs."""

from typing import Final

from cna_viz.measures.entry import Entry

ENTRIES: Final = (
    Entry(
        name="group_distance_ratio",
        asks="Are classes further apart than they are wide?",
        formula="(1/(C−1)²) Σ_c mean_{i∈c, j∉c} ‖x_i − x_j‖ / ((1/C) Σ_c mean_{i,j∈c} ‖x_i − x_j‖)",
        source="Zhou et al., arXiv 2006.06972, as PyG computes it, without its 1e-5",
        range="0 to ∞; about C/(C−1)² where classes are not told apart",
        scale="none",
        degenerate="∞ where classes are points; NaN where all is one point, for one class, without classes, and where "
        "x is not finite.",
        trust="To compare layers on one dataset. Not between numbers of classes: the factor 1/(C−1)² stays. Beyond "
        "4096 nodes a sample: see its standard error.",
        criticism="PyG divides by (C−1)², the authors' code averages pairs of classes on squared distances of unit "
        "rows: two numbers under one name.",
        cost="O(n²·m) for n nodes, at most about 4096",
    ),
    Entry(
        name="information_gain",
        asks="Do the features still say something about the inputs?",
        formula="(1/n) Σ_i log₂[mean_{j: k(j)=k(i)} K_ij / mean_j K_ij], K_ij = exp(−‖u_i − u_j‖²/0.8), "
        "k(i) = argmax_c x_ic, u unit input rows",
        source="Zhou et al., arXiv 2006.06972, and their released code",
        range="0 (one channel wins everywhere) to log₂ m, in bits; small negative values are possible",
        scale="none for c > 0",
        degenerate="Zero rows have channel 0; NaN without inputs and where x is not finite.",
        trust="Only to match the literature. It sees only which channel is the largest, of at most 1000 nodes.",
        criticism='Reviewers of that paper found it "somewhat weird". The released code replaces the features by their '
        "largest channel, so a rotation of the channels changes it.",
        cost="O(n² + v·m) for n nodes, at most 1000",
    ),
)
