"""The graphs of a list that are available now: for reports that go on without the others."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cna_viz.config import DataConfig
from cna_viz.data.catalog import check, published_split
from cna_viz.data.roots import data_root
from cna_viz.errors import DataError


@dataclass(frozen=True)
class AvailableGraphs:
    """The split protocol of every available graph, and the reason why each of the others is missing, by name."""

    splits: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def sentences(self, report: str) -> list[str]:
        """Return sentences on missing graphs, with the command that makes ``report`` use them; none if none are."""
        if not self.missing:
            return []
        command = f"`cna-viz report {report} -p graphs {','.join(self.missing)} --data path/to/data`"
        return [
            *(f"**{name}** is left out: {reason}" for name, reason in self.missing.items()),
            f"with the files in place, {command} draws what is missing here; `cna-viz datasets` says which are on disk",
        ]


def available_graphs(names: Sequence[str], data: Path | str | None = None) -> AvailableGraphs:
    """Return which graphs are on disk or can be downloaded, each with the split that was published with it.

    Missing files are downloaded into the cache, as in every run. A graph without a published split gets random
    splits of 48, 32 and 20 %, the proportions of geom-gcn.

    Args:
        names: Names of datasets.
        data: Data root; ``CNA_VIZ_DATA`` or the user's cache folder when left out.

    Raises:
        UsageError: When there is no such dataset.
        DataError: When the data root does not exist.
    """
    from cna_viz.data.datasets import load_graph  # imports torch, which a list of names does not need

    root = None if data is None else Path(data)
    data_root(root)  # refuses before any graph is looked for
    configs = {name: DataConfig(dataset=name, split=published_split(name)) for name in names}
    found = AvailableGraphs()
    for name, config in configs.items():
        check(config)
        try:
            load_graph(config, root)
            found.splits[name] = config.split
        except DataError as error:
            found.missing[name] = str(error)
    return found
