"""A progress bar with an estimate, in a terminal and in JupyterLab alike; a broken stderr never stops the work."""

import os
import sys
from contextlib import suppress
from typing import Any, Final

PATIENCE: Final = 1.0
"""Default delay in seconds before a bar of short work is shown."""


def bar(total: int, description: str, *, unit: str, disable: bool = False, delay: float = 0.0) -> Any:
    """Return a tqdm bar on stderr, shown after ``delay`` seconds: a widget in JupyterLab, text elsewhere."""
    reserve_descriptors()  # a bar begins before the work opens files
    if is_batch():
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm
    shown: dict[str, Any] = {"desc": description, "unit": unit, "dynamic_ncols": True, "mininterval": 0.5}
    return tqdm(total=total, disable=disable, delay=delay, file=_Stderr(), **shown)


def is_batch() -> bool:
    """Whether a notebook is executed without a front end that could draw widgets."""
    return bool(os.environ.get("CNA_VIZ_BATCH"))


def reserve_descriptors() -> None:
    """Open the null device on every closed standard descriptor, which the next file would get, with all output."""
    while (descriptor := os.open(os.devnull, os.O_RDONLY)) <= 2:
        os.set_inheritable(descriptor, True)
    os.close(descriptor)


class _Stderr:
    """stderr for a bar: drops output if stderr is closed, full, or has no reader."""

    def write(self, text: str) -> None:
        with suppress(OSError, ValueError, AttributeError):  # full, closed by the program, None
            sys.stderr.write(text)

    def flush(self) -> None:
        with suppress(OSError, ValueError, AttributeError):
            sys.stderr.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(sys.stderr, name)
