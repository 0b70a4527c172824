"""What the processes of a sweep do. To import this is to import torch: the server they are forked from does it once."""

from pathlib import Path

import torch
from filelock import Timeout

from cna_viz.config import DataConfig, RunConfig
from cna_viz.data.graph import Graph
from cna_viz.experiments.answer import Answer
from cna_viz.experiments.once import train_once
from cna_viz.experiments.train import prepare


def train_one(config: RunConfig, runs: Path, data: Path | None, threads: int) -> Answer:
    """Train one run, in whatever process; its record is the result. Errors become answers."""
    torch.set_num_threads(threads)
    try:
        graph, split = prepare(config, data, {})
        train_once(config, graph, split, runs / config.run_id, wait=False)
    except Timeout:
        return Answer("busy")
    except Exception as error:
        return Answer.of(error)
    return Answer("done")


def check_all(configs: list[RunConfig], runs: Path, data: Path | None, threads: int) -> Answer:
    """Load all graphs and make all splits, so that what can't be run is refused before hours are spent."""
    torch.set_num_threads(threads)
    graphs: dict[DataConfig, Graph] = {}
    try:
        for config in configs:
            prepare(config, data, graphs)
    except Exception as error:
        return Answer.of(error)
    return Answer("done")
