"""Projection methods by name, and chained UMAP: each layer starts from the positions of the layer before.

UMAP (McInnes et al., arXiv 1802.03426) shows neighbourhoods, not distances, and turns a layer in which all nodes are
alike into a cloud. Such a layer is detected and not projected. With given neighbours and a given start it is
reproducible bit by bit.
"""

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, Literal, get_args

import numpy as np

from cna_viz.analysis.positions.kept import kept_array
from cna_viz.analysis.positions.projection import COLLAPSED, Projection, project_layers, relative_spread
from cna_viz.errors import UsageError
from cna_viz.files import cache_root

Array = np.ndarray[Any, Any]
Method = Literal["pca", "umap"]
METHODS: Final[tuple[Method, ...]] = get_args(Method)
PARAMETERS = {"n_neighbors": 15, "min_dist": 0.1, "first_epochs": 200, "later_epochs": 60, "seed": 0}
"""Parameters of the projection, noted under every figure that shows it."""

FEWEST: Final = 3
"""Least number of nodes that UMAP places."""


def project(layers: Sequence[Array], method: Method, cache: Path | None) -> list[Projection]:
    """Project features of the same nodes by ``pca`` (PCA with Procrustes) or ``umap`` (chained UMAP)."""
    return project_layers(layers) if method == "pca" else umap_layers(layers, cache)


def umap_layers(layers: Sequence[Array], cache: Path | None = None) -> list[Projection]:
    """Project each layer by UMAP, starting from the positions of the layer before (the first from PCA); kept on disk.

    Args:
        layers: Features per layer, each ``[nodes, channels]``, with the same nodes in the same order.
        cache: Folder of kept projections; the user's cache folder when left out.

    Returns:
        One projection per layer, centered, with root mean square radius 1; ``explained`` is NaN. Where the features
        of a layer are not all finite, its positions are NaN.

    Raises:
        UsageError: With fewer nodes than :data:`FEWEST`.
    """
    layers = [np.ascontiguousarray(layer, dtype=np.float32) for layer in layers]
    folder = cache or cache_root() / "projections"
    spreads = [relative_spread(layer) if np.isfinite(layer).all() else np.nan for layer in layers]
    positions = kept_array(folder, layers, sorted(PARAMETERS.items()), lambda: _embed_chain(layers, spreads))
    return [
        Projection(flat, spread, np.nan, collapsed=spread < COLLAPSED)
        for flat, spread in zip(positions, spreads, strict=True)
    ]


def _embed_chain(layers: Sequence[Array], spreads: Sequence[float]) -> Array:
    positions = np.zeros((len(layers), len(layers[0]), 2), dtype=np.float32)
    start: Array | None = None
    for number, (features, spread) in enumerate(zip(layers, spreads, strict=True)):
        if np.isnan(spread):
            positions[number] = np.nan
        elif spread >= COLLAPSED:
            first = start is None
            start = project_layers([features])[0].positions if start is None else start
            start = _embed(features, start, int(PARAMETERS["first_epochs" if first else "later_epochs"]))
            positions[number] = start
    return positions


def _embed(features: Array, start: Array, epochs: int) -> Array:
    if len(features) < FEWEST:
        raise UsageError(f"UMAP needs at least {FEWEST} nodes, this graph has {len(features)}: take method 'pca'")
    from sklearn.neighbors import NearestNeighbors
    from umap import UMAP

    count = min(int(PARAMETERS["n_neighbors"]), len(features) - 1)
    # Computing the neighbours here avoids umap's slow exact path for small graphs.
    distances, indices = NearestNeighbors(n_neighbors=count).fit(features).kneighbors(features)
    scale = np.abs(start).max() or 1.0
    model = UMAP(
        n_neighbors=count,
        min_dist=PARAMETERS["min_dist"],
        n_epochs=epochs,
        init=(start / scale * 10).astype(np.float32),
        precomputed_knn=(indices, distances.astype(np.float32)),
        force_approximation_algorithm=True,
        random_state=int(PARAMETERS["seed"]),
        n_jobs=1,
    )
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="precomputed_knn\\[2\\]")
        flat = model.fit_transform(features)
    flat = flat - flat.mean(axis=0)
    return np.asarray(flat / np.sqrt(np.square(flat).sum(axis=1).mean()), dtype=np.float32)
