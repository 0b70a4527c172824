"""One Optuna study per arm, in a journal that many processes share, with the plan beside it; a kill loses nothing."""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from filelock import FileLock

from cna_viz.config.fields import settings
from cna_viz.config.tuning import Search, Space
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.errors import DataError, UsageError
from cna_viz.experiments.tuning.plan import Plan, SearchedArm
from cna_viz.files import write_atomically

if TYPE_CHECKING:
    from optuna import Study
    from optuna.distributions import BaseDistribution
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

Direction = Literal["maximize", "minimize"]
JOURNAL: Final = "journal.log"
"""File of the trials, in the format of Optuna."""
PLAN: Final = "plan.json"
"""File of the plan."""
DIGITS: Final = 3
"""Significant digits of a proposed number, so that the grid shows exactly the trained values."""
_SETTINGS: Final = "settings"
"""User attribute of a trial: the values that it is trained with."""


@dataclass(frozen=True)
class Trial:
    """A trial of an arm: its settings, whether it has ended, and the mean score over the seeds, if it has one."""

    settings: dict[str, Any]
    over: bool
    score: float | None


def direction_of(metric: str) -> Direction:
    """Return the direction in which a score gets better."""
    return "minimize" if metric in LOWER_IS_BETTER else "maximize"


def is_begun(folder: Path) -> bool:
    """Whether there is a tuning in a folder."""
    return (folder / PLAN).exists()


