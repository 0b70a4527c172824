"""Which modules are layers of a graph network, by their class."""

from typing import Final

from torch import nn
from torch_geometric.nn import MessagePassing, conv, dense, pool
from torch_geometric.nn.models import DeepGCNLayer, GroupAddRev

LAYERS: Final[tuple[type[nn.Module], ...]] = (
    MessagePassing,
    *(getattr(conv, name) for name in conv.classes),  # some, such as DirGNNConv, are no MessagePassing
    *(getattr(dense, name) for name in dense.conv_classes),
    DeepGCNLayer,
    GroupAddRev,
)
POOLS: Final[tuple[type, ...]] = tuple(
    kind for name in pool.__all__ if isinstance(kind := getattr(pool, name), type) and issubclass(kind, nn.Module)
)


def layers_inside(model: nn.Module) -> dict[str, nn.Module]:
    """Return the convolutions of a model and the blocks around them, by name.

    Own classes are among them if they are a ``MessagePassing``. The convolution with which a pooling scores the nodes
    is no layer of the network.
    """
    scores = {part for module in model.modules() if isinstance(module, POOLS) for part in module.modules()}
    return {
        name: module
        for name, module in model.named_modules()
        if module is not model and module not in scores and isinstance(module, LAYERS)
    }


def is_container(module: nn.Module) -> bool:
    """Whether this only holds modules, or may be used so."""
    return isinstance(module, nn.Sequential) or type(module).forward is nn.Module.forward
