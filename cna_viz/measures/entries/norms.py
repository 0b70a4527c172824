"""Measures of size."""

from typing import Final

from cna_viz.measures.entry import Entry

ENTRIES: Final = (
    Entry(
        name="feature_norm",
        asks="Do the features vanish or explode?",
        formula="‖X‖_F = √(Σ_ic x_ic²)",
        source="the Frobenius norm",
        range="0 to ∞",
        scale="goes with c",
        degenerate="0 for X = 0; infinite or NaN where a feature is.",
        trust="Always, and next to every energy that is not scale-free: those go with its square.",
        criticism="Says nothing of smoothness; it is here because Roth (arXiv 2407.11876) asks to normalize first.",
        cost="O(v·m)",
    ),
    Entry(
        name="gradient_norm",
        asks="Does the gradient reach the first layers?",
        formula="‖∂L/∂X‖_F",
        source="the Frobenius norm, of the gradient of the loss at the features of a layer",
        range="0 to ∞; a fall over the layers towards the input is a vanishing gradient",
        scale="does not apply; goes with the loss",
        degenerate="0 where no gradient arrives; NaN where the features depend on no weights, and in an epoch of a "
        "watched loop without a step.",
        trust="To tell smoothing from training that fails. Compare layers of one network, not networks.",
        criticism="Drops blamed on smoothing can be vanishing gradients (Park et al., arXiv 2506.04653), which share "
        "their mechanism with collapse (Arroyo et al., arXiv 2502.10818); errors that go back are smoothed as well "
        "(Keriven, PMLR v306).",
        cost="O(v·m)",
    ),
    Entry(
        name="weight_norm",
        asks="Do the weights shrink or grow?",
        formula="‖W‖_F = √(Σ_p ‖W_p‖_F²), over the parameters p with two dimensions or more",
        source="the Frobenius norm",
        range="0 to ∞",
        scale="does not apply; goes with the weights",
        degenerate="0 for a module without weights; infinite or NaN where a weight is.",
        trust="To see whether features shrink because weights do. Convolutions of different kinds are not comparable.",
        criticism="It is the spectrum of the weights and not their norm that enters the bounds of Oono and Suzuki "
        "(arXiv 1905.10947); large variance of the weights avoids smoothing (Epping et al., NeurIPS 2024).",
        cost="O(parameters)",
    ),
)
