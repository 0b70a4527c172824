"""Activations in the code of a model, as far as can be seen without running it."""

import dis
from collections.abc import Iterator
from functools import partial
from types import CodeType, FunctionType, MethodType
from typing import Any

from torch import nn

from cna_viz.nn.replacing.functions import FUNCTIONS, is_left_alone
from cna_viz.nn.replacing.places import function_names
from cna_viz.nn.replacing.sending import Sending


def mentioned_function(model: nn.Module) -> str | None:
    """Return the first activation function in the code of a model, as ``Net.forward calls relu``; None without one.

    Looks through the methods of the modules, the functions they hold, and what these call by name. Code of torch and
    PyG, and modules whose functions have slots, are left out.
    """
    seen: set[int] = set()
    found = (_mention(value, where, seen) for module in _modules(model) for where, value in _held(module))
    return next((mention for mention in found if mention), None)


def _modules(module: nn.Module) -> Iterator[nn.Module]:
    if not isinstance(module, Sending):
        yield module
        for child in module.children():
            yield from _modules(child)


def _held(module: nn.Module) -> Iterator[tuple[str, Any]]:
    """Yield the methods and functions of a module, with their names."""
    replaced = set[str]()
    for kind in type(module).__mro__:
        own = {} if is_left_alone(kind.__module__) else vars(kind)
        yield from ((f"{kind.__name__}.{name}", value) for name, value in own.items() if name not in replaced)
        replaced |= {name for name, value in own.items() if not _calls_overridden(name, value)}
    places, is_library = function_names(module), is_left_alone(type(module).__module__)
    for name, value in vars(module).items():
        if name not in places and not (is_library and _is_activation(value)):
            yield f"{type(module).__name__}.{name}", value


def _calls_overridden(name: str, value: Any) -> bool:
    """Whether a method may call that of the class above, by ``super()`` or by name."""
    code = value.__code__ if isinstance(value, FunctionType) else None
    return code is not None and any("__class__" in each.co_freevars or name in each.co_names for each in _codes(code))


def _mention(value: Any, where: str, seen: set[int]) -> str | None:
    function = _plain(value)
    if function is None or id(function) in seen:
        return None
    seen.add(id(function))
    if function in FUNCTIONS:
        return f"{where} is {FUNCTIONS[function]}"
    if not isinstance(function, FunctionType) or is_left_alone(function.__module__ or "", function.__name__):
        return None
    if name := next(_names(function.__code__, function.__globals__), None):
        return f"{where} calls {name}"
    reached = ((name, function.__globals__.get(name)) for code in _codes(function.__code__) for name in code.co_names)
    closed = ((where, cell.cell_contents) for cell in function.__closure__ or () if _is_filled(cell))
    return next((found for name, each in (*reached, *closed) if (found := _mention(each, name, seen))), None)


def _plain(value: Any) -> Any:
    """Return the function in a method, property or partial; None for anything else."""
    if isinstance(value, property):
        value = value.fget
    value = getattr(value, "__func__", value) if isinstance(value, staticmethod | classmethod | MethodType) else value
    value = value.func if isinstance(value, partial) else value
    return value if isinstance(value, FunctionType) or _is_activation(value) else None


def _is_activation(value: Any) -> bool:
    return callable(value) and type(value).__hash__ is not None and value in FUNCTIONS


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False


def _codes(code: CodeType) -> Iterator[CodeType]:
    """Yield the code of a function and of the functions within."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _names(code: CodeType, names: dict[str, Any]) -> Iterator[str]:
    """Yield the activation functions that a code names, such as ``F.relu``, ``x.relu`` or an imported ``relu``."""
    for each in _codes(code):
        before: Any = None
        for step in dis.get_instructions(each):
            name = step.argval
            if step.opname in {"LOAD_ATTR", "LOAD_METHOD"} and name in set(FUNCTIONS.values()):
                if not _is_self(before):  # self.relu is a module, or found among what the module holds
                    yield name
            elif step.opname in {"LOAD_GLOBAL", "LOAD_NAME"} and _is_activation(names.get(name)):
                yield FUNCTIONS[names[name]]
            before = step


def _is_self(step: Any) -> bool:
    if step is None or not step.opname.startswith(("LOAD_FAST", "LOAD_DEREF")):
        return False
    return "self" in (step.argval if isinstance(step.argval, tuple) else (step.argval,))[-1:]