@contextmanager
def open_studies(folder: Path, plan: Plan) -> Iterator[dict[str, "Study"]]:
    """Open the journal in a folder for this process alone and give the study of every arm by its key.

    Raises:
        UsageError: When the journal is of another plan; names the difference.
        DataError: When the files are no journal and its plan.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    folder.mkdir(parents=True, exist_ok=True)
    # The system frees this lock when its holder dies; waiting for Optuna's own would take half a minute.
    with FileLock(folder / ".lock"):
        check_plan(folder, plan.identity())
        if not is_begun(folder):
            write_atomically(folder / PLAN, json.dumps(plan.identity(), indent=2) + "\n")
        storage = _storage(folder / JOURNAL)
        # Creating a study that exists would write a line all the same.
        there = {study.study_name for study in storage.get_all_studies()}
        yield {
            arm.key: optuna.load_study(storage=storage, study_name=arm.key)
            if arm.key in there
            else optuna.create_study(storage=storage, study_name=arm.key, direction=direction_of(arm.config.metric))
            for arm in plan.arms
        }


def trials_of(study: "Study") -> list[Trial]:
    """Return the trials of a study, in their order."""
    return [
        Trial(dict(trial.user_attrs[_SETTINGS]), over := trial.state.is_finished(), trial.value if over else None)
        for trial in study.get_trials(deepcopy=False)
    ]


def ask(study: "Study", arm: SearchedArm, number: int, seed: int) -> Trial:
    """Return a trial, proposing it unless a process has done so; earlier ones are over. Trial 0 is the arm itself."""
    from optuna.trial import TrialState, create_trial

    history = study.get_trials(deepcopy=False)
    if len(history) == number:
        values = propose(history, arm.space, direction_of(arm.config.metric), seed) if number else arm.own
        given, limits = parameters(values, arm.space)
        attributes = {_SETTINGS: values}
        running = create_trial(state=TrialState.RUNNING, params=given, distributions=limits, user_attrs=attributes)
        study.add_trial(running)  # with all its values at once
    return trials_of(study)[number]


def tell(study: "Study", number: int, score: float | None) -> None:
    """Store the score of a trial, None of a failed one, unless another process has."""
    from optuna.trial import TrialState

    study.tell(number, score, state=TrialState.FAIL if score is None else TrialState.COMPLETE, skip_if_finished=True)


def propose(history: Sequence["FrozenTrial"], space: Space, direction: Direction, seed: int) -> dict[str, Any]:
    """Return values to try, from a new tree-structured Parzen estimator (Bergstra et al., NeurIPS 2011).

    They depend on the arguments alone, so that an interrupted search continues as if it had not been interrupted. Until
    there are ten scores they are random and depend on the seed alone: arms with the same space try the same values.
    """
    import optuna

    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed), direction=direction)
    # A trial outside the space, such as an arm whose learning rate is not in it, has no parameters to learn from.
    study.add_trials(trial for trial in history if trial.params)
    asked = study.ask(distributions(space)).params
    return {name: _rounded(asked[name], search) for name, search in space.items()}


def parameters(values: Mapping[str, Any], space: Space) -> "tuple[dict[str, Any], dict[str, BaseDistribution]]":
    """Return values and their distributions as an Optuna trial has them; empty where a value is outside the space."""
    if not all(search.holds(values[name]) for name, search in space.items()):
        return {}, {}
    return {name: values[name] for name in space}, distributions(space)


def distributions(space: Space) -> "dict[str, BaseDistribution]":
    """Return the space as Optuna has it."""
    from optuna.distributions import CategoricalDistribution, FloatDistribution, IntDistribution

    found: dict[str, BaseDistribution] = {}
    for name, search in space.items():
        if search.values is not None:
            found[name] = CategoricalDistribution(search.values)
        elif settings()[name].type is int:
            low, high = map(int, search.bounds)
            found[name] = IntDistribution(low, high, log=search.log)
        else:
            found[name] = FloatDistribution(*search.bounds, log=search.log)
    return found


def _rounded(value: Any, search: Search) -> Any:
    if search.values is not None or not isinstance(value, float):
        return value
    low, high = search.bounds
    return min(max(float(f"{value:.{DIGITS}g}"), low), high)


def _storage(path: Path) -> "BaseStorage":
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalStorage

    class Held(JournalFileOpenLock):
        """A lock that is held already: that of the folder."""

        def acquire(self) -> bool:
            return True

        def release(self) -> None:
            return None

    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:  # a power failure has torn the last line
        write_atomically(path, whole)
    try:
        return JournalStorage(JournalFileBackend(str(path), Held(str(path))))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(f"{path}: not a journal of trials ({error}); remove its folder to begin again") from None


def check_plan(folder: Path, plan: Mapping[str, Any]) -> None:
    """Refuse a folder that holds another tuning; errors as in :func:`open_studies`."""
    path = folder / PLAN
    if not is_begun(folder):
        if (folder / JOURNAL).exists():
            raise DataError(f"{path} is missing, and {JOURNAL} is useless without it; remove {folder} to begin again")
        return
    try:
        begun = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise DataError(f"{path}: not JSON; remove {folder} to begin again") from None
    difference = _difference(begun if isinstance(begun, dict) else {}, json.loads(json.dumps(plan)))
    if difference:
        raise UsageError(
            f"{folder} holds a tuning with other {difference}; resume that one, choose another --out, or "
            "remove the folder"
        )


def _difference(begun: Mapping[str, Any], plan: Mapping[str, Any]) -> str:
    """Return the first difference between two plans; empty where there is none."""
    for name, wanted in plan.items():
        found, label = begun.get(name), f"{name.replace('_', ' ')}:"
        if found == wanted:
            continue
        if isinstance(found, dict) and isinstance(wanted, dict):
            part = next(key for key in {**found, **wanted} if found.get(key) != wanted.get(key))
            found, wanted, label = found.get(part), wanted.get(part), f"{label} {part}"
        elif name == "arms" and isinstance(found, list):
            found, wanted = [arm for arm in found if arm not in wanted], [arm for arm in wanted if arm not in found]
        return f"{label} {_shown(found)} there, {_shown(wanted)} now"
    return ""


def _shown(value: Any) -> str:
    """Return a value as a message shows it; of a long list the first."""
    if not isinstance(value, list):
        return "nothing" if value is None else str(value)
    text = ", ".join(map(str, value)) or "nothing more"
    if len(text) <= 40:
        return text
    return f"{value[0]}" + (f" and {len(value) - 1} more" if len(value) > 1 else "")
