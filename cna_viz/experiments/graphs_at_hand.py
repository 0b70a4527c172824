"""Which graphs of a list can be had now, and what to do about the others: for reports that go on without them."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cna_viz.config import DataConfig
from cna_viz.data.catalog import PUBLISHED_PROTOCOLS, check, protocols
from cna_viz.data.roots import data_root
from cna_viz.errors import DataError


@dataclass(frozen=True)
class GraphsAtHand:
    """Graphs that can be used, and those that can't.

    Attributes:
        splits: Split protocol by name of the graph, for those that can be used.
        missing: Why the others can't be, by name.
    """

    splits: dict[str, str] = field(default_factory=dict)
    missing: dict[str, str] = field(default_factory=dict)

    def sentences(self, report: str) -> list[str]:
        """Return what to say of the graphs that are missing, with the command that would use them; nothing if none are.

        Args:
            report: Name of the report that says it.
        """
        if not self.missing:
            return []
        command = f"`cna-viz report {report} -p graphs {','.join(self.missing)} --data path/to/data`"
        return [
            *(f"**{name}** is left out: {reason}" for name, reason in self.missing.items()),
            f"with the files in place, {command} draws what is missing here; `cna-viz datasets` says which are on disk",
        ]


def graphs_at_hand(names: Sequence[str], data: Path | str | None = None) -> GraphsAtHand:
    """Return which graphs are on disk or can be downloaded, each with the split that was published with it.

    What is not on disk is downloaded into the cache, as in every run. A graph without a published split gets random
    splits of 48, 32 and 20 %, the proportions of geom-gcn.

    Args:
        names: Names of datasets.
        data: Data root; ``CNA_VIZ_DATA`` or the user's cache folder when left out.

    Raises:
        UsageError: When there is no such dataset.
        DataError: When the data root does not exist.
    """
    root = None if data is None else Path(data)
    data_root(root)  # refuses before any graph is looked for
    configs = {name: DataConfig(dataset=name, split=published_split(name)) for name in names}
    found = GraphsAtHand()
    for name, config in configs.items():
        reason = _why_not(config, root)
        if reason is None:
            found.splits[name] = config.split
        else:
            found.missing[name] = reason
    return found


def published_split(name: str) -> str:
    """Return the split protocol that was published with a dataset, else ``random-48-32-20``.

    Raises:
        UsageError: When there is no such dataset.
    """
    published = [protocol for protocol in protocols(name) if protocol in PUBLISHED_PROTOCOLS]
    return published[0] if published else "random-48-32-20"


def _why_not(config: DataConfig, root: Path | None) -> str | None:
    from cna_viz.data.datasets import load_graph  # imports torch, which a list of names does not need

    check(config)
    try:
        load_graph(config, root)
    except DataError as error:
        return str(error)
    return None
