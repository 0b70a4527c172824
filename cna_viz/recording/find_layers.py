"""Which convolutions a model has, how often and in which order it calls them, and which slots stand between."""

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from torch import nn
from torch_geometric.nn import MessagePassing

from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn.cna import CNA
from cna_viz.recording.taps import ConvCalls


def find_convs(model: nn.Module, names: Sequence[str] | None) -> list[nn.Module]:
    """Return the modules whose outputs are the stage ``conv``.

    Args:
        model: The model.
        names: Names of the modules, as ``model.named_modules()`` gives them. Left out: PyG's message passing layers,
            of which one that is inside another is a part of it.

    Raises:
        UsageError: When there is no module of a name, or no message passing layer; lists the names there are.
    """
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
    """Run the model once and return its stages, the convolution of every layer, and the slots of CNA by layer.

    Layers are numbered in the order of the calls. A slot is the only one that is called between two layers, and is
    called there only.

    Args:
        model: The model.
        convs: Its convolutions.
        run: Calls the model.

    Raises:
        UsageError: When none of them is called.
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
    return ConvCalls(model, list(dict.fromkeys(called)), len(called)), called, _slots(between, len(called))


def _slots(between: list[tuple[int, nn.Module]], layers: int) -> dict[int, nn.Module]:
    gaps, uses = Counter(layer for layer, _ in between), Counter(slot for _, slot in between)
    return {layer: slot for layer, slot in between if 0 < layer < layers and gaps[layer] == uses[slot] == 1}
