"""A progress bar with an estimate, in a terminal and in JupyterLab alike."""

import os
from typing import Any, Final

PATIENCE: Final = 1.0
"""Seconds without a bar that nobody minds."""


def bar(total: int, description: str, *, unit: str, disable: bool = False, delay: float = 0.0) -> Any:
    """Return a tqdm bar on stderr: a widget in JupyterLab, text in a terminal and in batch execution.

    Args:
        total: Number of units of work.
        description: What is going on.
        unit: Name of a unit.
        disable: Show nothing.
        delay: Seconds before anything is shown: what is mostly short needs no bar.
    """
    if is_batch():
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm
    look: dict[str, Any] = {"dynamic_ncols": True, "mininterval": 0.5, "delay": delay}
    return tqdm(total=total, desc=description, unit=unit, disable=disable, **look)


def is_batch() -> bool:
    """Whether this is a notebook that is executed to be printed: no front end is there that could draw a widget."""
    return bool(os.environ.get("CNA_VIZ_BATCH"))
