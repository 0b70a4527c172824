"""Measures of direction, and of the distance to what propagation tends to."""

from typing import Final

from cna_viz.measures.entry import Entry

ROWS = "Two zero rows count as alike, a zero and a non-zero row as orthogonal"
COSINE = (
    "It looks at directions only: with one channel, or after ReLU in few channels, it is small without any smoothing. "
    "Which nodes and masks are averaged differs between papers (Chen et al. against arXiv 2303.10993, which sums)."
)

ENTRIES: Final = (
    Entry(
        name="mad",
        asks="Do neighbours come to point the same way?",
        formula="mean over i of mean over j∈N_i of 1 − cos(x_i, x_j)",
        source="Chen et al., AAAI 2020, restricted to neighbours",
        range="0 (neighbours point the same way) to 2",
        scale="none; blind to the length of every row",
        degenerate=f"{ROWS}; isolated nodes are left out; NaN without edges and where x is not finite.",
        trust="Next to an energy: together they tell whether lengths or directions of neighbours differ.",
        criticism=COSINE,
        cost="O(E·m)",
    ),
    Entry(
        name="mad_gap",
        asks="Do remote nodes stay further apart than near ones?",
        formula="MAD(at least 8 hops, or unreachable) − MAD(1 to 3 hops)",
        source="Chen et al., AAAI 2020",
        range="−2 to 2; 0 once all is smooth",
        scale="none; blind to the length of every row",
        degenerate=f"{ROWS}; NaN where no pair is near or none is remote, and where x is not finite.",
        trust="On homophilic graphs of large diameter. Beyond 3000 nodes a sample: see its standard error. CNA's code "
        "takes every node that is no neighbour as remote, so its numbers differ.",
        criticism=f"{COSINE} It takes for granted that near nodes ought to be alike.",
        cost="O(pairs·m), at most 3000² pairs",
    ),
    Entry(
        name="mean_cosine",
        asks="Do all nodes come to point the same way?",
        formula="(‖Σ_i u_i‖² − v) / (v(v−1)), u_i = x_i/‖x_i‖",
        source="MAD of Chen et al., AAAI 2020, without a mask and as a similarity",
        range="−1/(v−1) to 1 (all point the same way)",
        scale="none; blind to the length of every row",
        degenerate=f"{ROWS}; NaN for fewer than two nodes and where x is not finite.",
        trust="To see global collapse, also between components. After ReLU features are alike to begin with.",
        criticism=COSINE,
        cost="O(v·m)",
    ),
    Entry(
        name="eigenspace_distance",
        asks="How far are the features from GCN's limit?",
        formula="d_M = ‖X − UUᵀX‖_F, U: √(d+1) on each component, of length 1",
        source="Oono and Suzuki, arXiv 1905.10947",
        range="0 to ‖X‖_F",
        scale="goes with c",
        degenerate="0 for X = 0 and without edges; NaN where x is not finite.",
        trust="Not without feature_norm: small features are close to everything.",
        criticism="It scales with the features (Roth, arXiv 2407.11876); large variance of the weights avoids the "
        "limit (Epping et al., NeurIPS 2024).",
        cost="O(v·m)",
    ),
    Entry(
        name="eigenspace_distance_normalized",
        asks="How much of the features is outside GCN's limit?",
        formula="‖X − UUᵀX‖_F / ‖X‖_F",
        source="Oono and Suzuki, arXiv 1905.10947, normalized as Roth, arXiv 2407.11876, asks",
        range="0 (in the space) to 1 (orthogonal to it)",
        scale="none",
        degenerate="NaN for X = 0; 0 without edges; NaN where x is not finite.",
        trust="For GCN. On a connected graph the space has one direction: random features are nearly orthogonal.",
        criticism="Features can lose their rank without coming near this space (Roth, arXiv 2407.11876).",
        cost="O(v·m)",
    ),
)
