"""Finding the layers of a model, as its author counts them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from torch import nn

from cna_viz.errors import UsageError
from cna_viz.recording.taps import ConvCalls, undisturbed
from cna_viz.recording.watched.layers.checks import check_order, check_rows
from cna_viz.recording.watched.layers.dependence import same
from cna_viz.recording.watched.layers.embedding import Position, is_rows
from cna_viz.recording.watched.layers.modules import layers_inside, listed, named_layers, open_containers
from cna_viz.recording.watched.layers.trace import LayerCall, Trace, trace
from cna_viz.recording.watched.model.call import Call


@dataclass(frozen=True, eq=False)
class Layers:
    """The layers of a model.

    Attributes:
        taps: Their stages.
        convs: The module of every layer.
        slots: CNA slots by layer, for every gap between two layers that has exactly one.
        table: What is recorded of which module, to be printed.
        output: What the model returns, as it is.
        random: Whether the output changes with the random state, although the model is in evaluation mode.
        stateful: Whether a pass changes what the next one gives, so that looks disturb the training. Where it is true,
            ``random`` is not tested.
    """

    taps: ConvCalls
    convs: dict[int, nn.Module]
    slots: dict[int, nn.Module]
    table: str
    output: Any
    random: bool
    stateful: bool


LayerNames: TypeAlias = Sequence[str] | Mapping[str, Position] | str | None
"""Names of the layers, maybe with the position of the embedding in what each returns; None if they are to be found."""


def find_layers(call: Call, names: LayerNames, nodes: int) -> Layers:
    """Return the layers of a model: the calls of the named modules, or of PyG's outermost convolutions and blocks.

    Raises:
        UsageError: When there are none, the calls don't follow each other, so that they can't be counted, a layer does
            not return a row per node, or several and it isn't known which, or the model fails.
    """
    passed = _outermost(call, nodes) if names is None else _named(call, names, nodes)
    calls = passed.calls
    if names is None:
        check_order(call, calls, nodes)
    check_rows(calls, nodes)
    taps = _taps(call, calls, nodes)
    convs = {layer: item.module for layer, item in enumerate(calls, start=1)}
    with undisturbed(call.model):
        output, next_one = call(), call()
    with undisturbed(call.model):  # begins with the random state of the first pass
        again = call()
    stateful = not same(output, again)
    random = not stateful and not same(output, next_one)
    return Layers(taps, convs, _slots(passed, taps), _table(calls, taps), output, random, stateful)


def _taps(call: Call, calls: Sequence[LayerCall], nodes: int) -> ConvCalls:
    following = list(enumerate(calls[1:], start=1))
    without = {layer for layer, item in following if not (item.continues and is_rows(item.entering, nodes))}
    positions = {(layer, "conv"): item.returned.position for layer, item in enumerate(calls, start=1)}
    positions |= {(layer, "slot"): item.entered for layer, item in following}
    return ConvCalls(call.model, [item.module for item in calls], without, positions)


def _outermost(call: Call, nodes: int) -> Trace:
    found = layers_inside(call.model)
    if not found:
        raise _without_layers(call, nodes)
    passed = trace(call, found, nodes)
    if not passed.calls:
        raise _not_called(call, found)
    return passed


def _without_layers(call: Call, nodes: int) -> UsageError:
    try:
        trace(call, {}, nodes)
    except UsageError as error:
        if error.__cause__ is None:  # it doesn't fail by itself: its layers are none of its parts
            return error
    names = [name for name, _ in call.model.named_modules() if name]
    return UsageError(
        f"{type(call.model).__name__} has no layers of PyG's MessagePassing: name the modules whose outputs are the "
        f"layers, such as those of DGL or your own, layers=[...]; there are: {listed(names)}"
    )


def _named(call: Call, names: Sequence[str] | Mapping[str, Position] | str, nodes: int) -> Trace:
    positions = names if isinstance(names, Mapping) else {}
    names = [names] if isinstance(names, str) else list(names) if isinstance(names, Mapping) else names
    found, opened = named_layers(call.model, names), dict[str, nn.Module]()
    while found != opened:
        passed = trace(call, found, nodes, positions)
        called = {item.module for item in passed.calls}
        opened, found = found, open_containers(found, called)
        positions = {name: _inherited(positions, name) for name in found}
    if not called:
        raise _not_called(call, found)
    for name, module in found.items():
        if name in names and module not in called:
            raise _not_called(call, {name: module})
    return passed


def _inherited(positions: Mapping[str, Position], name: str) -> Position:
    """Return the position of a layer or of the container that it was taken out of."""
    return positions.get(name, positions.get(name.rpartition(".")[0]))


def _not_called(call: Call, layers: Mapping[str, nn.Module]) -> UsageError:
    model, count = type(call.model).__name__, len(layers)
    which = f"none of the {count} layers of {model} is" if count > 1 else f"the layer {next(iter(layers))} is not"
    return UsageError(f"{which} called when {model} runs: name modules that are, layers=[...]")


def _slots(passed: Trace, taps: ConvCalls) -> dict[int, nn.Module]:
    gaps, uses = Counter(layer for layer, _ in passed.slots), Counter(slot for _, slot in passed.slots)
    only = {layer: slot for layer, slot in passed.slots if gaps[layer] == uses[slot] == 1}
    return {layer: slot for layer, slot in only.items() if (layer, "slot") in taps.keys}


def _table(calls: Sequence[LayerCall], taps: ConvCalls) -> str:
    rows = [("layer", "module", "recorded", "shape")]
    for layer, item in enumerate(calls, start=1):
        recorded = "output, input of the next layer" if (layer, "slot") in taps.keys else "output"
        rows.append((str(layer), item.label, recorded, str(list(item.returned.shape or ()))))
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)
