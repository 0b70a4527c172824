"""The tasks of a sweep: their cost, the data they need, the functions that processes run, and their results.

Importing this module imports no torch; calling a task does.
"""

import traceback
from collections.abc import Hashable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from filelock import Timeout

from cna_viz.config import DataConfig, RunConfig
from cna_viz.errors import CnaVizError

if TYPE_CHECKING:
    from cna_viz.data.graph import Graph


def cost(config: RunConfig) -> int:
    """Return the maximum number of layer-epochs of a run, at least 1."""
    return max(1, config.model.layers * config.training.epochs)


def data_key(config: RunConfig) -> Hashable:
    """Return a key of graph, split and number of clusters: equal for runs of which all or none are possible."""
    return config.data, config.split_seed, config.model.uses_clusters and config.model.clusters


@dataclass(frozen=True)
class TaskResult:
    """Result of a task: ``done``, ``busy`` when another process trains this run, or ``failed`` with a message.

    ``kind`` is the name of the error where it is one of :mod:`cna_viz.errors`, which users can do something about.
    """

    status: Literal["done", "busy", "failed"]
    message: str = ""
    kind: str = ""

    @classmethod
    def from_error(cls, error: Exception) -> Self:
        """Return the result of a task that raised this error."""
        if isinstance(error, CnaVizError):
            return cls("failed", str(error), type(error).__name__)
        if isinstance(error, OSError) and error.filename:
            return cls("failed", f"{error.strerror or error} ({error.filename})")
        last = traceback.extract_tb(error.__traceback__)[-1]
        return cls("failed", f"{type(error).__name__}: {error} ({Path(last.filename).name}, line {last.lineno})")


def train_one(config: RunConfig, runs: Path, data: Path | None, threads: int) -> TaskResult:
    """Train one run in this process; its record is the output. Errors become results."""
    import torch

    from cna_viz.experiments.train import prepare, train_unless_complete

    torch.set_num_threads(threads)
    try:
        graph, split = prepare(config, data, {})
        train_unless_complete(config, graph, split, runs / config.run_id, wait=False)
    except Timeout:
        return TaskResult("busy")
    except Exception as error:
        return TaskResult.from_error(error)
    return TaskResult("done")


def check_all(configs: list[RunConfig], data: Path | None, threads: int) -> TaskResult:
    """Load all graphs and make all splits, so that impossible runs are refused before hours are spent."""
    import torch

    from cna_viz.experiments.train import prepare

    torch.set_num_threads(threads)
    graphs: dict[DataConfig, Graph] = {}
    try:
        for config in configs:
            prepare(config, data, graphs)
    except Exception as error:
        return TaskResult.from_error(error)
    return TaskResult("done")
