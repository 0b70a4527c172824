"""The layers of two networks in one picture: those of the second are turned onto those of the first."""

from collections.abc import Sequence
from dataclasses import replace

from cna_viz.analysis.positions.projection import Projection, turned


def aligned(projections: Sequence[Projection], onto: Sequence[Projection]) -> list[Projection]:
    """Return the projections of a network's layers, each turned onto that of the same layer of another network.

    A projection has no directions of its own, so two networks that hold the same features would look different without.
    Where the other network has no such layer, or one that is collapsed or not finite, a layer is turned onto the last
    one before it that had a place.

    Args:
        projections: Layers 1, 2, … of the network.
        onto: Layers 1, 2, … of the other one, of the same nodes in the same order; more or fewer.
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
