"""How much work a run is, for estimates."""

from cna_viz.config import RunConfig


def work(config: RunConfig) -> int:
    """Return the most layer-epochs that this run can take, at least 1."""
    return max(1, config.model.layers * config.training.epochs)
