"""Sweep runs of which some may not be possible at all."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cna_viz.config import DataConfig, RunConfig
from cna_viz.data import catalog
from cna_viz.errors import DataError, UsageError
from cna_viz.experiments.demands import demands
from cna_viz.experiments.sweep import Sweep, sweep
from cna_viz.records.reading.integrity import is_complete

if TYPE_CHECKING:
    from cna_viz.data.graph import Graph


def sweep_apart(
    configs: Sequence[RunConfig],
    *,
    runs: Path | str = "runs",
    data: Path | str | None = None,
    workers: int | None = None,
) -> Sweep:
    """Train what has no record yet; runs whose dataset can't be had fail, and hinder no other.

    :func:`~cna_viz.experiments.sweep.sweep` refuses to start where a graph is missing, a dataset has no such split or
    fewer nodes than clusters. Here this is the reason why these runs fail, and the others are swept.

    Args:
        configs: The runs.
        runs: Folder of the records.
        data: Data root; the environment variable CNA_VIZ_DATA or the user's cache folder when left out.
        workers: Runs at the same time; as many as there are cores when left out.

    Raises:
        UsageError: When ``workers`` is out of range.
    """
    missing = [config for config in configs if not is_complete(Path(runs) / config.run_id)]
    refused = _refused(missing, None if data is None else Path(data))
    found = sweep([one for one in configs if one.run_id not in refused], runs=runs, data=data, workers=workers)
    found.failed |= refused
    return found


def _refused(configs: Sequence[RunConfig], data: Path | None) -> dict[str, str]:
    """Return why runs are not possible, by id."""
    graphs: dict[DataConfig, Graph] = {}
    reasons = {kind: _reason(config, data, graphs) for kind, config in {demands(one): one for one in configs}.items()}
    return {config.run_id: reason for config in configs if (reason := reasons[demands(config)])}


def _reason(config: RunConfig, data: Path | None, graphs: "dict[DataConfig, Graph]") -> str:
    """Return why a run is not possible; nothing where it is."""
    from cna_viz.experiments.train import prepare  # torch takes seconds to import

    try:
        catalog.check(config.data)
        prepare(config, data, graphs)
    except (DataError, UsageError) as error:
        return str(error)
    return ""
