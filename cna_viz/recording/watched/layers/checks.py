"""Refusal of layers that can't be counted, or have no row per node."""

from collections.abc import Sequence
from itertools import pairwise, takewhile

from cna_viz.errors import UsageError
from cna_viz.recording.watched.layers.embedding import is_rows
from cna_viz.recording.watched.layers.modules import is_container, listed
from cna_viz.recording.watched.layers.trace import LayerCall, trace
from cna_viz.recording.watched.model.call import Call


def check_order(call: Call, calls: Sequence[LayerCall], nodes: int) -> None:
    """Refuse calls that don't use the output of the call before, such as two branches."""
    for before, after in pairwise(calls):
        if not after.follows:
            names = [item.name for item in calls]
            parents = _parents(names, before.name, after.name)
            proposal = parents if _are_layers(call, parents, nodes) else f"[...], for example of {listed(names)}"
            raise UsageError(
                f"{type(call.model).__name__} calls {before.label} and then {after.label}, which does not use the "
                "output of that call, so its layers can't be counted: name the modules whose outputs are the layers, "
                f"layers={proposal}"
            )


def check_rows(calls: Sequence[LayerCall], nodes: int) -> None:
    """Refuse layers that don't return a row per node, or several tensors that do."""
    without = {item.module for item in calls if not is_rows(item.returned.shape, nodes)}
    for layer, item in enumerate(calls, start=1):
        if item.returned.others:
            raise _several(layer, item, calls)
        if item.module in without:
            features = (
                "no features" if item.returned.shape is None else f"features of shape {tuple(item.returned.shape)}"
            )
            whole = list(dict.fromkeys(other.name for other in calls if other.module not in without))
            raise UsageError(
                f"layer {layer}, {item.label}, returns {features}, but the graph has {nodes} nodes: only layers with "
                f"one row per node can be recorded; name them, layers={whole or '[...]'}"
            )


def _several(layer: int, item: LayerCall, calls: Sequence[LayerCall]) -> UsageError:
    tensors = ", ".join(f"{step!r} has shape {tuple(shape)}" for step, shape in item.returned.others)
    last = {call.name: call.returned.others[-1][0] for call in calls if call.returned.others}
    chosen = {call.name: last.get(call.name) for call in calls}
    return UsageError(
        f"layer {layer}, {item.label}, returns {len(item.returned.others)} tensors with a row per node, and which one "
        f"is its embedding can't be known: {tensors}; say where it is, for example the last, layers={chosen}"
    )


def _parents(names: Sequence[str], one: str, other: str) -> list[str]:
    """Return the modules at the level of the innermost one that holds both ``one`` and ``other``."""
    steps = zip(one.split(".")[:-1], other.split(".")[:-1], strict=False)
    level = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], steps))
    return list(dict.fromkeys(".".join(name.split(".")[:level]) for name in names))


def _are_layers(call: Call, names: Sequence[str], nodes: int) -> bool:
    """Whether modules are layers beyond doubt."""
    known = dict(call.model.named_modules())
    if len(names) < 2 or any(is_container(known[name]) for name in names):
        return False
    calls = trace(call, {name: known[name] for name in names}, nodes).calls
    return bool(calls) and all(item.follows and is_rows(item.returned.shape, nodes) for item in calls)
