"""Somebody else's model: how it is called, its layers and its slots."""

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter

from cna_viz.errors import UsageError
from cna_viz.recording.find_layers import find_calls, find_convs
from cna_viz.recording.undisturbed import undisturbed


class WatchedModel:
    """A model, run on a whole graph.

    Args:
        model: The model, or what ``torch.compile`` made of it.
        data: Its data.
        inputs: What it is called with; ``(data.x, data.edge_index)`` if left out, or ``(data,)`` for a model that takes
            one argument.
        layers: Names of the modules whose outputs are the layers; found if left out.

    Attributes:
        plain: The model without what ``torch.compile`` wrapped around it; both have the same parameters.
        compiled: Whether it or a part of it is compiled. Compiled code calls no hooks; run here, it is not compiled.
        taps: The stages of its layers.
        convs: The module of every layer.
        slots: The slots of CNA by layer, of the gaps between two layers that have one.

    Raises:
        UsageError: When layers can't be found, or it does not return a row per node.
    """

    def __init__(self, model: nn.Module, data: Any, inputs: Sequence[Any] | None, layers: Sequence[str] | None) -> None:
        inner = getattr(model, "_orig_mod", None)
        self.plain = inner if isinstance(inner, nn.Module) else model
        self.compiled = self.plain is not model or any(
            module._compiled_call_impl is not None or hasattr(module, "_orig_mod") for module in self.plain.modules()
        )
        if any(isinstance(parameter, UninitializedParameter) for parameter in self.plain.parameters()):
            raise UsageError(f"{self.name} has weights without a shape: call it once before it is watched")
        self.inputs = _default_inputs(self.plain, data) if inputs is None else tuple(inputs)
        try:
            inspect.signature(self.plain.forward).bind(*self.inputs)
        except TypeError as error:
            count = len(self.inputs)
            raise UsageError(f"{self.name} can't be called with {count} inputs ({error}): pass inputs=[...]") from None
        convs = find_convs(self.plain, layers)
        with undisturbed(self.plain):
            self.taps, called, self.slots = find_calls(self.plain, convs, self.run)
        self.convs = dict(enumerate(called, start=1))

    @property
    def name(self) -> str:
        """Class of the model."""
        return type(self.plain).__name__

    @property
    def parameters(self) -> int:
        """Number of learned numbers."""
        return sum(parameter.numel() for parameter in self.plain.parameters())

    def run(self) -> Tensor:
        """Return what the model returns, ``[nodes, channels]``; of several things the first."""
        output = self._call()
        while isinstance(output, tuple | list) and output:
            output = output[0]
        if not isinstance(output, Tensor) or output.dim() != 2:
            shape = f" of shape {tuple(output.shape)}" if isinstance(output, Tensor) else ""
            raise UsageError(
                f"{self.name} returns {type(output).__name__}{shape}: a watched model must return a row per node"
            )
        return output

    def _call(self) -> Any:
        if not self.compiled:
            return self.plain(*self.inputs)
        with torch.compiler.set_stance("force_eager"):
            return self.plain(*self.inputs)


def _default_inputs(model: nn.Module, data: Any) -> tuple[Any, ...]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(model.forward).parameters.values()
    return (data,) if sum(parameter.kind in kinds for parameter in parameters) == 1 else (data.x, data.edge_index)
