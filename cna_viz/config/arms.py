"""What an arm of a comparison is: a config apart from its seeds and from what is recorded of it."""

from collections.abc import Sequence
from typing import Final

from cna_viz.config.fields import flat, settings
from cna_viz.config.run import RunConfig

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


def differing(configs: Sequence[RunConfig]) -> list[str]:
    """Return the settings that make an arm and in which these runs differ.

    One that is left to the slot in some and set in others differs, too; one without an effect in a run does not count
    there.
    """
    values, unset = [effective(config) for config in configs], [_unset(config) for config in configs]
    return [name for name in settings() if len(_values(name, values, unset)) > 1]


def _values(name: str, values: Sequence[dict[str, object]], unset: Sequence[set[str]]) -> set[str]:
    found = {str(one[name]) for one in values if name in one}
    return found | {"unset"} if found and any(name in names for names in unset) else found


def _unset(config: RunConfig) -> set[str]:
    if config.watched is not None:
        return set()
    return set(settings()) - set(flat(config)) - SILENT - idle(config)


def idle(config: RunConfig) -> frozenset[str]:
    """Return the names of settings that have no effect in this run, as ``clusters`` where nothing is clustered."""
    model = config.model
    # A network of one layer has no gap for a slot.
    factors = model.factors if model.layers > 1 else {}
    graphs = config.data.task == "graph-classification"
    batches = graphs or config.training.batch_size is not None
    works = {
        "clusters": model.uses_clusters and model.layers > 1,
        # Where training sees other nodes than evaluation, k-means runs along with the batches.
        "recluster_every": factors.get("assignment") == "kmeans" and factors["schedule"] != "running" and not batches,
        "lr_activation": factors.get("activation") == "rational",
        "neighbors": config.training.batch_size is not None and not graphs and model.backbone != "mlp",
        "drop_edge": model.backbone != "mlp",
        "compile": bool(factors),
        "readout": graphs,
    }
    absent = {name for name in settings() if name.startswith("csbm_") and config.data.csbm is None}
    return frozenset({name for name, has_effect in works.items() if not has_effect} | absent)
