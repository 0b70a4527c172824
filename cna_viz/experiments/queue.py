"""Train several configs, one after the other."""

from collections.abc import Sequence
from pathlib import Path

from cna_viz.config import DataConfig, RunConfig
from cna_viz.data.graph import Graph
from cna_viz.experiments.once import train_once
from cna_viz.experiments.train import prepare
from cna_viz.experiments.work import work
from cna_viz.progress import bar
from cna_viz.training.loop import EpochBar


def train_missing(configs: Sequence[RunConfig], runs: Path, data: Path | None, *, progress: bool) -> None:
    """Train every config that has no record yet. Arguments and errors as in ``load_or_run_all``."""
    # All graphs and splits first: what can't be run is refused before hours are spent on the others.
    graphs: dict[DataConfig, Graph] = {}
    prepared = [(config, *prepare(config, data, graphs)) for config in configs]
    with bar(sum(map(work, configs)), "training", unit=" layer-epochs", disable=not progress) as progress_bar:
        for number, (config, graph, split) in enumerate(prepared, start=1):
            model = config.model
            progress_bar.set_description(
                f"run {number}/{len(configs)}: {model.backbone} + {model.slot}, {model.layers} layers"
            )
            folder, before = runs / config.run_id, progress_bar.n
            train_once(config, graph, split, folder, [EpochBar(progress_bar, weight=model.layers)])
            # Early stopping leaves work undone; the bar counts it as done.
            progress_bar.update(work(config) - (progress_bar.n - before))
