"""What an arm of a comparison is: a config apart from its seeds and from what is recorded of it."""

from typing import Final

from cna_viz.config import RunConfig
from cna_viz.settings import flat, settings

SEEDS: Final = ("seed", "split_seed")
"""Settings that repeat an arm."""
SILENT: Final = frozenset({*SEEDS, "every", "measures", "snapshots", "precision", "project"})
"""Settings that make no arm: seeds, and what is recorded."""


def arm_of(config: RunConfig) -> RunConfig:
    """Return the config with the default seeds and the default recording: equal for all runs of an arm."""
    fresh = RunConfig()
    return config.replace(
        seed=fresh.seed, data=config.data.replace(split_seed=fresh.data.split_seed), recording=fresh.recording
    )


def effective(config: RunConfig) -> dict[str, object]:
    """Return the settings by flat name that make an arm and have an effect in it; of watched networks the name."""
    if config.watched is not None:
        return {"slot": config.slot, "layers": config.layers, "dataset": config.watched.dataset}
    hidden = SILENT | idle(config)
    return {name: value for name, value in flat(config).items() if name not in hidden and value is not None}


def idle(config: RunConfig) -> frozenset[str]:
    """Return the names of settings that have no effect in this run, as ``clusters`` where nothing is clustered."""
    model = config.model
    # A network of one layer has no gap for a slot.
    factors = model.factors if model.layers > 1 else {}
    works = {
        "clusters": model.uses_clusters and model.layers > 1,
        "recluster_every": factors.get("assignment") == "kmeans" and factors["schedule"] != "running",
        "lr_activation": factors.get("activation") == "rational",
        "neighbors": config.training.batch_size is not None,
        "drop_edge": model.backbone != "mlp",
        "compile": bool(factors),
        "readout": config.data.task == "graph-classification",
    }
    absent = {name for name in settings() if name.startswith("csbm_") and config.data.csbm is None}
    return frozenset({name for name, has_effect in works.items() if not has_effect} | absent)
