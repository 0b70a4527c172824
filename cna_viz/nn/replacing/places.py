"""The activations of a model, and the modules that call them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import torch_geometric.nn as pyg
from torch import nn
from torch_geometric.nn.models.basic_gnn import BasicGNN
from torch_geometric.nn.pool.select import SelectTopK

from cna_viz.nn.cna import CNA
from cna_viz.nn.replacing.calls import LISTS, SlotPerCall
from cna_viz.nn.replacing.functions import FUNCTIONS, FunctionSlots

ACTIVATIONS: Final = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU),
    *(nn.SiLU, nn.Mish, nn.Tanh, nn.Softplus, nn.Softsign, nn.Hardtanh, nn.Hardswish),
)
"""Modules that count as activations. Sigmoid, Softmax and Threshold, mostly gates and outputs, do not."""

_ACT = (BasicGNN, pyg.MLP, pyg.DeepGCNLayer)
"""Modules whose ``act`` is their activation, whatever its type; it may be a plain function."""

MARK = "stands_for_activation"
"""Attribute by which a slot that replaced an activation is found again."""


Call = tuple[str, int | None]
"""A call of an activation in a forward: its place, for messages, and its channels, None where unknown."""


@dataclass(frozen=True)
class Place:
    """The place of an activation: ``parent`` holds it as ``name``, a forward of ``owner`` calls it."""

    parent: nn.Module
    name: str
    owner: nn.Module
    path: str


def find_places(model: nn.Module) -> list[Place]:
    """Return the places of the activations, each once; none if the model is itself an activation."""
    return [] if is_activation(model) else list(_places(model, model, "", set()))


def is_activation(module: nn.Module) -> bool:
    """Whether a module is an activation, or a slot that replaced one."""
    return isinstance(module, (*ACTIVATIONS, CNA, SlotPerCall, FunctionSlots)) or MARK in vars(module)


def _places(module: nn.Module, owner: nn.Module, path: str, seen: set[int]) -> Iterator[Place]:
    """Yield the places below ``module``, each once; ``owner`` is the module whose forward calls its children."""
    if id(module) in seen or isinstance(module, SelectTopK):  # its activation is a gate
        return
    seen.add(id(module))
    # By name, not by object: an activation at two places becomes two slots.
    for name, child in module._modules.items():
        where = f"{path}.{name}".lstrip(".")
        if child is None:
            continue
        if is_activation(child) or (name == "act" and isinstance(module, _ACT)):
            yield Place(module, name, owner, where)
        else:
            yield from _places(child, owner if isinstance(child, LISTS) else child, where, seen)
    for name in function_names(module):
        yield Place(module, name, owner, f"{path}.{name}".lstrip("."))


def function_names(module: nn.Module) -> list[str]:
    """Return the names of the functions that are replaced where a module holds them, as those of modules of PyG."""
    if isinstance(module, pyg.Sequential):
        return [child.name for child in module._children if _is_function(vars(module).get(child.name))]
    return ["act"] if isinstance(module, _ACT) and callable(vars(module).get("act")) else []


def _is_function(value: object) -> bool:
    return callable(value) and value in FUNCTIONS
