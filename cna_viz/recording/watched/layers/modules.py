"""Which modules of a model are its layers: by their class, or by the names that the user gives."""

import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook
from torch_geometric.nn import MessagePassing, conv, dense, pool
from torch_geometric.nn.models import DeepGCNLayer, GroupAddRev

from cna_viz.errors import UsageError, shown, unknown_name

_LAYERS: Final[tuple[type[nn.Module], ...]] = (
    MessagePassing,
    *(getattr(conv, name) for name in conv.classes),  # some, such as DirGNNConv, are no MessagePassing
    *(getattr(dense, name) for name in dense.conv_classes),
    DeepGCNLayer,
    GroupAddRev,
)
_POOLS: Final[tuple[type, ...]] = tuple(
    kind for name in pool.__all__ if isinstance(kind := getattr(pool, name), type) and issubclass(kind, nn.Module)
)
_LISTED: Final = 20
"""Maximum number of names in a message."""


def layers_inside(model: nn.Module) -> dict[str, nn.Module]:
    """Return the convolutions of a model and the blocks around them, by name.

    Own classes are among them if they are a ``MessagePassing``. The convolution with which a pooling scores the nodes
    is no layer of the network.
    """
    scores = {part for module in model.modules() if isinstance(module, _POOLS) for part in module.modules()}
    return {
        name: module
        for name, module in model.named_modules()
        if module is not model and module not in scores and isinstance(module, _LAYERS)
    }


def layers_outside(model: nn.Module, recorded: Collection[nn.Module]) -> dict[str, nn.Module]:
    """Return the convolutions and blocks of a model that are no recorded layer, part of one, or around one, by name."""
    parts = {part for layer in recorded for part in layer.modules()}
    return {name: layer for name, layer in layers_inside(model).items() if parts.isdisjoint(layer.modules())}


def is_container(module: nn.Module) -> bool:
    """Whether this only holds modules, or may be used so."""
    return isinstance(module, nn.Sequential) or type(module).forward is nn.Module.forward


def named_layers(model: nn.Module, names: Sequence[str]) -> dict[str, nn.Module]:
    """Return the modules with these names.

    Raises:
        UsageError: When a name is unknown, a module is named not_once, or a module is part of another.
    """
    refused = f"layers = {shown(names)} is not accepted"
    not_once = UsageError(f"{refused}: it must be one or more names, each once")
    if not isinstance(names, Sequence) or not names or not all(isinstance(name, str) for name in names):
        raise not_once
    known = {name: module for name, module in model.named_modules(remove_duplicate=False) if name}
    for name in names:
        if name not in known:
            raise unknown_name(f"module of {type(model).__name__}", name, known)
    found = {name: known[name] for name in names}
    if len(set(found.values())) < len(names):
        raise not_once
    for outer, holder in found.items():
        if not (set(holder.modules()) - {holder}).isdisjoint(found.values()):
            raise UsageError(f"{refused}: a part of {outer!r} can't be a layer, too")
    return found


def open_containers(layers: Mapping[str, nn.Module], called: Collection[nn.Module]) -> dict[str, nn.Module]:
    """Replace containers that are not called by the modules that they hold."""
    opened = {}
    for name, module in layers.items():
        if module not in called and is_container(module):
            opened.update({f"{name}.{key}": child for key, child in module.named_children()})
        else:
            opened[name] = module
    return opened


@contextmanager
def refusing_others(model: nn.Module) -> Iterator[None]:
    """Refuse calls of layers that are no parts of the model, and of other such modules with weights in training mode.

    These don't follow the mode of the model, and an optimizer of ``model.parameters()`` doesn't train them. A module
    without weights and buffers may be made when it is called.
    """
    parts = set(model.modules())

    def hear(module: nn.Module, args: Any) -> None:
        has_state = bool(module._parameters or module._buffers)
        if module not in parts and module in set(model.modules()):
            raise UsageError(
                f"{type(model).__name__} makes a {type(module).__name__} when it is called: make it in __init__, or "
                "call the model once before it is watched"
            )
        if module not in parts and (isinstance(module, _LAYERS) or (module.training and has_state)):
            raise UsageError(
                f"{type(model).__name__} calls {type(module).__name__}, which is none of its parts (in a plain list?), "
                "so its weights are not in model.parameters(): keep them in an nn.ModuleList"
            )

    handle = register_module_forward_pre_hook(hear)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using `torch.compile", UserWarning)  # hears some not_once; no matter
            yield
    finally:
        handle.remove()


@contextmanager
def refusing_recursion(model: nn.Module, layers: Collection[nn.Module]) -> Iterator[None]:
    """Refuse modules that call themselves and hold layers: which of their calls a layer belongs to can't be known."""
    entered: set[nn.Module] = set()

    def enter(module: nn.Module, args: Any) -> None:
        if module in entered:
            raise UsageError(
                f"{type(module).__name__} calls itself while it runs, so that its layers can't be counted: let its "
                "forward call a method that does, or a loop"
            )
        entered.add(module)

    def leave(module: nn.Module, args: Any, output: Any) -> None:
        entered.discard(module)

    with ExitStack() as stack:
        for module in model.modules():
            if not set(layers).isdisjoint(module.modules()):
                stack.callback(module.register_forward_pre_hook(enter).remove)
                stack.callback(module.register_forward_hook(leave, always_call=True).remove)
        yield


def listed(names: Collection[str]) -> str:
    """Return names for a message, the outermost first."""
    first = sorted(dict.fromkeys(names), key=lambda name: name.count("."))
    return ", ".join([*first[:_LISTED], "..."] if len(first) > _LISTED else first) or "none"
