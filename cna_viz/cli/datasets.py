"""``cna-viz datasets``: what there is, and what is on disk."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from cna_viz.cli.complaint import complain
from cna_viz.cli.data_option import add_data
from cna_viz.cli.parser import Parser
from cna_viz.cli.tables import number, table
from cna_viz.data.summary import DatasetSummary, summarize

EXAMPLES = ("cna-viz datasets", "cna-viz datasets --data path/to/data --json")
HEADER = ("name", "task", "metric", "nodes", "edges", "features", "classes", "homophily", "on disk")


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(
        "datasets", "List the datasets. Figures are shown of those on disk; edges are undirected.", EXAMPLES
    )
    add_data(parser)
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON object")
    namespace = parser.parse(words)
    datasets = summarize(namespace.data)
    if namespace.json:
        print(json.dumps({"datasets": [_facts(dataset) for dataset in datasets]}))
    else:
        print(table(HEADER, [_row(dataset) for dataset in datasets], right=HEADER[3:8]))
    for dataset in datasets:
        if dataset.problem:
            complain(f"{dataset.name}: {dataset.problem}")
    return 0


def _facts(dataset: DatasetSummary) -> dict[str, object]:
    return {**asdict(dataset), "task": dataset.task, "metric": dataset.metric}


def _row(dataset: DatasetSummary) -> tuple[str, ...]:
    counts = (dataset.nodes, dataset.edges, dataset.features, dataset.classes)
    return (
        dataset.name,
        dataset.task,
        dataset.metric,
        *map(number, counts),
        number(dataset.homophily, 2),
        "yes" if dataset.on_disk else "no",
    )
