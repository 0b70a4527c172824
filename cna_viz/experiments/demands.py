"""What decides whether a run can be made at all: its graph, its split, and how many clusters it wants of the nodes."""

from collections.abc import Hashable

from cna_viz.config import RunConfig


def demands(config: RunConfig) -> Hashable:
    """Return what is equal for runs of which either all can be made or none."""
    return config.data, config.split_seed, config.model.uses_clusters and config.model.clusters
