"""Measures of smoothness along edges that know the length of rows."""

from typing import Final

from cna_viz.measures.entry import Entry

FLAT = (
    "Energies are informative only for very deep networks and stay flat while the accuracy falls (Zhang et al., arXiv "
    "2502.04591)."
)
AXIOMS = (
    "Constant features have energy on a graph that is not regular, so it fails the axioms of a node similarity (Bison "
    "and Sperduti, arXiv 2512.09890)."
)
SQUARE = "Not without feature_norm: small features have small energy however they are arranged."
NO_EDGE = "0 for X = 0 and without edges; isolated nodes add nothing; NaN where x is not finite."

ENTRIES: Final = (
    Entry(
        name="dirichlet_survey",
        asks="How much do neighbours differ, per node?",
        formula="(1/v) Σ_i Σ_{j∈N_i} ‖x_i − x_j‖²",
        source="Rusch, Bronstein and Mishra, arXiv 2303.10993",
        range="0 (constant on every component) to ∞",
        scale="goes with c²",
        degenerate="0 for X = 0 and without edges; isolated nodes count in v only; NaN where x is not finite.",
        trust=f"To match numbers of the literature. {SQUARE}",
        criticism=f"{FLAT} It scales with the features (Roth, arXiv 2407.11876).",
        cost="O(E·m)",
    ),
    Entry(
        name="dirichlet_trace",
        asks="How much do neighbours differ, over all edges?",
        formula="tr(XᵀLX) = Σ_{ij∈E} ‖x_i − x_j‖², L = D − A",
        source="the released code of CNA; Bison and Sperduti, arXiv 2512.09890, divide it by v",
        range="0 (constant on every component) to ∞",
        scale="goes with c²",
        degenerate=NO_EDGE,
        trust=f"For operators that keep constant features, such as the mean over neighbours. {SQUARE}",
        criticism=f"{FLAT} It scales with the features (Roth, arXiv 2407.11876).",
        cost="O(E·m)",
    ),
    Entry(
        name="dirichlet_sym",
        asks="How much do neighbours differ, divided by √d?",
        formula="Σ_{ij∈E} ‖x_i/√d_i − x_j/√d_j‖²",
        source="the form of Cai and Wang, arXiv 2006.13318, without self-loops",
        range="0 (proportional to √d on every component) to ∞",
        scale="goes with c²",
        degenerate=NO_EDGE,
        trust=f"For operators without self-loops, D^(−½)AD^(−½). {SQUARE}",
        criticism=f"{AXIOMS} {FLAT}",
        cost="O(E·m)",
    ),
    Entry(
        name="dirichlet_sym_loops",
        asks="How much do neighbours differ, seen by GCN's operator?",
        formula="tr(XᵀΔX) = Σ_{ij∈E} ‖x_i/√(d_i+1) − x_j/√(d_j+1)‖², Δ = I − D̂^(−½)(A+I)D̂^(−½)",
        source="Cai and Wang, arXiv 2006.13318",
        range="0 (proportional to √(d+1) on every component) to ∞",
        scale="goes with c²",
        degenerate=NO_EDGE,
        trust=f"For GCN, whose operator it matches. {SQUARE} rayleigh is the same without that trap.",
        criticism=f"{AXIOMS} {FLAT}",
        cost="O(E·m)",
    ),
    Entry(
        name="rayleigh",
        asks="Do neighbours become alike?",
        formula="tr(XᵀΔX) / ‖X‖_F², Δ = I − D̂^(−½)(A+I)D̂^(−½)",
        source="Roth, arXiv 2407.11876",
        range="0 (proportional to √(d+1) on every component) to below 2",
        scale="none",
        degenerate="NaN for X = 0; 0 without edges; isolated nodes add to ‖X‖ only; NaN where x is not finite.",
        trust="As the energy of choice for GCN. A high value is not a high accuracy: noise has energy as well.",
        criticism=f"{AXIOMS} Being normalized, it does not see features vanish. {FLAT}",
        cost="O(E·m)",
    ),
)
