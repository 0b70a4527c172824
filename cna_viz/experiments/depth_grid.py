"""The runs of the notebook on oversmoothing: depth by slot by seed."""

from collections.abc import Sequence
from itertools import product

from cna_viz.config import DataConfig, ModelConfig, RecordingConfig, RunConfig, TrainingConfig


def depth_grid(
    *,
    dataset: str = "digits",
    split: str = "random-60-20-20",
    depths: Sequence[int] = (2, 4, 8, 16, 32),
    slots: Sequence[str] = ("relu", "cna"),
    seeds: Sequence[int] = (0, 1, 2),
    hidden: int = 64,
    clusters: int = 8,
    epochs: int = 200,
) -> list[RunConfig]:
    """Return one config per depth, slot and seed; all arms share splits, seeds and training settings.

    What takes time and space is recorded only where it is looked at: the deepest networks of the first seed are
    measured every epoch and keep embeddings; the others are measured at the first, the last and the best epoch.

    Raises:
        UsageError: When a name is unknown or a number out of range.
    """
    configs = []
    for depth, slot, seed in product(depths, slots, seeds):
        shown = depth == max(depths) and seed == seeds[0]
        configs.append(
            RunConfig(
                data=DataConfig(dataset=dataset, split=split),
                model=ModelConfig(slot=slot, layers=depth, hidden=hidden, clusters=clusters),
                training=TrainingConfig(epochs=epochs),
                recording=RecordingConfig(every=1 if shown else max(epochs, 1), snapshots="ends" if shown else "none"),
                seed=seed,
            )
        )
    return configs
