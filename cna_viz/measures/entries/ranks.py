"""Measures of rank."""

from typing import Final

from cna_viz.measures.entry import Entry

NOT_CENTERED = "The features are not centered, so a large common offset alone brings it close to rank one."

ENTRIES: Final = (
    Entry(
        name="numerical_rank",
        asks="How many directions are as large as the largest?",
        formula="‖X‖_F² / ‖X‖₂² = Σ_k σ_k² / σ_1²",
        source="Zhang et al., arXiv 2502.04591",
        range="1 to min(v, m)",
        scale="none",
        degenerate="0 for X = 0; zero rows and edges don't matter; NaN where x is not finite.",
        trust="Next to effective_rank, where one direction dominates: it is moved by large singular values only.",
        criticism=NOT_CENTERED,
        cost="O(v·m²)",
    ),
    Entry(
        name="effective_rank",
        asks="How many directions do the features still use?",
        formula="exp(−Σ_k p_k log p_k), p_k = σ_k / Σ_l σ_l",
        source="Roy and Vetterli 2007; Zhang et al., arXiv 2502.04591",
        range="1 (one direction) to min(v, m)",
        scale="none",
        degenerate="0 for X = 0; zero rows and edges don't matter; NaN where x is not finite.",
        trust="First: it follows the accuracy where energies stay flat (arXiv 2502.04591). Compare equal widths only.",
        criticism=f"{NOT_CENTERED} It does not know the graph: noise has full rank.",
        cost="O(v·m²)",
    ),
    Entry(
        name="rank_one_distance",
        asks="How far are the features from one direction?",
        formula="‖X/‖X‖_* − X̂/‖X̂‖_*‖_*, X̂ = ± X_:j X_i: of the largest row i and column j",
        source="Roth, arXiv 2407.11876, and his released code",
        range="0 (rank one) to 2",
        scale="none",
        degenerate="NaN for X = 0 and where x is not finite; of equally large rows or columns the first is taken.",
        trust="To see collapse to rank one, down to the rounding of the features. Far from it, ranks say more.",
        criticism="X̂ is not the closest matrix of rank one, so the value jumps where another row becomes the largest.",
        cost="O(v·m²)",
    ),
)
