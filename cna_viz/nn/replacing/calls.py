"""One slot for every call of an activation module in a forward."""

from collections.abc import Iterator
from typing import Any, Final

from torch import Tensor, nn

from cna_viz.errors import UsageError

LISTS: Final = (nn.ModuleList, nn.ModuleDict)
"""Modules without a forward: their owner calls their children."""


class SlotPerCall(nn.Module):
    """Passes the n-th call within a forward of its owner to the n-th slot.

    Hooks on the owner push a count before every forward and pop it afterwards, so forwards can be nested. With
    ``inplace`` the output is written into the input.
    """

    def __init__(self, slots: list[nn.Module], place: str, inplace: bool = False) -> None:
        super().__init__()
        self.slots, self.place, self.inplace = nn.ModuleList(slots), place, inplace
        # Calls so far in every running forward, the innermost last. Replicas (nn.DataParallel) would share a list. A
        # KeyboardInterrupt skips the hooks and leaves a count behind; the next forward pushes another.
        self.calls: tuple[int, ...] = ()

    def forward(self, x: Tensor) -> Tensor:
        """Return the output of this call's slot; a call without a slot is refused."""
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
        return applied(self.slots[call], x, x if self.inplace else None)

    def next_call(self) -> int:
        """Return the number of this call in the running forward, from 0; outside a forward always 0."""
        call = self.calls[-1] if self.calls else 0
        self.calls = (*self.calls[:-1], call + 1) if self.calls else ()
        return call

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"place={self.place}"


class Uncalled:
    """Hook of an activation that stays as it has no calls: one would mix activations and slots, and is refused."""

    def __init__(self, place: str) -> None:
        self.place = place

    def __call__(self, module: nn.Module, args: Any) -> None:
        """Refuse the call."""
        raise UsageError(
            f"activation {self.place!r} is called, but has no slot, as replace_activations found no call: pass inputs "
            "with which the model, in evaluation mode, calls all its activations, or the names of the others as only="
        )


def applied(slot: nn.Module, x: Tensor, target: Any = None) -> Tensor:
    """Return the output of a slot, written into ``target`` if given, as by an activation that works in place."""
    # A slot may keep its input for the backward, which must not be written to then.
    y: Tensor = slot(x.clone() if target is x else x)
    return y if target is None else target.copy_(y)


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
    for child in module.children():
        if isinstance(child, SlotPerCall):
            yield child
        elif isinstance(child, LISTS):
            yield from _counting(child)
