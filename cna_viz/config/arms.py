"""Arms of a comparison: configs without their seeds and recording."""

from collections.abc import Sequence
from typing import Final

from cna_viz.config.fields import flat, settings
from cna_viz.config.run import RunConfig

SEEDS: Final = ("seed", "split_seed")
"""Settings that repeat an arm."""
SILENT: Final = frozenset({*SEEDS, "every", "measures", "snapshots", "precision", "project"})
"""Settings that make no arm: seeds and recording."""


def arm_of(config: RunConfig) -> RunConfig:
    """Return the config with the default seeds and the default recording: equal for all runs of an arm."""
    fresh = RunConfig()
    return config.replace(
        seed=fresh.seed, data=config.data.replace(split_seed=fresh.data.split_seed), recording=fresh.recording
    )


def active_settings(config: RunConfig) -> dict[str, object]:
    """Return the settings, by flat name, that make an arm and have an effect in it; the name of a watched network."""
    if config.watched is not None:
        return {"slot": config.slot, "layers": config.layers, "dataset": config.watched.dataset}
    hidden = SILENT | inactive(config)
    return {name: "none" if value is None else value for name, value in flat(config).items() if name not in hidden}


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """Return the settings that make an arm and in which these runs differ.

    A setting that only some runs leave to the slot differs; one without an effect in a run does not count there.
    """
    values = [active_settings(config) for config in configs]
    unset = set[str]().union(*(_unset(config) for config in configs))
    found = {name: {str(one[name]) for one in values if name in one} for name in settings()}
    return [name for name, texts in found.items() if len(texts) + (bool(texts) and name in unset) > 1]


def _unset(config: RunConfig) -> set[str]:
    return set() if config.watched is not None else set(settings()) - set(flat(config)) - SILENT - inactive(config)


def inactive(config: RunConfig) -> frozenset[str]:
    """Return the names of settings without an effect in this run, such as ``clusters`` where no slot clusters."""
    model = config.model
    # A network of one layer has no gap for a slot.
    factors = model.factors if model.layers > 1 else {}
    graphs = config.data.task == "graph-classification"
    batches = graphs or config.training.batch_size is not None
    effects = {
        "clusters": model.uses_clusters and model.layers > 1,
        # With batches, k-means is updated in every one of them.
        "recluster_every": factors.get("assignment") == "kmeans" and factors["schedule"] != "running" and not batches,
        "lr_activation": factors.get("activation") == "rational",
        "neighbors": config.training.batch_size is not None and not graphs and model.backbone != "mlp",
        "drop_edge": model.backbone != "mlp",
        "compile": bool(factors),
        "readout": graphs,
    }
    absent = {name for name in settings() if name.startswith("csbm_") and config.data.csbm is None}
    return frozenset({name for name, has_effect in effects.items() if not has_effect} | absent)
