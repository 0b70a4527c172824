"""``cna-viz compare``: hold the arms of a grid against one of them, pair by pair."""

import json
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from cna_viz.cli.complaint import complain
from cna_viz.cli.grids import add_grid, list_grids, read_grid
from cna_viz.cli.parser import Parser
from cna_viz.cli.printable import printable
from cna_viz.cli.tables import markdown, table
from cna_viz.config import RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.reading.integrity import is_complete
from cna_viz.records.record import load_record
from cna_viz.scores import SHARES, WORDS, factor, written

if TYPE_CHECKING:
    import pandas as pd

EXAMPLES = (
    "cna-viz compare ablation",
    "cna-viz compare depth --within layers --baseline batchnorm",
    "cna-viz compare split-x-component --margin 0.5        # points of accuracy that count as nothing",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    namespace = _parser().parse(words)
    if namespace.grid is None:
        list_grids()
        return 0
    if not namespace.margin > 0:
        raise UsageError(f"--margin {namespace.margin:g} is out of range: it must be greater than 0")
    grid = read_grid(namespace)
    configs = grid.configs()
    missing = [config for config in configs if not is_complete(namespace.runs / config.run_id)]
    if missing:
        raise UsageError(
            f"{len(missing)} of {len(configs)} runs of {namespace.grid} are missing in {namespace.runs} "
            f"({_listed(missing, configs)}); make them with: cna-viz sweep {' '.join(_same_grid(words))}"
        )
    from cna_viz.analysis.sentences.training_notes import tuning_notes
    from cna_viz.analysis.statistics.factorial import COMPONENTS, effects
    from cna_viz.analysis.statistics.paired import compare
    from cna_viz.analysis.tables.comparison import group_runs, paired_table

    groups = group_runs([load_record(namespace.runs / config.run_id) for config in configs], namespace.within)
    options = {"margin": namespace.margin / 100}
    found = []
    for name, records in groups.items():
        pairs = paired_table(records, tuning=grid.tuning)
        notes = tuning_notes([record.config for record in records], grid.tuning)
        one = {"within": name, "pairs": pairs, "arms": compare(pairs, namespace.baseline, **options), "tuning": notes}
        if set(COMPONENTS) <= set(pairs.columns):
            one["effects"] = effects(pairs, **options)
        found.append(one)
    if namespace.json:
        print(json.dumps([_plain(one) for one in found]))
    else:
        for one in found:
            _show(one, namespace.baseline, markdown if namespace.markdown else table)
    return 0


def _parser() -> Parser:
    parser = Parser(
        "compare",
        "Hold the arms of a grid against one of them, pair by pair: the same split, the same seed.",
        EXAMPLES,
    )
    add_grid(parser)
    parser.add_argument(
        "--baseline", default="relu", metavar="ARM", help="the arm to hold others against (default relu)"
    )
    parser.add_argument(
        "--within", nargs="+", default=[], metavar="NAME", help="compare apart for every value of these settings"
    )
    parser.add_argument(
        "--margin",
        type=float,
        default=1.0,
        help="points below which arms count as equal; hundredths of an NMSE (default 1)",
    )
    parser.add_argument("--markdown", action="store_true", default=False, help="print tables in Markdown")
    return parser


def _same_grid(words: Sequence[str]) -> list[str]:
    """Return the words that say which grid and where, for the command that makes the runs."""
    kept, take = [], True
    for word in words:
        if word.startswith("--"):
            take = word in {"--set", "--runs"}
        if take:
            kept.append(word)
    return kept


def _listed(missing: Sequence[RunConfig], configs: Sequence[RunConfig], most: int = 3) -> str:
    """Return which runs are missing: what differs within the grid, of the first few."""
    every = [config.facts for config in configs]
    differ = [name for name in every[0] if len({str(facts[name]) for facts in every}) > 1]
    shown = [", ".join(f"{name} {config.facts[name]}" for name in differ) for config in missing[:most]]
    more = [f"and {len(missing) - most} more"] if len(missing) > most else []
    return "; ".join([*shown, *more])


def _show(found: dict[str, Any], baseline: str, make: Callable[[list[str], list[list[str]]], str]) -> None:
    from cna_viz.analysis.statistics.paired import pairs_needed

    pairs, arms = found["pairs"], found["arms"]
    metric = pairs.attrs["metric"]
    share, mean = metric in SHARES, pairs.mean()
    rows = [[baseline, written(metric, mean[baseline]), *[""] * 5]]
    rows += [[arm, written(metric, mean[arm]), *_cells(row, metric), row["verdict"]] for arm, row in arms.iterrows()]
    print(f"{printable(found['within'])}\n")
    print(make(["arm", f"mean {WORDS[metric]}", f"- {baseline}", "95 %", "p (Holm)", "d_z", "verdict"], rows))
    if "effects" in found:
        cells = [[name, *_cells(row, metric, "p_flip")] for name, row in found["effects"].iterrows()]
        print("\n" + make(["effect", "points" if share else WORDS[metric], "95 %", "p", "d_z"], cells))
    unit = "differences in points" if share else f"differences of the {WORDS[metric]}"
    print(f"\n{pairs.attrs['protocol']}; {unit}, bootstrap intervals, sign-flip test\n")
    print(_tuning(found["tuning"]) + "\n")
    needed = pairs_needed(len(arms), 0.05)
    if len(pairs) < needed:
        complain(
            f"{len(pairs)} pairs can't make a difference significant at 5 %, however large: with {len(arms)} "
            f"arms to compare it takes {needed}"
        )


def _tuning(notes: dict[str, str]) -> str:
    """Return whether and how the arms were tuned: in one line where it was the same for all."""
    if len(notes) > 1 and len(set(notes.values())) == 1:
        return printable(f"all arms: {next(iter(notes.values()))}")
    return "\n".join(printable(f"{arm}: {note}") for arm, note in notes.items())


def _cells(row: "pd.Series[Any]", metric: str, p: str = "p_holm") -> list[str]:
    scale, digits = factor(metric), 1 if metric in SHARES else 4
    return [
        f"{scale * row['difference']:+.{digits}f}",
        f"[{scale * row['low']:+.{digits}f}, {scale * row['high']:+.{digits}f}]",
        f"{row[p]:.3g}",
        f"{row['effect_size']:.2f}",
    ]


def _plain(found: dict[str, Any]) -> dict[str, Any]:
    """Return a group as JSON has it: numbers that are not finite become null."""
    parts = {name: found[name] for name in ("arms", "effects") if name in found}
    return {
        "within": found["within"],
        "protocol": found["pairs"].attrs["protocol"],
        "metric": found["pairs"].attrs["metric"],
        "means": json.loads(found["pairs"].mean().to_json()),
        "tuning": found["tuning"],
        **{name: json.loads(part.reset_index().to_json(orient="records")) for name, part in parts.items()},
    }
