"""The inputs of a model: declared, or found by the names of its parameters; never guessed."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final

from torch import Tensor, nn
from torch_geometric.data.data import BaseData

from cna_viz.errors import UsageError, shown

_EDGES: Final = ("edge_index", "adj_t", "adj")
"""Names of parameters that take the edges, in either form."""
_HIDDEN: Final = ("edge_weight", "edge_attr", "batch")
"""What a model may be given through ``*args`` or ``**kwargs``."""


def find_inputs(model: nn.Module, data: Any) -> tuple[Any, ...]:
    """Return the inputs that ``model`` needs, in the order of its parameters.

    Raises:
        UsageError: When the data has something that the model may or may not be given, or lacks what the model needs.
    """
    given = list(inspect.signature(model.forward).parameters.values())
    fixed = [item for item in given if item.kind not in (item.VAR_POSITIONAL, item.VAR_KEYWORD)]
    names, needed = [item.name for item in fixed], [item.name for item in fixed if item.default is item.empty]
    takes_any = len(fixed) < len(given)
    sources = _sources(needed or (["x", "edge_index"] if takes_any else []), data)
    missing = [name for name, source in sources.items() if source is not None and _value(data, source) is None]
    if missing:
        raise UsageError(
            f"{type(model).__name__} takes {_listed(sources)}, and the data has no {_listed(missing)}: say what the "
            "model is given, inputs=(...) in the order of its parameters, or inputs={name: value}"
        )
    hidden = () if not takes_any or None in sources.values() else _HIDDEN
    if unsure := {name: name for name in (*names, *hidden) if name not in sources and _stored(data, name)}:
        both = (f"inputs={_spelled(inputs, names)}" for inputs in ({**sources, **unsure}, sources))
        raise UsageError(
            f"the data has {_listed(unsure)}, {type(model).__name__} takes some, and only your loop knows whether it "
            f"passes {'it' if len(unsure) == 1 else 'them'}: say {', or '.join(both)}"
        )
    return tuple(data if source is None else _value(data, source) for source in sources.values())


def declared_inputs(inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Return the positional and the keyword arguments that a user declares as a sequence, a mapping or one input."""
    if isinstance(inputs, str):
        raise UsageError(f"inputs = {shown(inputs)} is not accepted: pass the inputs themselves, as inputs=(data.x,)")
    if isinstance(inputs, Mapping):
        return (), dict(inputs)
    is_sequence = isinstance(inputs, Sequence) and not isinstance(inputs, Tensor)
    return (tuple(inputs) if is_sequence else (inputs,)), {}


def bound_values(forward: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments that are neither None nor their default, by the names of their parameters.

    Raises:
        TypeError: When the arguments don't fit.
    """
    signature = inspect.signature(forward)
    found: dict[str, Any] = {}
    for name, value in signature.bind(*args, **kwargs).arguments.items():
        parameter = signature.parameters[name]
        if parameter.kind is parameter.VAR_POSITIONAL:
            found |= {f"input {number}": item for number, item in enumerate(value, start=len(found) + 1)}
        elif parameter.kind is parameter.VAR_KEYWORD:
            found |= {name: item for name, item in value.items() if item is not None}
        elif value is not None and not _is_default(value, parameter.default):
            found[name] = value
    return found


def _is_default(value: Any, default: Any) -> bool:
    return isinstance(value, bool | int | float | str) and type(value) is type(default) and bool(value == default)


def _sources(needed: list[str], data: Any) -> dict[str, str | None]:
    """Return the attribute of the data for every needed parameter; None for the data itself."""
    edges = "adj_t" if _value(data, "edge_index") is None and _value(data, "adj_t") is not None else "edge_index"
    sources = {name: edges if name in _EDGES and _value(data, name) is None else name for name in needed}
    unknown = {name for name, source in sources.items() if _value(data, source) is None}
    if len(needed) == 1 and (needed[0] == "batch" or (unknown and needed[0] not in ("x", *_EDGES))):
        return {needed[0]: None}
    if len(needed) == 2 and unknown and needed[0] in {"x", *unknown} and needed[1] in {*_EDGES, *unknown}:
        return dict(zip(needed, ("x", edges), strict=True))  # (features, edges), however they are called
    return dict(sources)


def _spelled(inputs: Mapping[str, str | None], names: list[str]) -> str:
    """Spell inputs as a tuple if they are the first parameters or some are no parameters, else by name."""
    values = {name: "data" if source is None else f"data.{source}" for name, source in inputs.items()}
    if list(inputs) == names[: len(inputs)] or not set(inputs) <= set(names):
        return f"({', '.join(values.values())}{',' if len(inputs) == 1 else ''})"
    return f"{{{', '.join(f'{name!r}: {value}' for name, value in values.items())}}}"


def _value(data: Any, name: str) -> Any:
    value = getattr(data, name, None)
    return None if callable(value) else value


def _stored(data: Any, name: str) -> bool:
    """Whether the data stores this attribute; the number of nodes, for example, is computed."""
    return not (isinstance(data, BaseData) and name not in data) and _value(data, name) is not None


def _listed(names: Iterable[str]) -> str:
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last
