"""Progress within a training."""

from typing import Any

from cna_viz.training.evaluate import Scores


class EpochBar:
    """Training callback that moves a bar and shows the validation score.

    Args:
        progress: A tqdm bar; ``weight`` units are added per epoch.
        weight: Units of work per epoch.
    """

    def __init__(self, progress: Any, weight: int = 1) -> None:
        self.progress, self.weight = progress, weight

    def on_epoch(self, epoch: int, scores: Scores, *, last: bool) -> None:
        """Move on by one epoch."""
        self.progress.update(self.weight if epoch > 0 else 0)
        self.progress.set_postfix(val=f"{scores.values[scores.metric]['val']:.3f}", refresh=False)

    def on_selected(self, epoch: int) -> None:
        """Nothing to show: the bar counts epochs."""
