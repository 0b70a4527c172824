"""``cna-viz compare``: compare the arms of a grid with a baseline, pair by pair."""

import json
import shlex
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cna_viz.cli.grids import add_grid, list_grids, read_grid
from cna_viz.cli.parser import Parser
from cna_viz.cli.printing import markdown, printable, table
from cna_viz.config import RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import load_run
from cna_viz.scores import SHARES, WORDS, factor, written

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = (
    "cna-viz compare ablation",
    "cna-viz compare depth --within layers --baseline batchnorm",
    "cna-viz compare split-x-component --margin 0.5        # points of accuracy that count as equal",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    parser = Parser(
        "compare", "Compare the arms of a grid with a baseline in pairs of the same split and the same seed.", EXAMPLES
    )
    add_grid(parser)
    parser.add_argument("--baseline", default="relu", metavar="ARM", help="the arm to compare with (default relu)")
    text = "compare separately for every value of these settings"
    parser.add_argument("--within", nargs="+", default=[], metavar="NAME", help=text)
    text = "points below which arms count as equal; hundredths of an NMSE (default 1)"
    parser.add_argument("--margin", type=float, default=1.0, help=text)
    parser.add_argument("--markdown", action="store_true", help="print tables in Markdown")
    namespace = parser.parse(words)
    if namespace.grid is None:
        list_grids()
        return 0
    if not namespace.margin > 0:
        raise UsageError(f"--margin {namespace.margin:g} is out of range: it must be greater than 0")
    grid = read_grid(namespace)
    configs = grid.configs()
    missing = [config for config in configs if not is_complete(namespace.runs / config.run_id)]
    if missing:
        changes = ["--set", *namespace.changes] if namespace.changes else []
        command = ["cna-viz", "sweep", namespace.grid, "--runs", str(namespace.runs), *changes]
        raise UsageError(
            f"{len(missing)} of {len(configs)} runs of {namespace.grid} are missing in {namespace.runs} "
            f"({_listed(missing, configs)}); make them with: {shlex.join(command)}"
        )
    from cna_viz.analysis.sentences.training_notes import tuning_notes, unfinished_findings
    from cna_viz.analysis.statistics.factorial import COMPONENTS, effects
    from cna_viz.analysis.statistics.paired import compare
    from cna_viz.analysis.tables.comparison import group_runs, paired_table

    groups = group_runs([load_run(config, namespace.runs) for config in configs], namespace.within)
    margin = namespace.margin / 100
    found = []
    for name, records in groups.items():
        pairs = paired_table(records, tuning=grid.tuning)
        notes = tuning_notes([record.config for record in records], grid.tuning)
        arms = compare(pairs, namespace.baseline, margin=margin)
        training = unfinished_findings(records)
        found.append({"within": name, "pairs": pairs, "arms": arms, "tuning": notes, "training": training})
        if set(COMPONENTS) <= set(pairs.columns):
            found[-1]["effects"] = effects(pairs, margin=margin)
    if namespace.json:
        print(json.dumps([_plain(one) for one in found]))
    else:
        for one in found:
            _show(one, namespace.baseline, markdown if namespace.markdown else table)
    return 0


def _listed(missing: Sequence[RunConfig], configs: Sequence[RunConfig]) -> str:
    """Return the first missing runs by the facts that differ within the grid."""
    every = [config.facts for config in configs]
    differ = [name for name in every[0] if len({str(facts[name]) for facts in every}) > 1]
    shown = [", ".join(f"{name} {config.facts[name]}" for name in differ) for config in missing[:3]]
    return "; ".join([*shown, f"and {len(missing) - 3} more"] if len(missing) > 3 else shown)


def _show(found: dict[str, Any], baseline: str, make: Callable[[list[str], list[list[str]]], str]) -> None:
    from cna_viz.analysis.words import interval_words

    pairs, arms = found["pairs"], found["arms"]
    metric = pairs.attrs["metric"]
    share, mean = metric in SHARES, pairs.mean()
    rows = [[baseline, written(metric, mean[baseline]), *[""] * 5]]
    rows += [[arm, written(metric, mean[arm]), *_cells(row, metric), row["verdict"]] for arm, row in arms.iterrows()]
    print(f"{printable(found['within'])}\n")
    print(make(["arm", f"mean {WORDS[metric]}", f"- {baseline}", "95 %", "p", "d_z", "verdict"], rows))
    if "effects" in found:
        cells = [[name, *_cells(row, metric), row["verdict"]] for name, row in found["effects"].iterrows()]
        print("\n" + make(["effect", "points" if share else WORDS[metric], "95 %", "p", "d_z", "verdict"], cells))
    unit = "differences in points" if share else f"differences of the {WORDS[metric]}"
    print(
        f"\n{pairs.attrs['protocol']}; {unit}, {interval_words(len(arms))}"
        + (f"; for all {len(found['effects'])} effects together" if "effects" in found else "")
        + "\n"
    )
    print(printable("; ".join(found["training"])) + "\n")
    notes = found["tuning"]
    if len(notes) > 1 and len(set(notes.values())) == 1:
        notes = {"all arms": next(iter(notes.values()))}
    print("\n".join(printable(f"{arm}: {note}") for arm, note in notes.items()) + "\n")


def _cells(row: "pd.Series[Any]", metric: str) -> list[str]:
    scale, digits = factor(metric), 1 if metric in SHARES else 4
    return [
        f"{scale * row['difference']:+.{digits}f}",
        f"[{scale * row['low']:+.{digits}f}, {scale * row['high']:+.{digits}f}]",
        f"{row['p']:.3g}",
        f"{row['effect_size']:.2f}",
    ]


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """Return a group as JSON data; numbers that are not finite become null."""
    parts = {name: found[name] for name in ("arms", "effects") if name in found}
    return {
        "within": found["within"],
        "protocol": found["pairs"].attrs["protocol"],
        "metric": found["pairs"].attrs["metric"],
        "means": json.loads(found["pairs"].mean().to_json()),
        "tuning": found["tuning"],
        "training": found["training"],
        **{name: json.loads(part.reset_index().to_json(orient="records")) for name, part in parts.items()},
    }
