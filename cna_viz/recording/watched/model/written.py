"""Refusal of models that write into their inputs or parameters when they run."""

import torch
from torch import Tensor

from cna_viz.errors import UsageError
from cna_viz.recording.taps import tensors
from cna_viz.recording.watched.model.call import Call


class Written:
    """The inputs and parameters of a call as they are before it."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self._versions = [(value, _version(value)) for value in tensors((call.args, call.kwargs))]
        # Writing into .data leaves the version as it is.
        self._parameters = [
            (name, parameter, _version(parameter), parameter.detach().clone())
            for name, parameter in call.model.named_parameters()
        ]

    def check(self) -> None:
        """Refuse a model that wrote into any of them since.

        Raises:
            UsageError: When it did.
        """
        effect = "so that looking at it would change its training"
        if any(_version(value) != version for value, version in self._versions):
            raise UsageError(
                f"{self._call.sentence} writes into its inputs, {effect}: let the model work on a copy, x.clone()"
            )
        for name, parameter, version, before in self._parameters:
            if _version(parameter) != version or not _equal(parameter.detach(), before):
                raise UsageError(
                    f"{self._call.sentence} writes into its parameter {name}, {effect}: let your loop do that, after "
                    "the step of the optimizer"
                )


def _version(value: Tensor) -> int:
    """Return how often a tensor has been written to."""
    return 0 if value.is_inference() else value._version


def _equal(one: Tensor, other: Tensor) -> bool:
    """Whether tensors are equal; NaN is equal to NaN."""
    return one.shape == other.shape and torch.allclose(one, other, rtol=0, atol=0, equal_nan=True)
