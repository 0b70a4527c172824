"""Chance for the batches of an epoch, apart from torch's global random state."""

import numpy as np
import torch


def epoch_generator(seed: int, epoch: int) -> torch.Generator:
    """Return the generator of an epoch: other numbers for every seed and every epoch."""
    # A sum of both would give neighbouring seeds the same batches, one epoch later.
    state = np.random.SeedSequence([seed, epoch]).generate_state(1, np.uint64)
    return torch.Generator().manual_seed(int(state[0]) >> 1)
