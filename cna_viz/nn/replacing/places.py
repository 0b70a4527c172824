"""The activations of a model, and the modules that call them."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import torch_geometric.nn as pyg
from torch import nn
from torch_geometric.nn.models.basic_gnn import BasicGNN
from torch_geometric.nn.pool.select import SelectTopK

from cna_viz.nn.cna import CNA
from cna_viz.nn.replacing.calls import LISTS, SlotPerCall
from cna_viz.nn.replacing.functions import FUNCTIONS, MARK, FunctionSlots

ACTIVATIONS: Final = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU),
    *(nn.SiLU, nn.Mish, nn.Tanh, nn.Softplus, nn.Softsign, nn.Hardtanh, nn.Hardswish),
)
"""Modules that count as activations. Sigmoid, Softmax and Threshold, mostly gates and outputs, do not."""

_ACT = (BasicGNN, pyg.MLP, pyg.DeepGCNLayer)
"""Modules whose ``act`` is their activation, whatever its type; it may be a plain function."""

NAME: Final = "function_slots"
"""Name of the slots of functions in a model."""


@dataclass(frozen=True)
class Place:
    """A place of an activation: ``parent`` holds it as ``name``, a forward of ``owner`` calls it.

    The place of a function is a line of code, its ``path``; its ``name`` is :data:`NAME`.
    """

    parent: nn.Module
    name: str
    owner: nn.Module
    path: str

    @property
    def activation(self) -> Any:
        """The activation; None for a function that has no slots yet."""
        return getattr(self.parent, self.name, None)


Calls = list[tuple[Place, list[int | None]]]
"""Places with the channels at every call in a forward, None where unknown."""


def find_places(model: nn.Module) -> list[Place]:
    """Return the places of the activations, each once; none if the model is itself an activation."""
    return [] if is_activation(model) else list(_places(model, model, "", set()))


def is_activation(module: nn.Module) -> bool:
    """Whether a module is an activation, or a slot that replaced one."""
    return isinstance(module, (*ACTIVATIONS, CNA, SlotPerCall)) or MARK in vars(module)


def _places(module: nn.Module, owner: nn.Module, path: str, seen: set[int]) -> Iterator[Place]:
    """Yield the places below ``module``, each once; ``owner`` is the module whose forward calls its children."""
    if id(module) in seen or isinstance(module, SelectTopK):  # its activation is a gate
        return
    seen.add(id(module))
    # By name, not by object: an activation at two places becomes two slots.
    for name, child in module._modules.items():
        where = f"{path}{name}"
        if isinstance(child, FunctionSlots):
            yield from (Place(module, NAME, module, code) for code in dict(child.calls))
        elif child is not None and (is_activation(child) or (name == "act" and isinstance(module, _ACT))):
            yield Place(module, name, owner, where)
        elif child is not None:
            yield from _places(child, owner if isinstance(child, LISTS) else child, f"{where}.", seen)
    yield from (Place(module, name, owner, f"{path}{name}") for name in function_names(module))


def function_names(module: nn.Module) -> list[str]:
    """Return the names of the functions that are replaced where a module holds them, as those of modules of PyG."""
    held = vars(module)
    if isinstance(module, pyg.Sequential):
        return [child.name for child in module._children if is_function(held.get(child.name))]
    return ["act"] if isinstance(module, _ACT) and callable(held.get("act")) else []


def is_function(value: Any) -> bool:
    """Whether a value is one of :data:`FUNCTIONS`."""
    return callable(value) and type(value).__hash__ is not None and value in FUNCTIONS
