"""Train a config into its folder, once."""

from collections.abc import Sequence
from pathlib import Path

from cna_viz.config import RunConfig
from cna_viz.data.graph import Graph, Split
from cna_viz.experiments.attempts import forget_attempts, set_aside
from cna_viz.experiments.train import train
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.writing.lock import record_lock
from cna_viz.training.loop import Callback


def train_once(
    config: RunConfig,
    graph: Graph,
    split: Split,
    folder: Path,
    callbacks: Sequence[Callback] = (),
    *,
    wait: bool = True,
) -> bool:
    """Train unless there is a finished record; return whether this call did.

    Args:
        config: The run.
        graph: Its graph.
        split: Its split.
        folder: Folder of its record.
        callbacks: Told of every epoch.
        wait: Wait for another process that trains it.

    Raises:
        filelock.Timeout: When another process trains it and this one shall not wait.
        RecordError: When something that no run wrote lies where the record belongs.
    """
    with record_lock(folder).acquire(timeout=-1 if wait else 0):
        if is_complete(folder):
            return False
        set_aside(folder)
        train(config, graph, split, folder, list(callbacks))
        forget_attempts(folder)
        return True
