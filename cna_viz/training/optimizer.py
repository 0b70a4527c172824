"""Adam with a learning rate of its own for learned activations."""

from torch import nn, optim

from cna_viz.config import TrainingConfig
from cna_viz.nn.rational import Rational


def adam(model: nn.Module, config: TrainingConfig) -> optim.Adam:
    """Return Adam over all parameters in two groups.

    The coefficients of rational activations get ``lr_activation`` and no weight decay (decay would pull the function
    towards zero, not towards a simpler one); everything else gets ``lr`` and ``weight_decay``.
    """
    activation = [p for module in model.modules() if isinstance(module, Rational) for p in module.parameters()]
    known = {id(parameter) for parameter in activation}
    weights = [parameter for parameter in model.parameters() if id(parameter) not in known]
    groups = [
        {"params": weights, "lr": config.lr, "weight_decay": config.weight_decay},
        {"params": activation, "lr": config.lr_activation, "weight_decay": 0.0},
    ]
    return optim.Adam([group for group in groups if group["params"]])
