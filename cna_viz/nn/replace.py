"""Replace the activations of any model by slots."""

from copy import deepcopy
from itertools import islice, repeat
from typing import Any, Final

from torch import Tensor, nn

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import FACTORS
from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn.replacing.calls import LISTS, SlotPerCall, Uncalled, count_in
from cna_viz.nn.replacing.code import mentioned_function
from cna_viz.nn.replacing.functions import MARK, FunctionSlots
from cna_viz.nn.replacing.guess import forward_is_known, guessed_calls, last_module
from cna_viz.nn.replacing.notice import notice
from cna_viz.nn.replacing.places import ACTIVATIONS, NAME, Calls, Place, find_places, is_activation
from cna_viz.nn.replacing.sending import Sending, send
from cna_viz.nn.replacing.trial import counted_calls
from cna_viz.nn.slots import SlotContext, make_slot, make_slots

SETTINGS: Final = (*FACTORS, "recluster_every", "compile")
"""Further fields of :class:`~cna_viz.config.ModelConfig` that describe a slot."""

_ARGUMENTS: Final = ("slot", "inputs", "clusters", "channels", "calls", "only", "labels", "quiet", *SETTINGS)

_NEED_CHANNELS: Final = {"layernorm", "nodenorm", "batchnorm", "diffgroupnorm", "graphnorm"}
"""Slots that can't take their channels from the first step."""

_Call = tuple[nn.Module, str, int | None]
"""A slot for a call of a function, its place in the code, and its channels."""


def replace_activations(
    model: nn.Module,
    slot: str = "cna",
    *,
    clusters: int = 8,
    channels: int | None = None,
    calls: int | None = None,
    inputs: Any = None,
    only: Any = None,
    labels: Tensor | None = None,
    quiet: bool = False,
    **factors: Any,
) -> nn.Module:
    """Replace the activations of a model by slots, in place, and print which.

    Every activation module (see :data:`~cna_viz.nn.replacing.places.ACTIVATIONS`) and every slot is replaced, at each
    place where the model holds it, by one slot per call in a forward. ``inputs`` let a copy of the model run once, in
    evaluation mode, to count the calls. Without them the number is known for nn.Sequential and PyG's models (BasicGNN,
    MLP, DeepGCNLayer, Sequential); otherwise one call is assumed, and a model that calls more often fails at its first
    forward. An activation that is not called stays, and a later call is refused: it would mix activations and slots.
    Slots of activations with ``inplace=True`` write into their input, too.

    With ``inputs`` activations called as functions (``F.relu(x)``, ``x.relu_()``, ``nn.ReLU()(x)``) are replaced as
    well. The model keeps their slots as ``function_slots``, to which its forwards send every call (its class becomes a
    subclass); torch.jit, torch.export and torch.compile then refuse it. Parts and other methods of the model, called
    from outside a forward, compute as before. Without ``inputs`` a model whose code names such a function is refused.

    Left alone are functions in the code of torch and PyG's layers (the LeakyReLU in GAT's attention), gates and outputs
    (Sigmoid, Softmax, the scores of a pooling) and what only acts like an activation (``torch.where``, ``clamp``).
    Functions that the run meets where no slot can stand are named: in hooks and ``__call__`` of the model, in a
    torch.autograd.Function, ``torch.vmap(F.relu)``, ``torch.ops``, scripted helpers. Not seen, and not named, are other
    threads and formulas of your own, such as ``x * (x > 0)``. Anything else is replaced, be it in your own attention or
    gate, after the last layer, or in the messages of a convolution (EdgeCNN, PNA), whose rows are edges: choose with
    ``only``. A module called in a torch.autograd.Function is replaced, too, but its gradients are what the Function's
    backward gives.

    Calls are told apart by their order, at one line of code or of one module: where training skips an earlier one
    (LayerDrop in a loop), the later ones take the slots before theirs. Write such calls on lines of their own, as
    modules of their own. Code that asks ``type(self) is Net`` sees the subclass: use isinstance.

    CNA with k-means needs at least ``clusters`` rows. For mini-batches choose ``schedule="running"``. PyG's layer-wise
    ``inference()`` is refused for models with several layers.

    Args:
        model: The model; its device, type and mode (training or evaluation) are kept.
        slot: Name of the slot, such as ``cna``, ``na``, ``cna-random``, ``batchnorm``.
        clusters: Clusters per slot; ``labels`` override it.
        channels: Channels at activations where the model does not tell; only norms need them.
        calls: Calls of an activation in one forward, where unknown; slots that are called less often stay unused.
        inputs: Arguments of the model's forward, such as ``(data.x, data.edge_index)``: a sequence, a dictionary of
            arguments by name, or a single argument.
        only: Places to replace, as printed, such as ``["act"]``; all others stay as they are.
        labels: Cluster of every node, ``[nodes]``, for the assignments labels, communities and random.
        quiet: Print nothing; otherwise a line for every place, and one for what was left alone.
        **factors: Factors of the slot as in :class:`~cna_viz.config.ModelConfig`: assignment, normalization,
            activation, metric, schedule, sharing, and recluster_every, compile. With ``sharing="shared"`` all slots
            have the same clusters and rationals.

    Returns:
        The same model.

    Raises:
        UsageError: For unknown names, values out of range, and what can't be replaced; the model is then unchanged.

    Example:
        Make the optimizer afterwards; rationals need their own learning rate::

            model = replace_activations(GCN(1433, 64, 16, 7), "cna", clusters=8)
            rationals = [p for m in model.modules() if isinstance(m, Rational) for p in m.parameters()]
            weights = [p for p in model.parameters() if all(p is not other for other in rationals)]
            optimizer = Adam([{"params": weights, "lr": 0.01}, {"params": rationals, "lr": 0.001}])
    """
    if not isinstance(model, nn.Module):
        what = f"the class {model.__name__}" if isinstance(model, type) else f"an object of type {type(model).__name__}"
        raise UsageError(f"replace_activations needs a model, an instance of torch.nn.Module, not {what}")
    config = _config(slot, clusters, labels, factors)
    for name, number in (("channels", channels), ("calls", calls)):
        if number is not None and (type(number) is not int or number < 1):
            raise UsageError(f"{name} = {number!r} is out of range: it must be an integer of at least 1")
    found, last, unsent = _find(model, inputs, calls, is_partial=only is not None)
    chosen = found if only is None else _choose(found, only)
    # All slots are made before the first is inserted: an error leaves the model unchanged.
    slots = iter(_slots(config, [(place.path, width or channels) for place, made in chosen for width in made], labels))
    text = notice(model, found, chosen, last, unsent, is_guess=inputs is None)
    like = next((parameter for parameter in model.parameters() if parameter.is_floating_point()), None)
    functions = {sender: list[_Call]() for sender in (_senders(model) if inputs is not None and only is None else [])}
    for place, widths in chosen:
        made = list(islice(slots, len(widths)))
        if place.name == NAME:
            functions.setdefault(place.parent, []).extend(zip(made, repeat(place.path), widths))
        else:
            _put(place, made, like)
    for sender, calls_of_sender in functions.items():
        _send(sender, calls_of_sender, like, is_partial=only is not None)
    if not quiet:
        print(text)
    return model


