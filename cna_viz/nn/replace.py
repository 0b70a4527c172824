"""Replace the activations of any model by slots."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import torch_geometric.nn as pyg
from torch import Tensor, nn
from torch_geometric.nn.models.basic_gnn import BasicGNN
from torch_geometric.nn.pool.select import SelectTopK

from cna_viz.config import ModelConfig
from cna_viz.config.vocabulary import FACTORS
from cna_viz.errors import UsageError, unknown_name
from cna_viz.nn.cna import CNA
from cna_viz.nn.slots import SlotContext, make_slot, make_slots

ACTIVATIONS: Final = (
    *(nn.ReLU, nn.ReLU6, nn.LeakyReLU, nn.PReLU, nn.RReLU, nn.ELU, nn.SELU, nn.CELU, nn.GELU),
    *(nn.SiLU, nn.Mish, nn.Tanh, nn.Softplus, nn.Softsign, nn.Hardtanh, nn.Hardswish),
)
"""Modules that count as activations. Sigmoid, Softmax and Threshold, mostly gates and outputs, do not."""

SETTINGS: Final = (*FACTORS, "recluster_every", "compile")
"""Further fields of :class:`~cna_viz.config.ModelConfig` that describe a slot."""

_ARGUMENTS: Final = ("slot", "clusters", "channels", "calls", "labels", *SETTINGS)

_ACT = (BasicGNN, pyg.MLP, pyg.DeepGCNLayer)
"""Modules whose ``act`` is their activation, whatever its type; it may be a plain function."""

_LISTS = (nn.ModuleList, nn.ModuleDict)
"""Modules without a forward: their owner calls their children."""

_KEEP_CHANNELS = (
    *(nn.Identity, nn.Dropout, nn.AlphaDropout, nn.BatchNorm1d, nn.LayerNorm),
    *(getattr(pyg.norm, name) for name in pyg.norm.__all__),
)
"""Modules between a layer and its activation that keep the channels."""

_NEED_CHANNELS = {"layernorm", "nodenorm", "batchnorm", "diffgroupnorm", "graphnorm"}
"""Slots that can't take their channels from the first step."""

_MARK = "stands_for_activation"
"""Attribute by which a slot that replaced an activation is found again."""


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
        call = 0
        if self.calls:
            call = self.calls[-1]
            self.calls = (*self.calls[:-1], call + 1)
        elif len(self.slots) > 1:
            raise UsageError(
                f"activation {self.place!r} has {len(self.slots)} slots, one for every call in a forward, but was "
                "called outside a forward: call the model itself, model(...), not its forward() or inference()"
            )
        if call >= len(self.slots):
            raise UsageError(
                f"activation {self.place!r} is called {call + 1} times or more in one forward, but has a slot for "
                f"{len(self.slots)}: pass calls={call + 1} or more to replace_activations"
            )
        y: Tensor = self.slots[call](x)
        return y

    def extra_repr(self) -> str:
        """Describe the module in ``print(model)``."""
        return f"place={self.place}"


