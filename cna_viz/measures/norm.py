"""Norms of features, gradients and weights."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList
from torch.nn.utils.prune import BasePruningMethod
from torch.nn.utils.spectral_norm import SpectralNorm
from torch.nn.utils.weight_norm import WeightNorm


def feature_norm(x: Tensor) -> Tensor:
    r"""Frobenius norm, the scale needed to read any energy that is not scale-free.

    .. math:: \lVert X \rVert_F = \sqrt{\textstyle\sum_{ic} x_{ic}^2}

    0 for a zero matrix; proportional to the scale of X. The same function gives the norm of a gradient.

    Args:
        x: Features, ``[nodes, channels]``.

    Returns:
        A scalar in the units of the features, float64, so that squares of small features don't vanish; infinite or NaN
        if a feature is. Cost: O(nodes · channels).
    """
    norm: Tensor = torch.linalg.vector_norm(x, dtype=torch.float64)
    return norm


def weight_norm(module: nn.Module) -> Tensor:
    r"""Frobenius norm of all weights of a module: tensors with two dimensions or more, biases left out.

    .. math:: \lVert W \rVert_F = \sqrt{\textstyle\sum_p \lVert W_p \rVert_F^2}

    Small weights damp features and gradients at every layer. Weights are what the module multiplies with: the masked
    ones of ``nn.utils.prune``, those computed by ``nn.utils.parametrizations`` and ``nn.utils.weight_norm``.

    Args:
        module: Any module.

    Returns:
        A scalar, float64; 0 for a module without weights. Shared parameters count once. Cost: O(parameters).
    """
    weights = {id(weight): weight for part in module.modules() for weight in _weights(part)}
    norms = [feature_norm(weight.detach()) for weight in weights.values() if weight.dim() >= 2]
    return torch.linalg.vector_norm(torch.stack(norms)) if norms else torch.zeros((), dtype=torch.float64)


def _weights(module: nn.Module) -> Iterator[Tensor]:
    """Yield the weights that a module itself holds, as it uses them."""
    if isinstance(module, ParametrizationList):  # its parameters are what a weight is computed from
        return
    computed = _computed(module)
    for name, parameter in module.named_parameters(recurse=False):
        plain = next((name.removesuffix(end) for end in ("_orig", "_v", "_g") if name.endswith(end)), name)
        present = getattr(module, plain, parameter) if plain not in module._parameters else parameter
        value = computed.get(plain, present)
        yield value if isinstance(value, Tensor) else parameter
    for name in getattr(module, "parametrizations", {}):
        yield getattr(module, name)


def _computed(module: nn.Module) -> dict[str, Tensor]:
    """Return the weights that hooks of torch will compute before the next call; those in the module may be older."""
    found = {}
    for hook in module._forward_pre_hooks.values():
        if isinstance(hook, BasePruningMethod):
            found[hook._tensor_name] = hook.apply_mask(module)  # type: ignore[no-untyped-call]
        elif isinstance(hook, WeightNorm):
            found[hook.name] = hook.compute_weight(module)
        elif isinstance(hook, SpectralNorm):
            found[hook.name] = hook.compute_weight(module, do_power_iteration=False)
    return found
