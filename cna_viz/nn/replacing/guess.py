"""The calls of an activation in one forward and their channels, from what is known of the modules of torch and PyG."""

import inspect
from collections.abc import Sequence

import torch_geometric.nn as pyg
from torch import nn
from torch_geometric.nn.models.basic_gnn import BasicGNN

from cna_viz.nn.replacing.functions import is_left_alone
from cna_viz.nn.replacing.places import NAME, Place, is_activation

_KEEP_CHANNELS = (
    *(nn.Identity, nn.Dropout, nn.AlphaDropout, nn.BatchNorm1d, nn.LayerNorm),
    *(getattr(pyg.norm, name) for name in pyg.norm.__all__),
)
"""Modules between a layer and its activation that keep the channels."""


def forward_is_known(parent: nn.Module) -> bool:
    """Whether ``parent`` runs one of the forwards that this module was written for; a subclass may override it."""
    if type(parent) is pyg.Sequential:  # generates its forward
        return True
    kinds = (BasicGNN, pyg.MLP, pyg.DeepGCNLayer, nn.Sequential)
    forward = inspect.unwrap(getattr(parent.forward, "__func__", parent.forward))
    return any(isinstance(parent, kind) and forward is kind.forward for kind in kinds)


def guessed_calls(place: Place, calls: int | None) -> list[int | None]:
    """Return the channels, None where unknown, at the ``calls`` of an activation in one forward, or at a guess."""
    parent, named_act = place.parent, place.name == "act"
    usual, width, hidden = 1, None, list[int]()
    if place.name == NAME:
        return [known for path, known in place.activation.calls if path == place.path]
    if isinstance(parent, pyg.MLP) and named_act:
        usual, hidden = len(parent.norms), list(parent.channel_list[1:])
    elif isinstance(parent, BasicGNN) and named_act:
        usual, width = parent.num_layers - (parent.jk_mode is None), _positive(parent.hidden_channels)
    elif isinstance(parent, pyg.DeepGCNLayer) and named_act:
        width = _positive(getattr(parent.conv, "in_channels", None)) if parent.block == "res+" else _out(parent.conv)
    else:
        width = _last_out(_before(place))
    number = usual if forward_is_known(parent) else calls or max(usual, 1)
    return [*hidden, *[width] * number][:number]


def last_module(module: nn.Module, path: str = "") -> list[str]:
    """Return the path of the activation that ends a model, as far as nn.Sequential tells."""
    for name, child in reversed(module._modules.items() if isinstance(module, nn.Sequential) else ()):
        if child is not None and is_activation(child):
            return [f"{path}{name}"]
        if child is not None and [*child.parameters()]:
            return last_module(child, f"{path}{name}.")
    return []


def _before(place: Place) -> Sequence[nn.Module | None]:
    """Return the modules before an activation in its sequence, in order; None for functions."""
    parent = place.parent
    if isinstance(parent, nn.Sequential):
        return [*parent][: list(parent._modules).index(place.name)]
    if not isinstance(parent, pyg.Sequential):
        return []
    position = [child.name for child in parent._children].index(place.name)
    path, value = list[nn.Module | None](), parent._children[position].param_names[0]
    for child in reversed(parent._children[:position]):
        if value in child.return_names:
            path.insert(0, parent._modules.get(child.name) if child.return_names[0] == value else None)
            value = child.param_names[0]
    return path


def _last_out(path: Sequence[nn.Module | None]) -> int | None:
    """Return the channels at the end of a sequence, from the last module that can change them."""
    changing = (m for m in reversed(path) if m is None or not (isinstance(m, _KEEP_CHANNELS) or is_activation(m)))
    return _out(next(changing, None))


def _out(module: nn.Module | None) -> int | None:
    """Return the output channels of a layer, None where unknown."""
    if isinstance(module, nn.Sequential):
        return _last_out(list(module))
    if isinstance(module, pyg.GINConv | pyg.GINEConv | pyg.EdgeConv):
        return _out(module.nn)
    # These give a multiple of their out_channels; a module of the user's may, too.
    if isinstance(module, pyg.MixHopConv | pyg.RGATConv) or not is_left_alone(type(module).__module__):
        return None
    width = _positive(getattr(module, "out_features", None)) or _positive(getattr(module, "out_channels", None))
    # Convolutions with attention have out_channels per head.
    return width * int(getattr(module, "heads", 1)) if width and getattr(module, "concat", False) is True else width


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None
