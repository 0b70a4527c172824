"""A model from outside this package: its call, its layers and its slots."""

import inspect
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.parameter import UninitializedParameter
from torch_geometric.nn import MessagePassing

from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn.cna import CNA
from cna_viz.recording.taps import ConvCalls, undisturbed


class WatchedModel:
    """A model, run on a whole graph; arguments as for :func:`~cna_viz.recording.watch.watch`.

    Attributes:
        plain: The model without the wrapper of ``torch.compile``; both share their parameters.
        compiled: Whether any part is compiled. Compiled code calls no hooks, so here the model runs uncompiled.
        taps: The stages of its layers.
        convs: The module of every layer.
        slots: CNA slots by layer, for every gap between two layers that has exactly one.
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

    def run(self) -> Tensor:
        """Return the output of the model, ``[nodes, channels]``; the first of several outputs."""
        with torch.compiler.set_stance("force_eager") if self.compiled else nullcontext():
            output = self.plain(*self.inputs)
        while isinstance(output, tuple | list) and output:
            output = output[0]
        if not isinstance(output, Tensor) or output.dim() != 2:
            shape = f" of shape {tuple(output.shape)}" if isinstance(output, Tensor) else ""
            raise UsageError(
                f"{self.name} returns {type(output).__name__}{shape}: a watched model must return a row per node"
            )
        return output


def find_convs(model: nn.Module, names: Sequence[str] | None) -> list[nn.Module]:
    """Return the modules whose outputs are the stage ``conv``: the named ones, or PyG's outermost layers."""
    known = {name: module for name, module in model.named_modules() if name}
    if names is not None:
        for name in names:
            if name not in known:
                raise unknown_name(f"module of {type(model).__name__}", name, known)
        if len(set(names)) < len(names) or not names:
            raise UsageError(f"layers = {list(names)} is not accepted: it must be one or more names, each once")
        for outer in names:
            if any(name.startswith(f"{outer}.") for name in names):
                raise UsageError(f"layers = {list(names)} is not accepted: a part of {outer!r} can't be a layer, too")
        return [known[name] for name in names]
    found: list[str] = []
    for name, module in known.items():
        if isinstance(module, MessagePassing) and not any(name.startswith(f"{outer}.") for outer in found):
            found.append(name)
    if not found:
        raise UsageError(
            f"{type(model).__name__} has no layers of PyG's MessagePassing: name the modules whose outputs are the "
            f"layers, layers=[...]; there are: {', '.join(known) or 'none'}"
        )
    return [known[name] for name in found]


def find_calls(
    model: nn.Module, convs: Sequence[nn.Module], run: Callable[[], Any]
) -> tuple[ConvCalls, list[nn.Module], dict[int, nn.Module]]:
    """Run the model once and return its stages, the convolution of every layer, and the CNA slots by layer.

    Layers are numbered in call order. A CNA module is the slot of a layer if it is the only one called between this
    layer and the next, and is called nowhere else.
    """
    called: list[nn.Module] = []
    between: list[tuple[int, nn.Module]] = []
    inside = 0

    def enter(module: nn.Module, args: Any) -> None:
        nonlocal inside
        called.append(module)
        inside += 1

    def leave(module: nn.Module, args: Any, output: Any) -> None:
        nonlocal inside
        inside -= 1

    def meet(module: nn.Module, args: Any) -> None:
        if not inside:
            between.append((len(called), module))

    handles = [conv.register_forward_pre_hook(enter) for conv in convs]
    handles += [conv.register_forward_hook(leave) for conv in convs]
    handles += [slot.register_forward_pre_hook(meet) for slot in model.modules() if isinstance(slot, CNA)]
    try:
        run()
    finally:
        for handle in handles:
            handle.remove()
    if not called:
        raise UsageError(
            f"none of the {len(convs)} layers of {type(model).__name__} is called when the model runs: name modules "
            "that are, layers=[...]"
        )
    gaps, uses = Counter(layer for layer, _ in between), Counter(slot for _, slot in between)
    slots = {layer: slot for layer, slot in between if 0 < layer < len(called) and gaps[layer] == uses[slot] == 1}
    return ConvCalls(model, list(dict.fromkeys(called)), len(called)), called, slots


def _default_inputs(model: nn.Module, data: Any) -> tuple[Any, ...]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    parameters = inspect.signature(model.forward).parameters
    if "edge_weight" in parameters and getattr(data, "edge_weight", None) is not None:
        raise UsageError(
            f"the data has edge weights, {type(model).__name__} takes some, and only your loop knows whether it passes "
            "them: say inputs=(data.x, data.edge_index, data.edge_weight), or inputs=(data.x, data.edge_index)"
        )
    count = sum(parameter.kind in kinds for parameter in parameters.values())
    return (data,) if count == 1 else (data.x, data.edge_index)
