"""Refusal of models that call modules which are none of their parts, as those in a plain list."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from torch import nn
from torch.nn.modules.module import register_module_forward_pre_hook

from cna_viz.errors import UsageError
from cna_viz.recording.watched.model.kinds import LAYERS


@contextmanager
def refusing_others(model: nn.Module) -> Iterator[None]:
    """Refuse calls of layers that are no parts of the model, and of other such modules with weights in training mode.

    These don't follow the mode of the model, and an optimizer of ``model.parameters()`` doesn't train them. A module
    without weights and buffers may be made when it is called.
    """
    parts = set(model.modules())

    def hear(module: nn.Module, args: Any) -> None:
        has_state = bool(module._parameters or module._buffers)
        if module not in parts and (isinstance(module, LAYERS) or (module.training and has_state)):
            raise UsageError(
                f"{type(model).__name__} calls {type(module).__name__}, which is none of its parts (in a plain list?), "
                "so its weights are not in model.parameters(): keep them in an nn.ModuleList"
            )

    handle = register_module_forward_pre_hook(hear)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Using `torch.compile", UserWarning)  # hears some twice; no matter
            yield
    finally:
        handle.remove()
