"""A progress bar with an estimate, in a terminal and in JupyterLab alike."""

import os
from typing import Any

from cna_viz.training.evaluate import Scores


def bar(total: int, description: str, *, unit: str, disable: bool = False) -> Any:
    """Return a tqdm bar on stderr: a widget in JupyterLab, text in a terminal and in batch execution.

    Args:
        total: Number of units of work.
        description: What is going on.
        unit: Name of a unit.
        disable: Show nothing.
    """
    # A notebook executed in a batch has no front end that could draw the widget.
    if os.environ.get("CNA_VIZ_BATCH"):
        from tqdm import tqdm
    else:
        from tqdm.auto import tqdm
    return tqdm(total=total, desc=description, unit=unit, disable=disable, dynamic_ncols=True, mininterval=0.5)


class EpochBar:
    """Training callback that moves a bar and shows the validation accuracy.

    Args:
        progress: A tqdm bar; ``weight`` units are added per epoch.
        weight: Units of work per epoch.
    """

    def __init__(self, progress: Any, weight: int = 1) -> None:
        self.progress, self.weight = progress, weight

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        """Move on by one epoch."""
        self.progress.update(self.weight if epoch > 0 else 0)
        self.progress.set_postfix(val=f"{scores.accuracy['val']:.3f}", refresh=False)

    def on_selected(self, epoch: int) -> None:
        """Nothing to show: the bar counts epochs."""
