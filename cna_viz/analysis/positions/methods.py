"""The methods by which features become positions, by name."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from cna_viz.analysis.positions.projection import Projection, project_layers

Array = np.ndarray[Any, Any]

Method = Literal["pca", "umap"]
METHODS: Final[tuple[Method, ...]] = ("pca", "umap")


def project(layers: Sequence[Array], method: Method, cache: Path | None) -> list[Projection]:
    """Project a sequence of features of the same nodes, each turned onto, or started from, the one before.

    Args:
        layers: Features, each ``[nodes, channels]``.
        method: ``pca`` (PCA with Procrustes) or ``umap`` (chained UMAP).
        cache: Folder of kept UMAP projections; the user's cache folder when left out.
    """
    if method == "pca":
        return project_layers(layers)
    from cna_viz.analysis.positions.umap import umap_layers

    return umap_layers(layers, cache)
