"""A progress bar with an estimate, in a terminal and in JupyterLab alike."""

import os
from typing import Any


def bar(total: int, description: str, *, unit: str, disable: bool = False) -> Any:
    """Return a tqdm bar on stderr: a widget in JupyterLab, text in a terminal and in batch execution.

    Args:
        total: Number of units of work.
        description: What is going on.
        unit: Name of a unit.
        disable: Show nothing.
    """
    if is_batch():
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm
    return tqdm(total=total, desc=description, unit=unit, disable=disable, dynamic_ncols=True, mininterval=0.5)


def is_batch() -> bool:
    """Whether this is a notebook that is executed to be printed: no front end is there that could draw a widget."""
    return bool(os.environ.get("CNA_VIZ_BATCH"))
