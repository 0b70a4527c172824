"""One slot for every call of an activation module in a forward."""

from collections.abc import Iterator
from typing import Any, Final

from torch import Tensor, nn

from cna_viz.errors import UsageError

LISTS: Final = (nn.ModuleList, nn.ModuleDict)
"""Modules without a forward: their owner calls their children."""


class SlotPerCall(nn.Module):
    """Passes the n-th call within a forward of its parent to the n-th slot.

    PyG's models own one activation and call it once per layer; this gives every layer its own slot. Hooks on the parent
    push a count before every forward and pop it afterwards, even after an exception, so forwards can be nested.

    Args:
        slots: A slot for every call.
        place: Name of the activation in the model, for messages.

    Raises:
        UsageError: When called more often than it has slots, or with several slots outside a forward.
    """

    def __init__(self, slots: list[nn.Module], place: str) -> None:
        super().__init__()
        self.slots = nn.ModuleList(slots)
        self.place = place
        # Calls so far in every running forward of the parent, the innermost last. Replicas of a module
        # (nn.DataParallel) would share a list. A KeyboardInterrupt skips the hooks and leaves a count behind; the next
        # forward pushes another.
        self.calls: tuple[int, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of this call's slot."""
        if not self.calls and len(self.slots) > 1:
            raise UsageError(
                f"activation {self.place!r} has {len(self.slots)} slots, one for every call in a forward, but was "
                "called outside a forward: call the model itself, model(...), not its forward() or inference()"
            )
        call = self.next_call()
        if call >= len(self.slots):
            raise UsageError(
                f"activation {self.place!r} is called {call + 1} times or more in one forward, but has a slot for "
                f"{len(self.slots)}: pass calls={call + 1} or more to replace_activations, or inputs= to count them"
            )
        y: Tensor = self.slots[call](x)
        return y

    def next_call(self) -> int:
        """Return the number of this call in the running forward, from 0; outside a forward always 0."""
        if not self.calls:
            return 0
        *outer, call = self.calls
        self.calls = (*outer, call + 1)
        return call

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"place={self.place}"


def count_in(owner: nn.Module) -> None:
    """Count the calls of the :class:`SlotPerCall` among the children of ``owner`` in each of its forwards."""
    if _enter not in owner._forward_pre_hooks.values():
        owner.register_forward_pre_hook(_enter, prepend=True)
        owner.register_forward_hook(_leave, always_call=True)


# The hooks act on the module they get, so copies of a model do not count for each other.
def _enter(module: nn.Module, args: Any) -> None:
    for each in _counting(module):
        each.calls = (*each.calls, 0)


def _leave(module: nn.Module, args: Any, output: Any) -> None:
    for each in _counting(module):
        each.calls = each.calls[:-1]


def _counting(module: nn.Module) -> Iterator[SlotPerCall]:
    """Yield the counting children of ``module``, including those in lists."""
    for child in module.children():
        if isinstance(child, SlotPerCall):
            yield child
        elif isinstance(child, LISTS):
            yield from _counting(child)