def _find(model: nn.Module, inputs: Any, calls: int | None, *, is_partial: bool) -> tuple[Calls, list[str], list[str]]:
    """Return what :func:`~cna_viz.nn.replacing.trial.counted_calls` does, without ``inputs`` by a guess."""
    places = find_places(model)
    # Without a forward nothing says where the count of the calls begins, and all of them would share a slot.
    for place in places:
        if type(place.owner).forward is nn.Module.forward and not isinstance(place.owner, LISTS):
            raise UsageError(
                f"{type(place.owner).__name__} has no forward, in which the calls of activation {place.path!r} could "
                "be counted: let its forward call it, and call the model, model(...)"
            )
    mention = mentioned_function(model)
    if inputs is None and mention and not is_partial:
        raise UsageError(
            f"{mention} as a function, and only a run of the model shows how often: pass inputs=(data.x, "
            "data.edge_index), or whatever the model is called with"
        )
    if inputs is not None and calls is not None:
        raise UsageError(f"calls = {calls} does not go with inputs, on which the calls are counted: leave calls out")
    if inputs is None or is_activation(model):
        found, last, unsent = (
            [(place, guessed_calls(place, calls)) for place in places],
            last_module(model),
            list[str](),
        )
    else:
        found, last, unsent = counted_calls(model, inputs)
    if "forward" in vars(model) and mention:
        raise UsageError(
            f"the activations that this {type(model).__name__} calls as functions can't be replaced, as its forward "
            "was set on the object: write a class, or make them modules such as nn.ReLU()"
        )
    if not found:
        raise UsageError(
            "replace_activations found no activation module in this model (looked for "
            f"{', '.join(kind.__name__ for kind in ACTIVATIONS)} and the slots of this library); activations called "
            "as functions, such as F.relu, are found with inputs=(data.x, data.edge_index)"
            + (f", but no slot can take the place of {', '.join(unsent)}" if unsent else "")
        )
    return found, last, unsent


