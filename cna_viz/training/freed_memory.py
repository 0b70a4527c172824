"""Keep the memory that a training step frees for the next one."""

import ctypes
import os
import platform
from functools import lru_cache
from typing import Final

KEPT: Final = 256 * 2**20
"""Bytes that are kept at most, instead of handed back to the operating system."""
LARGEST: Final = 32 * 2**20
"""Bytes of the largest block that can be kept, the most that glibc allows."""
_TRIM_THRESHOLD, _MMAP_THRESHOLD = -1, -3
_SETTINGS: Final = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_", "GLIBC_TUNABLES", "LD_PRELOAD")


@lru_cache(maxsize=1)
def keep_freed_memory() -> bool:
    """Ask the C library to keep up to :data:`KEPT` bytes of freed memory in this process; return whether it does.

    A training step frees what the next one asks for again. Unasked, glibc hands it back in between, and every page of
    it has to be fetched and zeroed anew. Only glibc is asked, and not where the environment says how memory is to be
    managed.
    """
    if platform.libc_ver()[0] != "glibc" or any(name in os.environ for name in _SETTINGS):
        return False
    mallopt = ctypes.CDLL(None).mallopt
    return bool(mallopt(_MMAP_THRESHOLD, LARGEST)) and bool(mallopt(_TRIM_THRESHOLD, KEPT))
