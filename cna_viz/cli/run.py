"""``cna-viz run``: train one network, or load it if it was trained before."""

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cna_viz.cli.options import add_config_options, read_config
from cna_viz.cli.parser import Parser
from cna_viz.cli.tables import percent

if TYPE_CHECKING:
    from cna_viz.records.record import Record

EXAMPLES = (
    "cna-viz run                                     # GCN + ReLU, 2 layers, on the handwritten digits",
    "cna-viz run --slot cna --layers 16",
    "cna-viz run --dataset cora --data path/to/data --split public --seed 3",
    "cna-viz run --dataset csbm --csbm-homophily 0.2 --json",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code, 1 where the training diverged."""
    parser = Parser(
        "run", "Train one network and record every layer; load the record if it was trained before.", EXAMPLES
    )
    parser.add_argument(
        "--data",
        type=Path,
        default=None,
        help="data root in PyG's raw layout (default $CNA_VIZ_DATA or the user's cache)",
    )
    parser.add_argument("--runs", type=Path, default=Path("runs"), help="folder of the records (default runs)")
    parser.add_argument("--json", action="store_true", default=False, help="print one JSON object")
    add_config_options(parser)
    namespace = parser.parse(words)
    config = read_config(namespace)
    from cna_viz.experiments.run import load_or_run

    record = load_or_run(config, runs=namespace.runs, data=namespace.data)
    print(json.dumps(_result(record)) if namespace.json else _describe(record))
    for warning in record.summary["warnings"]:
        print(f"cna-viz: {record.summary['status']}: {warning}; the record up to there is kept", file=sys.stderr)
    return 1 if record.summary["status"] == "diverged" else 0


def _result(record: "Record") -> dict[str, object]:
    keys = ("accuracy", "best_epoch", "epochs", "seconds_per_epoch", "parameters", "status")
    return {"id": record.id, "path": str(record.folder), **{key: record.summary[key] for key in keys}}


def _describe(record: "Record") -> str:
    config, summary = record.config, record.summary
    model, accuracy = config.model, summary["accuracy"]
    return "\n".join(
        [
            f"{model.backbone} + {model.slot}, {model.layers} layers on {config.data.dataset}, "
            f"{config.data.split}, seed {config.seed}",
            "  " + "   ".join(f"{part} {percent(accuracy.get(part))}" for part in ("test", "val", "train")),
            f"  at the best validation epoch, {record.best_epoch} of {summary['epochs']}",
            f"  {summary['seconds_per_epoch'] or float('nan'):.3g} s per epoch, {summary['parameters']:,} parameters",
            f"  record {record.folder}",
        ]
    )
