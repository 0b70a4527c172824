"""Train several configs, one after the other."""

from collections.abc import Sequence
from pathlib import Path

from cna_viz.config import DataConfig, RunConfig
from cna_viz.data.graph import Graph
from cna_viz.experiments.attempts import claim, forget_unfinished, set_aside
from cna_viz.experiments.train import prepare, train
from cna_viz.records.integrity import is_complete
from cna_viz.training.progress import EpochBar, bar


def train_missing(configs: Sequence[RunConfig], runs: Path, data: Path | None, *, progress: bool) -> None:
    """Train every config that has no record yet. Arguments and errors as in ``load_or_run_all``."""
    # All graphs and splits first: what can't be run is refused before hours are spent on the others.
    graphs: dict[DataConfig, Graph] = {}
    prepared = [(config, *prepare(config, data, graphs)) for config in configs]
    with bar(sum(map(_work, configs)), "training", unit=" layer-epochs", disable=not progress) as progress_bar:
        for number, (config, graph, split) in enumerate(prepared, start=1):
            model = config.model
            progress_bar.set_description(
                f"run {number}/{len(configs)}: {model.backbone} + {model.slot}, {model.layers} layers"
            )
            folder, before = runs / config.run_id, progress_bar.n
            with claim(folder):
                if not is_complete(folder):
                    set_aside(folder)
                    train(config, graph, split, folder, [EpochBar(progress_bar, weight=model.layers)])
                    forget_unfinished(folder)
            # Early stopping leaves work undone; the bar counts it as done.
            progress_bar.update(_work(config) - (progress_bar.n - before))


def _work(config: RunConfig) -> int:
    """Return the most layer-epochs that this run can take."""
    return config.model.layers * config.training.epochs
