"""One optimizer step: the batch, Adam, and the memory that a step frees for the next."""

import ctypes
import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from torch import Tensor, nn, optim

from cna_viz.config import TrainingConfig
from cna_viz.nn.rational import Rational
from cna_viz.training.objective import CLASSIFICATION, Objective

KEPT: Final = 256 * 2**20
"""Maximum number of freed bytes that are kept instead of returned to the operating system."""
LARGEST: Final = 32 * 2**20
"""Size in bytes of the largest block that can be kept, the maximum of glibc."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_SETTINGS: Final = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES", "LD_PRELOAD")


@dataclass(frozen=True)
class TrainingBatch:
    """Arguments of the model, targets of all rows of its output, ``[rows]``, and the rows of the loss, ``[seeds]``."""

    inputs: tuple[Any, ...]
    target: Tensor
    seeds: Tensor


def coefficients(model: nn.Module) -> list[nn.Parameter]:
    """Return the coefficients of rational activations, each once."""
    # By identity and not by value; a dict keeps the order, which a saved state of the optimizer goes by.
    return list(
        {id(p): p for module in model.modules() if isinstance(module, Rational) for p in module.parameters()}.values()
    )


def adam(model: nn.Module, config: TrainingConfig, *, decay_coefficients: bool = False) -> optim.Adam:
    """Return Adam (Kingma and Ba, arXiv 1412.6980) over all parameters in two groups.

    The coefficients of rational activations get ``lr_activation`` and no weight decay (decay would pull the function
    towards zero, not towards a simpler one) unless ``decay_coefficients``; everything else gets ``lr`` and
    ``weight_decay``. A parameter shared by several modules occurs once.
    """
    rationals = coefficients(model)
    known = set(map(id, rationals))
    weights = [parameter for parameter in model.parameters() if id(parameter) not in known]
    decay = config.weight_decay if decay_coefficients else 0.0
    groups = [
        {"params": weights, "lr": config.lr, "weight_decay": config.weight_decay},
        {"params": rationals, "lr": config.lr_activation, "weight_decay": decay},
    ]
    # One kernel for all parameters halves the time of a step with many layers.
    fused = all(p.is_floating_point() and p.device.type in {"cpu", "cuda"} for p in model.parameters())
    return optim.Adam([group for group in groups if group["params"]], fused=fused or None)


def loss_of(output: Tensor, batch: TrainingBatch, objective: Objective = CLASSIFICATION) -> Tensor:
    """Return the mean loss of the seeds."""
    return objective.losses(output[batch.seeds], batch.target[batch.seeds]).mean()


def step(
    model: nn.Module,
    batch: TrainingBatch,
    optimizer: optim.Optimizer,
    objective: Objective = CLASSIFICATION,
    clipped: Sequence[nn.Parameter] = (),
) -> None:
    """Take one step down the mean loss of the seeds, with the gradients of ``clipped`` together at most of norm 1.

    Nothing in here makes a GPU wait.
    """
    model.train()
    optimizer.zero_grad()
    loss_of(model(*batch.inputs), batch, objective).backward()  # type: ignore[no-untyped-call]
    if clipped:
        nn.utils.clip_grad_norm_(clipped, 1.0)
    optimizer.step()


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Make glibc keep up to :data:`KEPT` bytes of freed memory in this process, and return whether it does.

    By default glibc returns the memory between steps, and every page has to be fetched and zeroed again. Does nothing
    with another C library, or if an environment variable configures the allocator.
    """
    if platform.libc_ver()[0] != "glibc" or any(name in os.environ for name in _SETTINGS):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_THRESHOLD, LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, KEPT))
