"""``cna-viz tune``: choose the settings of every arm of a grid on the validation nodes, with equal effort."""

import json
import shlex
import sys
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cna_viz.cli.complaint import complain
from cna_viz.cli.data_option import add_data
from cna_viz.cli.grids import add_grid, list_grids, read_grid
from cna_viz.cli.parser import Parser
from cna_viz.cli.tables import table
from cna_viz.errors import UsageError, plainly
from cna_viz.scores import WORDS, written

if TYPE_CHECKING:
    from cna_viz.config.tuning import TunedArm, Tuning
    from cna_viz.experiments.tuning.plan import Plan
    from cna_viz.experiments.tuning.tune import Tuned

EXAMPLES = (
    "cna-viz tune ablation --trials 30",
    "cna-viz tune my-grid.yaml --set dataset=cora --data path/to/data --seeds 100,101",
    "cna-viz sweep tuning/ablation.yaml                   # then the comparison, on seeds that tuning has not seen",
    "cna-viz compare tuning/ablation.yaml",
)


def main(words: Sequence[str]) -> int:
    """Run the command; returns the exit code."""
    namespace = _parser().parse(words)
    if namespace.grid is None:
        list_grids()
        return 0
    grid, seeds = read_grid(namespace), _seeds(namespace.seeds)
    from cna_viz.experiments.tuning.tune import prepare, tune

    plan, _ = prepare(grid, namespace.trials, seeds, namespace.out)
    print(_announced(plan), file=sys.stderr)
    found = tune(
        grid,
        trials=namespace.trials,
        seeds=seeds,
        out=namespace.out,
        data=namespace.data,
        workers=namespace.workers,
        threads=namespace.threads,
    )
    _show(found, namespace)
    for name, why in found.failed.items():
        complain(f"training {name} failed, and its trial has no score: {why}")
    return 0


def _parser() -> Parser:
    parser = Parser(
        "tune",
        "Choose the settings of every arm of a grid by its validation score: the same space and the same number of\n"
        "trials for all arms. Writes a grid that `cna-viz sweep` and `cna-viz compare` take, on seeds of its own.",
        EXAMPLES,
    )
    add_grid(parser, records=False)
    parser.add_argument("--trials", type=int, default=20, help="trials of every arm, the first untuned (default 20)")
    parser.add_argument(
        "--seeds",
        default=None,
        metavar="SEED,SEED",
        help="seeds of every trial, none of the grid's (default: the three that follow its largest)",
    )
    parser.add_argument(
        "--out", type=Path, default=Path("tuning"), help="folder of the tuned grid and of the trials (default tuning)"
    )
    parser.add_argument("--workers", type=int, default=None, help="trainings at the same time (default: one per core)")
    parser.add_argument("--threads", type=int, default=1, help="threads of a training (default 1)")
    add_data(parser)
    return parser


def _seeds(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and part.isascii() for part in parts):
        raise UsageError(f"--seeds {plainly(text)} is not accepted: write whole numbers, as in 100,101")
    return [int(part) for part in parts]


def _announced(plan: "Plan") -> str:
    """Return what is about to happen, and what each arm searches where that is not the same for all."""
    arms = "1 arm" if len(plan.arms) == 1 else f"{len(plan.arms)} arms"
    seeds = ", ".join(map(str, plan.seeds))
    lines = [
        f"cna-viz: {arms}, {plan.trials} trials each, seeds {seeds}: {plan.trainings} trainings at most",
        *(f"cna-viz: {name}: {search}{_only_in(name, plan)}" for name, search in plan.space.items()),
    ]
    return "\n".join(lines)


def _only_in(name: str, plan: "Plan") -> str:
    from cna_viz.analysis.tables.comparison import arm_names

    names = arm_names([*(arm.config for arm in plan.arms), *plan.fixed])
    having = [names[arm.key] for arm in plan.arms if name in arm.space]
    return "" if len(having) == len(names) else f"; has an effect only in {'; '.join(having)}"


def _show(found: "Tuned", namespace: Namespace) -> None:
    from cna_viz.analysis.tables.comparison import arm_names

    tuning = found.grid.tuning
    assert tuning is not None  # this is what makes a grid a tuned one
    configs = found.grid.configs()
    names = arm_names(configs, tuning)
    arms = {names[config.run_id]: tuning.of(config) for config in configs}
    if namespace.json:
        told = {"grid": str(found.path), **tuning.model_dump(mode="json", exclude={"arms"}, exclude_none=True)}
        tried = [[{"settings": one.settings, "score": one.score} for one in trials] for trials in found.trials]
        own = [
            {"name": name, **arm.model_dump(mode="json"), "tried": tried[tuning.arms.index(arm)]}
            for name, arm in arms.items()
            if arm is not None
        ]
        print(json.dumps({**told, "arms": own, "failed": found.failed}))
        return
    rows = [_row(name, arm, tuning) for name, arm in arms.items()]
    metrics = " or ".join(dict.fromkeys(WORDS[arm.metric] for arm in tuning.arms))
    print(table(["arm", "trials", "untuned", "tuned", "chosen"], rows, right=["trials", "untuned", "tuned"]))
    path, seeds = shlex.quote(str(found.path)), ", ".join(map(str, tuning.seeds))
    over = f"seed {seeds}" if len(tuning.seeds) == 1 else f"mean over seeds {seeds}"
    print(
        f"\nvalidation {metrics}, {over}; the best of many trials flatters, so compare on the fresh seeds of {path}:"
        f"\n\n  cna-viz sweep {path}\n  cna-viz compare {path}"
    )


def _row(name: str, arm: "TunedArm | None", tuning: "Tuning") -> list[str]:
    if arm is None:
        return [name, "0", "", "", "nothing of the space has an effect in it"]
    failed = f" ({arm.failed} failed)" if arm.failed else ""
    chosen = ", ".join(f"{key} {value}" for key, value in arm.chosen.items())
    kept = " (as it was)" if arm.trial == 0 else ""
    return [
        name,
        f"{tuning.trials}{failed}",
        written(arm.metric, arm.untuned),
        written(arm.metric, arm.tuned),
        chosen + kept,
    ]
