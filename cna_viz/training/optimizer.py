"""Adam with a learning rate of its own for learned activations."""

from torch import nn, optim

from cna_viz.config import TrainingConfig
from cna_viz.nn.rational import Rational


def adam(model: nn.Module, config: TrainingConfig) -> optim.Adam:
    """Return Adam (Kingma and Ba, arXiv 1412.6980) over all parameters in two groups.

    The coefficients of rational activations get ``lr_activation`` and no weight decay (decay would pull the function
    towards zero, not towards a simpler one); everything else gets ``lr`` and ``weight_decay``. A parameter that several
    modules share is there once.
    """
    # By identity and not by value; a dict keeps the order, which a saved state of the optimizer goes by.
    known = {id(p): p for module in model.modules() if isinstance(module, Rational) for p in module.parameters()}
    weights = [parameter for parameter in model.parameters() if id(parameter) not in known]
    groups = [
        {"params": weights, "lr": config.lr, "weight_decay": config.weight_decay},
        {"params": list(known.values()), "lr": config.lr_activation, "weight_decay": 0.0},
    ]
    return optim.Adam([group for group in groups if group["params"]], fused=_can_fuse(model) or None)


def _can_fuse(model: nn.Module) -> bool:
    """Whether all parameters are such that one kernel can update them: half the time of a step with many layers."""
    return all(p.is_floating_point() and p.device.type in {"cpu", "cuda"} for p in model.parameters())
