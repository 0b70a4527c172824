"""Embeddings of successive layers in two dimensions, comparable from layer to layer.

PCA of each layer, rotated to match the previous one (orthogonal Procrustes), on one scale: a layer whose nodes have all
become alike is drawn as a point. (UMAP draws such a layer as a cloud.)
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import eigh, orthogonal_procrustes, qr

Array = np.ndarray[Any, Any]

COLLAPSED = 1e-6
"""Relative spread below which a layer counts as collapsed: differences that small are rounding errors of float32."""


@dataclass(frozen=True)
class Projection:
    """Positions of the nodes at one layer.

    Attributes:
        positions: ``[nodes, 2]``; zeros where the layer is collapsed.
        spread: Root mean square distance from the mean row, divided by the root mean square length of the rows: 0 where
            all nodes are alike, 1 where the mean is the origin, NaN where no row is finite.
        explained: Share of the variance that the two dimensions keep; NaN where collapsed or where the method has none.
        collapsed: Whether all nodes are alike.
    """

    positions: Array
    spread: float
    explained: float
    collapsed: bool

    @property
    def has_places(self) -> bool:
        """Whether nodes lie apart from each other, so that another layer can be rotated to match this one."""
        return not self.collapsed and bool(np.isfinite(self.positions).any())


def relative_spread(features: Array) -> float:
    """Return the root mean square distance of rows from their mean over their root mean square length; 0 for zeros."""
    features = _unit_scale(features)
    size = float(np.square(features).sum())
    return float(np.sqrt(np.square(features - features.mean(axis=0)).sum() / size)) if size > 0 else 0.0


def project_layers(layers: Sequence[Array]) -> list[Projection]:
    """Project each layer by PCA and rotate it to match the last layer before it that was not collapsed.

    Rows are scaled so that their root mean square length is 1 in every layer; distances in the picture are shares of
    that length and comparable between layers. A row that is not finite gets NaN positions.

    Args:
        layers: Features per layer, each ``[nodes, channels]``; channels may differ.
    """
    return aligned([_pca(np.asarray(features, dtype=np.float64)) for features in layers])


def aligned(projections: Sequence[Projection], onto: Sequence[Projection] = ()) -> list[Projection]:
    """Return the projections of a network's layers, each rotated to match the same layer of another network.

    The orientation of a projection means nothing, so two networks with the same features would otherwise look
    different. Where the other network (``onto``) has no such layer, or a collapsed or non-finite one, a layer is
    rotated to match the last one before it.
    """
    found: list[Projection] = []
    reference = None
    for number, projection in enumerate(projections):
        other = onto[number] if number < len(onto) else None
        reference = other.positions if other is not None and other.has_places else reference
        if reference is not None and projection.has_places:
            projection = replace(projection, positions=turned(projection.positions, reference))
        if projection.has_places:
            reference = projection.positions
        found.append(projection)
    return found


def _pca(features: Array) -> Projection:
    finite = np.isfinite(features).all(axis=1)
    positions = np.full((len(features), 2), np.nan)
    if not finite.any():
        return Projection(positions, np.nan, np.nan, collapsed=False)
    kept = _unit_scale(features[finite])
    spread = relative_spread(kept)
    if spread < COLLAPSED:
        positions[finite] = 0
        return Projection(positions, spread, np.nan, collapsed=True)
    centered = (kept - kept.mean(axis=0)) / np.sqrt(np.square(kept).sum(axis=1).mean())
    flat = centered @ _directions(centered)
    positions[finite] = np.pad(flat, ((0, 0), (0, 2 - flat.shape[1])))
    explained = min(float(np.square(flat).sum() / np.square(centered).sum()), 1.0)
    return Projection(positions, spread, explained, collapsed=False)


def _directions(centered: Array) -> Array:
    """Return the one or two directions of greatest variance, ``[channels, directions]``, the greatest first.

    From the covariance of the channels, or of the nodes where these are fewer: several times as quick as singular
    values of the features. Directions that hold less than 1e-8 of the length get lost, which no picture shows.
    """
    nodes, channels = centered.shape
    few = min(nodes, channels)
    gram = centered.T @ centered if channels <= nodes else centered @ centered.T
    _, vectors = eigh(gram, subset_by_index=[max(few - 2, 0), few - 1])
    vectors = vectors[:, ::-1]
    if channels <= nodes:
        return np.asarray(vectors)
    directions, _ = qr(centered.T @ vectors, mode="economic")
    return np.asarray(directions)


def turned(positions: Array, reference: Array) -> Array:
    """Return positions ``[nodes, 2]`` rotated or mirrored to match a reference, ignoring rows that are not finite."""
    both = np.isfinite(positions).all(axis=1) & np.isfinite(reference).all(axis=1)
    if not both.any():
        return positions
    rotation, _ = orthogonal_procrustes(positions[both], reference[both])
    return np.asarray(positions @ rotation)


def _unit_scale(features: Array) -> Array:
    largest = np.abs(features).max(initial=0)
    return features / largest if largest > 0 else features