def replace_activations(
    model: nn.Module,
    slot: str = "cna",
    *,
    clusters: int = 8,
    channels: int | None = None,
    calls: int | None = None,
    labels: Tensor | None = None,
    **factors: Any,
) -> nn.Module:
    """Replace the activations of a model by slots, in place.

    Every activation module (see :data:`ACTIVATIONS`) and every slot is replaced, at each place where the model holds
    it, by one slot per call in a forward. The number of calls is known for nn.Sequential and PyG's models (GCN,
    GraphSAGE, GAT, GIN, PNA, EdgeCNN, MLP, DeepGCNLayer, Sequential); an activation that is never called, as in a GCN
    of one layer, stays. Otherwise one call is assumed, and a model that calls more often fails at its first forward:
    pass ``calls`` then.

    Functions such as ``F.relu`` in a forward, or the LeakyReLU in GAT's attention, can't be replaced; gates and outputs
    (Sigmoid, Softmax, the scores of a pooling) are left alone. Activations within the messages of a convolution
    (EdgeCNN, PNA) are replaced, although their rows are edges. Layer-wise ``inference()`` of PyG is refused for models
    with several layers.

    CNA with k-means needs at least ``clusters`` rows. For mini-batches choose ``schedule="running"``.

    Args:
        model: The model; its device, type and mode (training or evaluation) are kept.
        slot: Name of the slot, such as ``cna``, ``na``, ``cna-random``, ``batchnorm``.
        clusters: Clusters per slot; ``labels`` override it.
        channels: Channels at activations where the model does not tell; only norms need them.
        calls: Calls of an activation in one forward, where unknown; slots that are called less often stay unused.
        labels: Cluster of every node, ``[nodes]``, for the assignments labels, communities and random.
        **factors: Factors of the slot as in :class:`~cna_viz.config.ModelConfig`: assignment, normalization,
            activation, metric, schedule, sharing, and recluster_every, compile. With ``sharing="shared"`` all slots
            have the same clusters and rationals.

    Returns:
        The same model.

    Raises:
        UsageError: For unknown names, values out of range, missing or superfluous labels, a model without activation
            modules, a norm with unknown channels, and shared k-means between different channels. The model is then
            unchanged.

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
    places = [] if _is_activation(model) else list(_places(model, model, "", set()))
    if not places:
        raise UsageError(
            "replace_activations found no activation module in this model (looked for "
            f"{', '.join(kind.__name__ for kind in ACTIVATIONS)} and the slots of this library); activations called "
            "as functions, such as F.relu, can't be seen: make them modules first, such as self.act = nn.ReLU()"
        )
    widths = [_widths(place, calls) for place in places]
    gaps = [(place.path, width or channels) for place, each in zip(places, widths, strict=True) for width in each]
    # All slots are made before the first is inserted: an error leaves the model unchanged.
    slots = iter(_slots(config, gaps, labels))
    like = next((parameter for parameter in model.parameters() if parameter.is_floating_point()), None)
    for place, each in zip(places, widths, strict=True):
        if each:
            _put(place, list(islice(slots, len(each))), like)
    return model


@dataclass(frozen=True)
class _Place:
    """The place of an activation: ``parent`` holds it as ``name``, a forward of ``owner`` calls it."""

    parent: nn.Module
    name: str
    owner: nn.Module
    path: str


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


def _places(module: nn.Module, owner: nn.Module, path: str, seen: set[int]) -> Iterator[_Place]:
    """Yield the places below ``module``, each once; ``owner`` is the module whose forward calls its children."""
    if id(module) in seen or isinstance(module, SelectTopK):  # its activation is a gate
        return
    seen.add(id(module))
    # By name, not by object: an activation at two places becomes two slots.
    for name, child in module._modules.items():
        where = f"{path}.{name}".lstrip(".")
        if child is None:
            continue
        if _is_activation(child) or (name == "act" and isinstance(module, _ACT)):
            yield _Place(module, name, owner, where)
        else:
            yield from _places(child, owner if isinstance(child, _LISTS) else child, where, seen)
    if isinstance(module, _ACT) and callable(vars(module).get("act")):
        yield _Place(module, "act", owner, f"{path}.act".lstrip("."))


def _is_activation(module: nn.Module) -> bool:
    return isinstance(module, (*ACTIVATIONS, CNA, SlotPerCall)) or _MARK in vars(module)


def _forward_is_known(parent: nn.Module) -> bool:
    """Whether ``parent`` runs one of the forwards that this module was written for; a subclass may override it."""
    if type(parent) is pyg.Sequential:  # generates its forward
        return True
    kinds = (BasicGNN, pyg.MLP, pyg.DeepGCNLayer, nn.Sequential)
    forward = getattr(parent.forward, "__func__", None)
    return any(isinstance(parent, kind) and forward is kind.forward for kind in kinds)


def _widths(place: _Place, calls: int | None) -> list[int | None]:
    """Return the channels at every call of an activation in one forward, None where unknown.

    The number of calls is ``calls``, or a guess, where the forward is unknown.
    """
    parent, named_act = place.parent, place.name == "act"
    usual, width, hidden = 1, None, list[int]()
    if isinstance(parent, pyg.MLP) and named_act:
        usual, hidden = len(parent.norms), list(parent.channel_list[1:])
    elif isinstance(parent, BasicGNN) and named_act:
        usual, width = parent.num_layers - (parent.jk_mode is None), _positive(parent.hidden_channels)
    elif isinstance(parent, pyg.DeepGCNLayer) and named_act:
        width = _positive(getattr(parent.conv, "in_channels", None)) if parent.block == "res+" else _out(parent.conv)
    else:
        width = _last_out(_before(place))
    number = usual if _forward_is_known(parent) else calls or max(usual, 1)
    return [*hidden, *[width] * number][:number]


def _before(place: _Place) -> list[nn.Module | None]:
    """Return the modules before an activation in its sequence, in order; None for functions."""
    parent = place.parent
    if isinstance(parent, nn.Sequential):
        names = list(parent._modules)
        return [parent._modules[name] for name in names[: names.index(place.name)]]
    if not isinstance(parent, pyg.Sequential):
        return []
    position = [child.name for child in parent._children].index(place.name)
    path: list[nn.Module | None] = []
    value = parent._children[position].param_names[0]
    for child in reversed(parent._children[:position]):
        if value in child.return_names:
            path.insert(0, parent._modules.get(child.name) if child.return_names[0] == value else None)
            value = child.param_names[0]
    return path


def _last_out(path: list[nn.Module | None]) -> int | None:
    """Return the channels at the end of a sequence, from the last module that can change them."""
    for module in reversed(path):
        if module is None or not (isinstance(module, _KEEP_CHANNELS) or _is_activation(module)):
            return _out(module)
    return None


def _out(module: nn.Module | None) -> int | None:
    """Return the output channels of a layer, None where unknown."""
    if isinstance(module, nn.Sequential):
        return _last_out(list(module))
    if isinstance(module, pyg.GINConv | pyg.GINEConv | pyg.EdgeConv):
        return _out(module.nn)
    if isinstance(module, pyg.MixHopConv | pyg.RGATConv):  # a multiple of their out_channels
        return None
    width = _positive(getattr(module, "out_features", None)) or _positive(getattr(module, "out_channels", None))
    # Convolutions with attention have out_channels per head.
    return width * int(getattr(module, "heads", 1)) if width and getattr(module, "concat", False) is True else width


def _positive(value: object) -> int | None:
    return value if isinstance(value, int) and value > 0 else None


def _slots(config: ModelConfig, gaps: list[tuple[str, int | None]], labels: Tensor | None) -> list[nn.Module]:
    """Return a new slot for every gap, given as its path, for messages, and its channels, None where unknown."""
    for path, width in gaps:
        if config.slot in _NEED_CHANNELS and width is None:
            raise UsageError(f"slot {config.slot!r} needs the channels at activation {path!r}: pass channels=")
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


def _put(place: _Place, slots: list[nn.Module], like: Tensor | None) -> None:
    # A single call needs no counting.
    plain = len(slots) == 1 and _forward_is_known(place.parent)
    new = slots[0] if plain else SlotPerCall(slots, place.path)
    vars(new)[_MARK] = True
    new.train(place.parent.training)
    if like is not None:
        new.to(like.device, like.dtype)
    setattr(place.parent, place.name, new)
    owner = place.owner
    if not plain and _enter not in owner._forward_pre_hooks.values():
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
        elif isinstance(child, _LISTS):
            yield from _counting(child)
