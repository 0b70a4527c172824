"""How smooth, how collapsed and how large the features of a layer are: tensors in, numbers out, one idea per file."""

from collections.abc import Callable
from typing import Final

from torch import Tensor

from cna_viz.measures.edges import EdgeList
from cna_viz.measures.energy import rayleigh
from cna_viz.measures.norm import feature_norm
from cna_viz.measures.rank import effective_rank
from cna_viz.measures.similarity import mad

FEATURE_MEASURES: Final[dict[str, Callable[[Tensor, EdgeList], Tensor]]] = {
    "feature_norm": lambda x, edges: feature_norm(x),
    "rayleigh": rayleigh,
    "mad": mad,
    "effective_rank": lambda x, edges: effective_rank(x),
}
"""The measures of a feature matrix by name; each returns a scalar tensor."""

__all__ = ["FEATURE_MEASURES", "EdgeList", "effective_rank", "feature_norm", "mad", "rayleigh"]
