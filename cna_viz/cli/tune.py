"""``cna-viz tune``: tune the settings of every arm of a grid on the validation nodes, with equal effort."""

import json
import shlex
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from cna_viz.cli.grids import add_grid, list_grids, read_grid
from cna_viz.cli.parser import Parser
from cna_viz.cli.printing import complain, table
from cna_viz.errors import UsageError, plainly
from cna_viz.scores import WORDS, written

if TYPE_CHECKING:
    from cna_viz.config.tuning import TunedArm, Tuning
    from cna_viz.experiments.tuning.plan import Plan
    from cna_viz.experiments.tuning.tune import Tuned

EXAMPLES = (
    "cna-viz tune ablation --trials 30",
    "cna-viz tune my-grid.yaml --set dataset=cora --data path/to/data --seeds 100,101",
    "cna-viz sweep tuning/ablation.yaml                   # then the comparison, on seeds unseen in tuning",
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

    _announce(prepare(grid, namespace.trials, seeds, namespace.out)[0])
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
        "Tune the settings of every arm of a grid by validation score: the same search space and the same number of\n"
        "trials for all arms. Writes a grid for `cna-viz sweep` and `cna-viz compare`, on other seeds.",
        EXAMPLES,
    )
    add_grid(parser, runs=False, trains="trainings")
    parser.add_argument("--trials", type=int, default=20, help="trials of every arm, the first untuned (default 20)")
    text = "seeds of every trial, none of the grid's (default: the three that follow its largest)"
    parser.add_argument("--seeds", metavar="SEED,SEED", help=text)
    text = "folder of the tuned grid and of the trials (default tuning)"
    parser.add_argument("--out", type=Path, default=Path("tuning"), help=text)
    return parser


def _seeds(text: str | None) -> list[int] | None:
    if text is None:
        return None
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and part.isascii() for part in parts):
        raise UsageError(f"--seeds {plainly(text)} is not accepted: write whole numbers, as in 100,101")
    return [int(part) for part in parts]


def _announce(plan: "Plan") -> None:
    """Say what is about to happen, and for each setting where it is searched and in which arms."""
    from cna_viz.analysis.tables.comparison import arm_names
    from cna_viz.analysis.words import counted

    arms, trials, trainings = (
        counted(number, word)
        for number, word in ((len(plan.arms), "arm"), (plan.trials, "trial"), (plan.trainings, "training"))
    )
    seeds = f"seed{'s' if len(plan.seeds) > 1 else ''} {', '.join(map(str, plan.seeds))}"
    complain(f"{arms}, {trials} each, {seeds}: {trainings} at most")
    names = arm_names([*(arm.config for arm in plan.arms), *plan.fixed])
    for setting, search in plan.space.items():
        having = [names[arm.key] for arm in plan.arms if setting in arm.space]
        only = "" if len(having) == len(names) else f"; has an effect only in {'; '.join(having)}"
        complain(f"{setting}: {search}{only}")


def _show(found: "Tuned", namespace: Namespace) -> None:
    from cna_viz.analysis.tables.comparison import arm_names

    tuning = found.grid.tuning
    assert tuning is not None  # as in every grid that was tuned
    configs = found.grid.configs()
    names = arm_names(configs, tuning)
    arms = {names[config.run_id]: tuning.of(config) for config in configs}
    if namespace.json:
        facts = {"grid": str(found.path), **tuning.model_dump(mode="json", exclude={"arms"}, exclude_none=True)}
        tried = [[{"settings": one.settings, "score": one.score} for one in trials] for trials in found.trials]
        tuned = [
            {"name": name, **arm.model_dump(mode="json"), "tried": tried[tuning.arms.index(arm)]}
            for name, arm in arms.items()
            if arm is not None
        ]
        print(json.dumps({**facts, "arms": tuned, "failed": found.failed}))
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
        return [name, "0", "", "", "no searched setting has an effect in it"]
    failed = f" ({arm.failed} failed)" if arm.failed else ""
    chosen = ", ".join(f"{key} {value}" for key, value in arm.chosen.items())
    scores = [written(arm.metric, score) for score in (arm.untuned, arm.tuned)]
    return [name, f"{tuning.trials}{failed}", *scores, f"{chosen} (untuned)" if arm.trial == 0 else chosen]
