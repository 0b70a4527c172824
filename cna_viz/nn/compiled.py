"""The compiled loops and their threads. Numba is loaded when it is first needed: that takes a third of a second."""

import logging
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import torch

_LOCK: Final = threading.Lock()


@lru_cache(maxsize=1)
def load_kernels() -> Any:
    """Return the module of the loops."""
    from cna_viz.nn import kernels

    stats = getattr(kernels.backward, "stats", None)  # there are none where Numba is told not to compile
    if stats and not any(Path(stats.cache_path).glob("kernels.backward-*.nbi")):
        logging.getLogger(__name__).warning("compiling the loops of CNA for this processor (once, about 15 seconds)")
    return kernels


class Threads:
    """Lets Numba use as many threads as torch uses; one caller at a time, as not all of Numba's pools stand more."""

    def __enter__(self) -> None:
        numba = _numba()
        _LOCK.acquire()
        self.wanted, self.before = torch.get_num_threads(), numba.get_num_threads()
        self.number = min(self.wanted, numba.config.NUMBA_NUM_THREADS)
        if self.number != self.before:
            numba.set_num_threads(self.number)

    def __exit__(self, *exception: object) -> None:
        if self.number != self.before:
            _numba().set_num_threads(self.before)
        if torch.get_num_threads() != self.wanted:
            # The two can share one OpenMP, and Numba sets its number of threads when it starts.
            torch.set_num_threads(self.wanted)
        _LOCK.release()


@lru_cache(maxsize=1)
def _numba() -> Any:
    import numba

    return numba
