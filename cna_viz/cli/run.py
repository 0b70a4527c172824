"""``cna-viz run``: train one network, or load it if it was trained before."""

import json
from argparse import Namespace
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

from cna_viz.cli.parser import Parser, add_config_options, read_config
from cna_viz.cli.printing import complain, number
from cna_viz.config import RunConfig, vocabulary
from cna_viz.scores import WORDS, written

if TYPE_CHECKING:
    from cna_viz.records.record import Record

EXAMPLES = (
    "cna-viz run                                     # GCN + ReLU, 2 layers, on the handwritten digits",
    "cna-viz run --slot cna --layers 16",
    "cna-viz run --dataset cora --data path/to/data --split public --seed 3",
    "cna-viz run --dataset csbm --csbm-homophily 0.2 --json",
    "cna-viz run --slot cna --layers 64 --measures all --dry-run",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code, 1 where the training diverged."""
    description = "Train one network and record every layer; load the record if it was trained before."
    parser = Parser("run", description, EXAMPLES)
    parser.add_data()
    parser.add_runs()
    parser.add_json()
    text = "try a few epochs, keep nothing, and print how much time and disk the run will take"
    parser.add_argument("--dry-run", action="store_true", help=text)
    add_config_options(parser)
    namespace = parser.parse(words)
    config = read_config(namespace)
    if namespace.dry_run:
        return _dry_run(config, namespace)
    from cna_viz.experiments.run import load_or_run

    record = load_or_run(config, runs=namespace.runs, data=namespace.data)
    print(json.dumps(_result(record)) if namespace.json else _describe(record))
    for warning in record.summary["warnings"]:
        complain(f"{record.summary['status']}: {warning}; the record up to there is kept")
    return 1 if record.summary["status"] == "diverged" else 0


def _dry_run(config: RunConfig, namespace: Namespace) -> int:
    from cna_viz.analysis.words import counted
    from cna_viz.experiments.estimate import estimate

    found = estimate(config, namespace.data)
    if namespace.json:
        print(json.dumps(asdict(found)))
        return 0
    print(f"{_title(config)}: nothing is kept")
    print(
        f"  {found.seconds:.3g} s at most: {counted(found.epochs, 'epoch')} of {found.seconds_per_epoch:.3g} s, "
        f"{found.measured} of which are measured and take {found.seconds_per_measured_epoch:.3g} s"
    )
    snapshots = f"{counted(found.snapshots, 'snapshot')} of {_size(found.snapshot_bytes)}"
    print(f"  {_size(found.bytes)} on disk at most: {snapshots}")
    print(f"  {counted(found.parameters, 'parameter')}")
    return 0


def _size(count: int) -> str:
    unit, factor = ("GB", 1e9) if count >= 1e9 else ("MB", 1e6) if count >= 1e5 else ("kB", 1e3)
    return f"{count / factor:.1f} {unit}"


def _title(config: RunConfig) -> str:
    facts = config.facts
    return (
        f"{facts['backbone']} + {facts['slot']}, {facts['layers']} layer{'' if facts['layers'] == 1 else 's'} on "
        f"{facts['dataset']}, {facts['split']}, seed {facts['seed']}"
    )


def _result(record: "Record") -> dict[str, object]:
    scores = [name for name in vocabulary.SCORES if name in record.summary]
    keys = (*scores, "best_epoch", "epochs", "seconds_per_epoch", "parameters", "status")
    values = {key: record.summary.get(key) for key in keys}
    return {"id": record.id, "path": str(record.folder), "metric": record.metric, **values}


def _describe(record: "Record") -> str:
    summary = record.summary
    others = [name for name in vocabulary.SCORES if name in summary and name != record.metric]
    lines = [_title(record.config)]
    for metric in (record.metric, *others):
        values = (f"{part} {written(metric, record.score(part, metric))}" for part in ("test", "val", "train"))
        lines.append(f"  {WORDS[metric]:<8}  " + "   ".join(values))
    seconds = summary.get("seconds_per_epoch")
    speed = f"{f'{seconds:.3g}' if seconds else number(None)} s per epoch"
    return "\n".join(
        [
            *lines,
            f"  at the best validation epoch, {record.best_epoch} of {summary['epochs']}",
            f"  {speed}, {number(summary.get('parameters'))} parameters",
            f"  record {record.folder}",
        ]
    )