def _choose(found: Calls, only: Any) -> Calls:
    names = list(only) if isinstance(only, list | tuple | set) else [only]
    paths = [place.path for place, _ in found]
    for name in names:
        if name not in paths:
            note = "Functions, such as 'relu in Net.forward, line 12', are found with inputs=."
            raise unknown_name("activation", str(name), paths, note)
    return [each for each in found if each[0].path in names]


def _senders(model: nn.Module) -> list[nn.Module]:
    """Return the modules that refuse a function without a slot: those with such slots, and a model that names one."""
    return [m for m in model.modules() if isinstance(m, Sending) or (m is model and mentioned_function(model))]


def _config(slot: str, clusters: int, labels: Tensor | None, factors: dict[str, Any]) -> ModelConfig:
    for name in factors:
        if name not in SETTINGS:
            raise unknown_name("argument of replace_activations", name, _ARGUMENTS)
    config = ModelConfig(slot=slot, clusters=clusters, **factors)
    if labels is None:
        return config
    assignment = config.factors.get("assignment")
    if not isinstance(labels, Tensor):
        raise UsageError(f"labels of type {type(labels).__name__} are not accepted: pass torch.as_tensor(labels)")
    if assignment not in {"random", "labels", "communities"}:
        what = f"slot {config.slot!r}" if assignment is None else f"assignment {assignment!r}"
        raise UsageError(f"labels don't go with {what}: only random, labels and communities use them")
    # A given random partition is a partition like any other; slots only draw one if none is given.
    return config.replace(assignment="labels") if assignment == "random" else config


def _slots(config: ModelConfig, gaps: list[tuple[str, int | None]], labels: Tensor | None) -> list[nn.Module]:
    """Return a new slot for every gap, given as its path, for messages, and its channels, None where unknown."""
    for path, width in gaps:
        if config.slot in _NEED_CHANNELS and width is None:
            raise UsageError(
                f"slot {config.slot!r} needs the channels at activation {path!r}: pass channels= or inputs="
            )
    made = [
        (config.replace(hidden=width or 1), SlotContext(channels_known=width is not None, partition=labels))
        for _, width in gaps
    ]
    if config.factors.get("sharing") != "shared" or not gaps:
        return [make_slot(*each) for each in made]
    known = sorted({width for _, width in gaps if width is not None})
    if config.factors["assignment"] == "kmeans" and len(known) > 1:
        raise UsageError(
            "sharing = 'shared' with k-means needs the same channels at all activations, but they have "
            f"{', '.join(map(str, known))}: choose sharing='per-layer', or another assignment"
        )
    return make_slots(made[0][0], len(gaps), made[0][1])


def _put(place: Place, slots: list[nn.Module], like: Tensor | None) -> None:
    old = place.activation
    is_in_place = getattr(old, "inplace", False)
    if not slots and isinstance(old, nn.Module):
        new = deepcopy(old)  # another place may hold the same object
        new.register_forward_pre_hook(Uncalled(place.path))
        setattr(place.parent, place.name, new)
    elif len(slots) == 1 and not is_in_place and forward_is_known(place.parent):  # a single call needs no counting
        setattr(place.parent, place.name, _prepared(slots[0], place.parent, like))
    elif slots:
        new = SlotPerCall(slots, place.path, is_in_place)
        setattr(place.parent, place.name, _prepared(new, place.parent, like))
        count_in(place.owner)


def _send(model: nn.Module, made: list[_Call], like: Tensor | None, *, is_partial: bool) -> None:
    old = getattr(model, NAME, None)
    if is_partial and old is not None:
        paths = {path for _, path, _ in made}
        made += [(slot, *call) for slot, call in zip(old.slots, old.calls, strict=True) if call[0] not in paths]
        is_partial = old.partial
    new = FunctionSlots([slot for slot, *_ in made], [(path, width) for _, path, width in made], is_partial)
    setattr(model, NAME, _prepared(new, model, like))
    send(model)


def _prepared(new: nn.Module, parent: nn.Module, like: Tensor | None) -> nn.Module:
    vars(new)[MARK] = True
    new.train(parent.training)
    return new if like is None else new.to(like.device, like.dtype)
