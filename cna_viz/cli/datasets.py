"""``cna-viz datasets``: list the datasets and what is on disk."""

import json
from collections.abc import Sequence
from dataclasses import asdict

from cna_viz.cli.parser import Parser
from cna_viz.cli.printing import complain, number, table
from cna_viz.data.summary import DatasetSummary, summarize

EXAMPLES = ("cna-viz datasets", "cna-viz datasets --data path/to/data --json")
HEADER = ("name", "task", "metric", "nodes", "edges", "features", "classes", "homophily", "on disk")


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    description = "List the datasets, with statistics of those on disk; edges are undirected."
    parser = Parser("datasets", description, EXAMPLES)
    parser.add_data()
    parser.add_json()
    namespace = parser.parse(words)
    datasets = summarize(namespace.data)
    if namespace.json:
        print(json.dumps({"datasets": [asdict(one) for one in datasets]}))
    else:
        print(table(HEADER, [_row(one) for one in datasets], right=HEADER[3:8]))
    for one in datasets:
        if one.problem:
            complain(f"{one.name}: {one.problem}")
    return 0


def _row(one: DatasetSummary) -> tuple[str, ...]:
    counts = map(number, (one.nodes, one.edges, one.features, one.classes))
    return (one.name, one.task, one.metric, *counts, number(one.homophily, 2), "yes" if one.on_disk else "no")
