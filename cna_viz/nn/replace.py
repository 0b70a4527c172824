"""Put slots in the place of the activations of a model that was written without them."""

from collections.abc import Iterator
from typing import Any, Final

from torch import Tensor, nn
from torch_geometric.nn import MLP
from torch_geometric.nn.models.basic_gnn import BasicGNN

from cna_viz.config import ModelConfig
from cna_viz.errors import UsageError
from cna_viz.nn.cna import CNA
from cna_viz.nn.slots import SlotContext, make_slots
from cna_viz.vocabulary import NORM_SLOTS

ACTIVATIONS: Final = (
    nn.ReLU,
    nn.ReLU6,
    nn.LeakyReLU,
    nn.PReLU,
    nn.RReLU,
    nn.ELU,
    nn.SELU,
    nn.CELU,
    nn.GELU,
    nn.SiLU,
    nn.Mish,
    nn.Tanh,
    nn.Softplus,
    nn.Hardtanh,
    nn.Hardswish,
    CNA,
)
"""What counts as an activation. Sigmoid and Softmax do not: they are gates and outputs more often than activations."""


class SlotPerCall(nn.Module):
    """Hands the first call within a forward of its parent to the first slot, the second to the second, and so on.

    Models of PyG own one activation and call it once per layer; every layer gets a slot of its own this way.

    Args:
        slots: A slot for every call.

    Raises:
        UsageError: When it is called more often than it has slots.
    """

    def __init__(self, slots: list[nn.Module]) -> None:
        super().__init__()
        self.slots = nn.ModuleList(slots)
        self.calls = 0

    def forward(self, x: Tensor) -> Tensor:
        """Return ``x`` through the slot of this call."""
        if self.calls >= len(self.slots):
            raise UsageError(
                f"the activation is called more than {len(self.slots)} times in one forward of its model: "
                "pass calls= to replace_activations"
            )
        self.calls += 1
        y: Tensor = self.slots[self.calls - 1](x)
        return y


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
    """Turn the activations of a model into slots, in place.

    Every activation module becomes one new slot. Models of PyG that share one activation between their layers (GCN,
    GraphSAGE, GAT, GIN, MLP ...) get one slot per call. Activations that are called as functions, such as ``F.relu`` or
    the one inside GAT's attention, can't be seen from outside and stay.

    Rationals want a learning rate of their own; give the optimizer the parameters of modules of type
    :class:`~cna_viz.nn.rational.Rational` as a group.

    Args:
        model: The model; its device and mode (training or evaluation) are kept.
        slot: Name of the slot, such as ``cna``, ``na``, ``cna-random``, ``batchnorm``.
        clusters: Clusters per slot.
        channels: Channels at the activations; only needed by norms, and not for PyG's models.
        calls: How often a parent calls its activation in one forward; found out for PyG's models, else 1.
        labels: Cluster of every node, for the assignments labels and communities.
        **factors: Factors of the slot as in :class:`~cna_viz.config.ModelConfig`, such as ``normalization="node"``.

    Returns:
        The same model.

    Raises:
        UsageError: For unknown names, when nothing was found to replace, and when a norm's channels are not known.

    Example:
        >>> model = replace_activations(GCN(1433, 64, 16, 7), "cna", clusters=8)
    """
    places = list(_places(model))
    if not places:
        raise UsageError(
            "replace_activations found no activation module in this model "
            f"({', '.join(kind.__name__ for kind in ACTIVATIONS)}); activations called as functions can't be replaced: "
            "make them modules first"
        )
    like = next(model.parameters(), None)
    for parent, name in places:
        width = channels or _channels(parent)
        if slot in NORM_SLOTS and slot not in {"pairnorm", "meansub", "nodenorm"} and width is None:
            raise UsageError(f"{slot} needs channels= for the activation {name!r} of {type(parent).__name__}")
        config = ModelConfig(slot=slot, clusters=clusters, hidden=width or 1, **factors)
        context = SlotContext(channels_known=width is not None, partition=labels)
        slots = make_slots(config, calls or _calls(parent), context)
        new = slots[0] if len(slots) == 1 else SlotPerCall(slots)
        new.train(parent.training)
        if like is not None:
            new.to(like.device, like.dtype)
        # An activation that was a plain function stands in the instance, where a module can't replace it.
        parent.__dict__.pop(name, None)
        parent.add_module(name, new)
        if isinstance(new, SlotPerCall):
            parent.register_forward_pre_hook(_restart)
    return model


def _restart(module: nn.Module, args: Any) -> None:
    """Begin to count anew; a function of the module, so that copies of a model do not count for each other."""
    for child in module.children():
        if isinstance(child, SlotPerCall):
            child.calls = 0


def _places(model: nn.Module) -> Iterator[tuple[nn.Module, str]]:
    for parent in list(model.modules()):
        if isinstance(parent, SlotPerCall | CNA):
            continue
        # By name, not by object: an activation that stands at two places becomes two slots.
        for name, child in list(parent._modules.items()):
            if isinstance(child, (*ACTIVATIONS, SlotPerCall)):
                yield parent, name
        if isinstance(parent, BasicGNN | MLP) and callable(parent.__dict__.get("act")):
            yield parent, "act"


def _calls(parent: nn.Module) -> int:
    """Return how often a parent calls its activation in one forward."""
    if isinstance(parent, BasicGNN):
        layers = int(parent.num_layers)
        return layers if parent.jk_mode is not None else max(layers - 1, 1)
    if isinstance(parent, MLP):
        return max(len(parent.lins) - 1 if parent.plain_last else len(parent.lins), 1)
    return 1


def _channels(parent: nn.Module) -> int | None:
    if isinstance(parent, BasicGNN):
        return int(parent.hidden_channels)
    if isinstance(parent, MLP) and len(set(parent.channel_list[1:-1])) == 1:
        return int(parent.channel_list[1])
    return None
