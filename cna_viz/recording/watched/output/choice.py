"""The tensor that is scored, among those that a model returns."""

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeAlias

import torch
from torch import Tensor

from cna_viz.errors import UsageError, shown

OutputChoice: TypeAlias = int | str | Sequence[Any] | Callable[[Any], Any] | None
"""An index or a key, a path of these, or a function of what the model returns; None where there is one tensor."""
Path: TypeAlias = tuple[Any, ...]


def find_path(raw: Any, rows: int, model: str) -> Path:
    """Return the path of the only tensor in ``raw`` with a number or a vector for each row.

    Raises:
        UsageError: There is none, or there are several.
    """
    found = [path for path, value in _tensors(raw) if _is_rows(value, rows)]
    if len(found) == 1:
        return found[0]
    if found:
        raise UsageError(
            f"{model} returns {len(found)} tensors with a row for each of {rows}, and which one is scored can't be "
            f"known: pass {' or '.join(f'output={_short(path)!r}' for path in found)}; {_listing(raw, found)}"
        )
    raise UsageError(
        f"{model} returns no floating-point tensor with a row for each of {rows}, only "
        f"{_listing(raw) or type(raw).__name__}: "
        'pass output= with a function that returns one, or task="none", which scores nothing'
    )


def pick(raw: Any, choice: Path | Callable[[Any], Any], rows: int) -> Tensor:
    """Return the chosen tensor, with a number or a vector for each row.

    Raises:
        UsageError: It is not there, or has another form.
    """
    found = choice(raw) if callable(choice) else _follow(raw, choice)
    if not isinstance(found, Tensor) or not _is_rows(found, rows):
        form = f"{found.dtype} of shape {list(found.shape)}" if isinstance(found, Tensor) else type(found).__name__
        raise UsageError(
            f"{path_name(choice)} is {form}, not floating point with a row for each of {rows}: [{rows}, channels]"
        )
    return found


def as_path(output: OutputChoice) -> Path | Callable[[Any], Any]:
    """Return a choice as a path, or as the function that it is."""
    if callable(output):
        return output
    return tuple(output) if isinstance(output, Sequence) and not isinstance(output, str) else (output,)


def path_name(choice: Path | Callable[[Any], Any]) -> str:
    """Return a choice as one would write it: ``output[1]``."""
    return "the result of output=" if callable(choice) else "output" + "".join(f"[{step!r}]" for step in choice)


def _tensors(value: Any, path: Path = ()) -> Iterator[tuple[Path, Tensor]]:
    if isinstance(value, Tensor):
        yield path, value
    for step, inner in _parts(value).items():
        yield from _tensors(inner, (*path, step))


def _parts(value: Any) -> Mapping[Any, Any]:
    if isinstance(value, Mapping):
        return value
    if isinstance(value, tuple | list):
        return dict(enumerate(value))
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    return {}


def _is_rows(value: Tensor, rows: int) -> bool:
    dense = value.is_floating_point() and value.layout == torch.strided
    return dense and value.dim() in (1, 2) and len(value) == rows and value.numel() > 0


def _follow(raw: Any, path: Path) -> Any:
    value = raw
    try:
        for step in path:
            value = _step(value, step)
    except (LookupError, TypeError):
        have = _listing(raw) or type(raw).__name__
        raise UsageError(f"output = {shown(_short(path))} is not there: {have}") from None
    return value


def _step(value: Any, step: Any) -> Any:
    if isinstance(value, tuple) and step in getattr(value, "_fields", ()):  # a named tuple
        return getattr(value, step)
    return value[step] if isinstance(value, tuple | list | Mapping) else _parts(value)[step]


def _listing(raw: Any, paths: Sequence[Path] | None = None) -> str:
    """Return the tensors of ``raw`` as arguments, with their shapes."""
    found = {path: value for path, value in _tensors(raw) if paths is None or path in paths}
    return ", ".join(_argument(path) + f"{value.dtype} {list(value.shape)}" for path, value in found.items())


def _argument(path: Path) -> str:
    return f"output={_short(path)!r} is " if path else ""


def _short(path: Path) -> Any:
    """Return a path as a user would give it."""
    return path[0] if len(path) == 1 else path
