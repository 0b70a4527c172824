"""What the code released with CNA (arXiv 2412.04064) does in training, for slots with the schedule ``released``.

Its k-means counts every call, in training, validation and test, of every layer that shares it, and finds new clusters
in calls 1, 20, 40, ...; it decays the coefficients of rational activations like weights, and clips their gradients to
norm 1 (not on ogbn graphs). Here one evaluation serves validation and test, so that their calls are counted apart from
it: the released code takes the scores of each in its own call, here both are of the clusters after both calls, so that
every number of an epoch is of one network. In mini-batches none of this applies.
"""

from typing import Any, Final

import torch
from torch import nn

from cna_viz.nn.assignment import KMeans

EVALUATIONS: Final = 2
"""Calls of the network per epoch besides the step: validation and test."""


def released_clusters(model: nn.Module) -> list[KMeans]:
    """Return the k-means of a network that follow the released code, each once."""
    return [module for module in model.modules() if isinstance(module, KMeans) and module.schedule == "released"]


class EvaluationCount:
    """Counts the calls of an epoch's validation and test, and makes those in which clusters are found.

    Args:
        model: The network; as much as a training step calls its k-means, an evaluation does.
    """

    def __init__(self, model: nn.Module) -> None:
        self._model, self._clusters = model, released_clusters(model)
        self._before = self._counts()

    def after_step(self, inputs: tuple[Any, ...]) -> None:
        """Count the evaluations that follow a step on these inputs."""
        if not self._clusters:
            return
        calls = [now - before for now, before in zip(self._counts(), self._before, strict=True)]
        for _ in range(EVALUATIONS):
            pairs = list(zip(self._clusters, calls, strict=True))
            if any(one.clusters_within(count) for one, count in pairs):
                self._call(inputs)
            else:
                for one, count in pairs:
                    one.skip(count)
        self._before = self._counts()

    def _counts(self) -> list[int]:
        return [one.calls for one in self._clusters]

    @torch.no_grad()
    def _call(self, inputs: tuple[Any, ...]) -> None:
        self._model.eval()
        for one in self._clusters:
            one.train()
        self._model(*inputs)
        self._model.eval()
