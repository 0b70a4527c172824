"""Train configs that have no finished record, one after the other in this process."""

from collections.abc import Sequence
from pathlib import Path

from cna_viz.config import DataConfig, RunConfig
from cna_viz.data.graph import Graph, Split
from cna_viz.experiments.attempts import forget_attempts, set_aside
from cna_viz.experiments.tasks import cost
from cna_viz.experiments.train import prepare, train
from cna_viz.progress import bar
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.writing.lock import claim
from cna_viz.training.epoch_bar import EpochBar
from cna_viz.training.loop import Callback


def train_missing(configs: Sequence[RunConfig], runs: Path, data: Path | None, *, progress: bool) -> None:
    """Train every config that has no record yet; arguments and errors as in ``load_or_run_all``."""
    # All graphs and splits first: impossible runs are refused before hours are spent on the others.
    graphs: dict[DataConfig, Graph] = {}
    prepared = [(config, *prepare(config, data, graphs)) for config in configs]
    with bar(sum(map(cost, configs)), "training", unit=" layer-epochs", disable=not progress) as progress_bar:
        for number, (config, graph, split) in enumerate(prepared, start=1):
            model = config.model
            progress_bar.set_description(
                f"run {number}/{len(configs)}: {model.backbone} + {model.slot}, {model.layers} layers"
            )
            before, callbacks = progress_bar.n, [EpochBar(progress_bar, weight=model.layers)]
            train_unless_complete(config, graph, split, runs / config.run_id, callbacks)
            # The bar counts the epochs that early stopping saved as done.
            progress_bar.update(cost(config) - (progress_bar.n - before))


def train_unless_complete(
    config: RunConfig,
    graph: Graph,
    split: Split,
    folder: Path,
    callbacks: Sequence[Callback] = (),
    *,
    wait: bool = True,
) -> None:
    """Train a run into the folder of its record unless there is a finished one.

    Raises:
        filelock.Timeout: When another process trains it and ``wait`` is false.
        RecordError: When files that no run wrote lie where the record belongs.
    """
    with claim(folder).acquire(timeout=-1 if wait else 0):
        if is_complete(folder):
            return
        set_aside(folder)
        train(config, graph, split, folder, list(callbacks))
        forget_attempts(folder)
