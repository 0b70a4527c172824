"""Activations in the code of a model, as far as can be seen without running it."""

import dis
from collections.abc import Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from torch import nn

from cna_viz.nn.replacing.functions import FUNCTIONS, is_left_alone
from cna_viz.nn.replacing.places import ACTIVATIONS, NAME, function_names, is_function
from cna_viz.nn.replacing.sending import Sending


def mentioned_function(model: nn.Module) -> str | None:
    """Return the first activation function in the code of a model, as ``Net.forward calls relu``; None without one.

    Looks through the methods of the modules, the functions they hold, and what these call by name. Code of torch and
    PyG, and modules whose functions have slots, are left out.
    """
    seen: set[int] = set()
    found = (_mention(value, where, seen) for module in _modules(model) for where, value in _held(module))
    return next(filter(None, found), None)


def _modules(module: nn.Module) -> Iterator[nn.Module]:
    if not isinstance(module, Sending) or getattr(module, NAME).partial:
        yield module
        for child in module.children():
            yield from _modules(child)


def _held(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """Yield the methods and functions of a module, with their names."""
    places = function_names(module)
    replaced = {*places}
    for kind in type(module).__mro__:
        own = {} if is_left_alone(kind.__module__) else vars(kind)
        yield from ((f"{kind.__name__}.{name}", value) for name, value in own.items() if name not in replaced)
        replaced |= {name for name, value in own.items() if not _calls_overridden(name, value)}
    for name, value in vars(module).items():
        if name not in places and not (is_left_alone(type(module).__module__) and is_function(value)):
            for each in value if isinstance(value, list | tuple) else [value]:
                yield f"{type(module).__name__}.{name}", each


def _calls_overridden(name: str, value: Any) -> bool:
    """Whether a method may call that of the class above, by ``super()`` or by name."""
    return isinstance(value, FunctionType) and any(
        {"super", name} & {*each.co_names} for each in _codes(value.__code__)
    )


def _mention(value: Any, where: str, seen: set[int]) -> str | None:
    value = value.fget if isinstance(value, property) else value
    value = value.__func__ if isinstance(value, staticmethod | classmethod | MethodType) else value
    value = value.func if isinstance(value, partial) else value
    if id(value) in seen:
        return None
    seen.add(id(value))
    if is_function(value) or isinstance(value, ACTIVATIONS):
        return f"{where} is {FUNCTIONS[value] if is_function(value) else type(value).__name__}"
    if not isinstance(value, FunctionType) or is_left_alone(value.__module__ or "", value.__name__):
        return None
    if name := next(_names(value), None):
        return f"{where} calls {name}"
    called = [(name, value.__globals__.get(name)) for code in _codes(value.__code__) for name in code.co_names]
    cells = zip(value.__code__.co_freevars, value.__closure__ or (), strict=True)
    closed = [(where, cell.cell_contents) for name, cell in cells if name != "__class__"]
    return next(filter(None, (_mention(each, name, seen) for name, each in called + closed)), None)


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function and of the functions within."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _names(function: FunctionType) -> Iterator[str]:
    """Yield the activations that a code names: ``F.relu``, ``x.relu``, an imported ``relu``; ``nn.ReLU`` in forward."""
    made = {kind.__name__ for kind in ACTIVATIONS} if function.__name__ == "forward" else set()
    for code in _codes(function.__code__):
        before = ""
        for step in dis.get_instructions(code):
            name, named = step.argval, function.__globals__.get(str(step.argval))
            # self.relu is a module, or found among what the module holds.
            if (
                step.opname in {"LOAD_ATTR", "LOAD_METHOD"}
                and name in {*FUNCTIONS.values(), *made}
                and before != "self"
            ):
                yield name
            elif step.opname in {"LOAD_GLOBAL", "LOAD_NAME"} and (is_function(named) or name in made):
                yield FUNCTIONS.get(named, name)
            before = step.argrepr.rpartition(", ")[2]
