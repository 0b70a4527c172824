"""No mode within PyG's convolutions: a mode makes each of their many small calls slower, and they hold no function.

On a GCN of 3 layers, 2,708 nodes and 64 channels the mode costs 4 to 5 percent of a forward without pauses.
"""

import threading
from collections.abc import Iterator
from typing import Any, Final

from torch import nn
from torch.overrides import _get_current_function_mode, _pop_mode, _push_mode
from torch_geometric.nn import MessagePassing

from cna_viz.nn.replacing.functions import FunctionMode, is_left_alone


class _Paused(threading.local):
    """The convolutions that run in a thread, the innermost last, with the mode to resume after each."""

    def __init__(self) -> None:
        self.modes = list[tuple[nn.Module, FunctionMode | None]]()


_PAUSED: Final = _Paused()


def pause_in_convolutions(model: nn.Module) -> None:
    """Leave the mode before every convolution of ``model`` that is PyG's own, and enter it again afterwards."""
    for conv in _convolutions(model):
        conv.register_forward_pre_hook(_pause)
        conv.register_forward_hook(_resume, always_call=True)


def _convolutions(module: nn.Module) -> Iterator[nn.Module]:
    if isinstance(module, MessagePassing) and all(map(_is_plain, module.modules())):
        yield module
    else:
        for child in module.children():
            yield from _convolutions(child)


def _is_plain(module: nn.Module) -> bool:
    """Whether no code but that of torch, PyG and this library runs in a module; a hook may be anybody's."""
    hooks = module._forward_hooks or module._forward_pre_hooks
    return not hooks and all(is_left_alone(each.__module__) for each in (type(module), *_functions(module)))


def _functions(module: nn.Module) -> Iterator[Any]:
    return (value for value in vars(module).values() if callable(value) and hasattr(value, "__module__"))


def _pause(module: nn.Module, args: Any) -> None:
    top = _get_current_function_mode()  # type: ignore[no-untyped-call]
    mode = top if isinstance(top, FunctionMode) else None
    _PAUSED.modes.append((module, mode))
    if mode is not None:
        mode.paused = True
        _pop_mode()  # type: ignore[no-untyped-call]


def _resume(module: nn.Module, args: Any, output: Any) -> None:
    # Another hook may have failed before the pause. A mode that an interrupt ended in its pause stays off.
    if not _PAUSED.modes or _PAUSED.modes[-1][0] is not module:
        return
    _, mode = _PAUSED.modes.pop()
    if mode is not None and mode.paused:
        mode.paused = False
        _push_mode(mode)  # type: ignore[no-untyped-call]
