"""``cna-viz sweep``: train the missing runs of a grid in parallel."""

import json
from argparse import Namespace
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict

from cna_viz.cli.grids import add_grid, list_grids, read_grid
from cna_viz.cli.parser import Parser
from cna_viz.cli.printing import complain, table
from cna_viz.config import RunConfig
from cna_viz.errors import UsageError, plainly
from cna_viz.experiments.grid import Grid
from cna_viz.records.reading.integrity import is_complete

EXAMPLES = (
    "cna-viz sweep                                        # lists the grids",
    "cna-viz sweep ablation --preview                     # what would run, and for how long",
    "cna-viz sweep ablation --set dataset=cora split=random-80-10-10 seed=0,1,2 --data path/to/data",
    "cna-viz sweep my-grid.yaml --workers 4",
    "cna-viz sweep depth --shard 3/10                     # one of ten jobs of an array",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code, 1 where runs failed."""
    parser = Parser("sweep", "Train the runs of a grid in parallel; those that exist are skipped.", EXAMPLES)
    add_grid(parser, trains="runs")
    parser.add_argument("--preview", action="store_true", help="say what would run, and run nothing")
    parser.add_argument("--scheduler", metavar="ADDRESS", help="run on this cluster of dask, or on a `local` one")
    parser.add_argument("--shard", metavar="I/N", help="only the I-th of N parts of the grid")
    namespace = parser.parse(words)
    if namespace.grid is None:
        list_grids()
        return 0
    grid = read_grid(namespace)
    configs = _shard(grid.configs(), namespace.shard)
    if namespace.preview:
        return _preview(grid, configs, namespace)
    from cna_viz.experiments.sweep import sweep

    found = sweep(
        configs,
        runs=namespace.runs,
        data=namespace.data,
        workers=namespace.workers,
        threads=namespace.threads,
        scheduler=namespace.scheduler,
    )
    if namespace.json:
        print(json.dumps({"grid": grid.name, **asdict(found)}))
    else:
        print(
            f"{grid.name}: {len(found.trained)} trained, {len(found.skipped)} there already, "
            f"{len(found.failed)} failed in {found.seconds:.0f} s; records in {namespace.runs}"
        )
    for config in configs:
        if config.run_id in found.failed:
            facts = ", ".join(f"{name} {value}" for name, value in config.facts.items())
            complain(f"run {config.run_id} ({facts}) failed: {found.failed[config.run_id]}")
    return 1 if found.failed else 0


def _shard(configs: list[RunConfig], shard: str | None) -> list[RunConfig]:
    if shard is None:
        return configs
    part, _, parts = shard.partition("/")
    if not (part.isdecimal() and parts.isdecimal() and 1 <= int(part) <= int(parts)):
        raise UsageError(f"--shard {plainly(shard)} is not accepted: write I/N with I from 1 to N, as in 3/10")
    return configs[int(part) - 1 :: int(parts)]


def _preview(grid: Grid, configs: list[RunConfig], namespace: Namespace) -> int:
    from cna_viz.analysis.words import counted
    from cna_viz.experiments.estimate import preview

    found = preview(configs, namespace.runs, namespace.data, namespace.workers, namespace.threads)
    if namespace.json:
        print(json.dumps({"grid": grid.name, **asdict(found)}))
        return 0
    missing = [config for config in configs if not is_complete(namespace.runs / config.run_id)]
    counts = Counter((c.data.dataset, c.data.split, c.model.backbone, c.slot, c.layers) for c in missing)
    rows = [[*map(str, facts), str(count)] for facts, count in counts.items()]
    print(table(["dataset", "split", "backbone", "slot", "layers", "missing"], rows))
    runs, workers = counted(found.runs, "run"), counted(found.workers, "worker")
    print(
        f"{grid.name}: {runs}, {found.missing} of them missing; about {_duration(found.seconds)} with {workers}, "
        f"{found.bytes / 1e6:,.0f} MB on disk at most"
    )
    return 0


def _duration(seconds: float) -> str:
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"
