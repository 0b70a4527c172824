"""The trials of a tuning in one file that many processes share: whoever is killed, nothing is lost."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock

from cna_viz.errors import DataError, UsageError
from cna_viz.experiments.tuning.proposal import parameters, propose
from cna_viz.experiments.tuning.space import SearchedArm
from cna_viz.experiments.tuning.validation import direction_of
from cna_viz.files import write_atomically

if TYPE_CHECKING:
    from optuna import Study
    from optuna.storages import BaseStorage
    from optuna.trial import FrozenTrial

JOURNAL: Final = "journal.log"
"""File of the trials, in the form of Optuna."""
PLAN: Final = "plan.json"
"""File that says what is tuned, and how."""
_SETTINGS: Final = "settings"
"""What a trial calls the values that it is trained with."""


@dataclass(frozen=True)
class Trial:
    """A trial of an arm.

    Attributes:
        number: 0 is the first.
        settings: Values of the settings that are searched.
        over: Whether its score, or that it has none, is known.
        score: Mean over the seeds; None of a trial that is not over, or that failed.
    """

    number: int
    settings: dict[str, Any]
    over: bool
    score: float | None


def is_begun(folder: Path) -> bool:
    """Whether there is a tuning in a folder."""
    return (folder / PLAN).exists()


@contextmanager
def opened(folder: Path, plan: Mapping[str, Any]) -> Iterator["Trials"]:
    """Open the journal in a folder for this process alone; others wait until it is closed.

    Args:
        folder: Folder of the tuning; made where it is missing.
        plan: What is tuned, and how, as JSON has it. A journal that was begun by another plan is refused.

    Raises:
        UsageError: When the journal is of another plan; says what differs.
        DataError: When the files are no journal and its plan.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # The system frees this lock when its holder dies. Optuna's own would be waited for, for half a minute.
    with FileLock(folder / ".lock"):
        check_plan(folder, plan)
        if not is_begun(folder):
            write_atomically(folder / PLAN, json.dumps(plan, indent=2) + "\n")
        _drop_torn_line(folder / JOURNAL)
        yield Trials(_storage(folder / JOURNAL))


class Trials:
    """The trials of all arms, for the one process that has opened the journal."""

    def __init__(self, storage: "BaseStorage") -> None:
        self._storage = storage

    def of(self, arm: SearchedArm) -> list[Trial]:
        """Return the trials of an arm, in their order."""
        return [_trial(trial) for trial in self._study(arm).get_trials(deepcopy=False)]

    def ask(self, arm: SearchedArm, number: int, seed: int) -> Trial:
        """Return a trial of an arm, which is proposed unless this or another process has done so.

        Trial 0 is the arm as it is. A trial is written with all its values at once.

        Args:
            arm: The arm.
            number: Number of the trial; those before it are over.
            seed: Seed of the proposal.
        """
        from optuna.trial import TrialState, create_trial

        study = self._study(arm)
        history = study.get_trials(deepcopy=False)
        if len(history) == number:
            direction = direction_of(arm.config.metric)
            values = propose(history, arm.space, direction, seed) if number else arm.own
            params, distributions = parameters(values, arm.space)
            study.add_trial(
                create_trial(
                    state=TrialState.RUNNING,
                    params=params,
                    distributions=distributions,
                    user_attrs={_SETTINGS: values},
                )
            )
        return self.of(arm)[number]

    def tell(self, arm: SearchedArm, number: int, score: float | None) -> None:
        """Say how a trial ended, unless another process has."""
        from optuna.trial import TrialState

        state = TrialState.FAIL if score is None else TrialState.COMPLETE
        self._study(arm).tell(number, score, state=state, skip_if_finished=True)

    def _study(self, arm: SearchedArm) -> "Study":
        import optuna

        # To make a study that is there already would write a line all the same.
        if any(study.study_name == arm.key for study in self._storage.get_all_studies()):
            return optuna.load_study(storage=self._storage, study_name=arm.key)
        direction = direction_of(arm.config.metric)
        return optuna.create_study(storage=self._storage, study_name=arm.key, direction=direction)


def _trial(trial: "FrozenTrial") -> Trial:
    over = trial.state.is_finished()
    return Trial(trial.number, dict(trial.user_attrs[_SETTINGS]), over, trial.value if over else None)


def _storage(path: Path) -> "BaseStorage":
    import optuna
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock, JournalStorage

    class Held(JournalFileOpenLock):
        """A lock that is held already: that of the folder."""

        def acquire(self) -> bool:
            return True

        def release(self) -> None:
            return None

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        return JournalStorage(JournalFileBackend(str(path), Held(str(path))))
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise DataError(f"{path}: not a journal of trials ({error}); remove its folder to begin again") from None


def _drop_torn_line(path: Path) -> None:
    """Cut off what a machine that lost its power has left of a last line."""
    content = path.read_bytes() if path.exists() else b""
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        write_atomically(path, whole)


def check_plan(folder: Path, plan: Mapping[str, Any]) -> None:
    """Refuse a folder that holds another tuning; arguments and errors as in :func:`opened`."""
    path = folder / PLAN
    if not is_begun(folder):
        if (folder / JOURNAL).exists():
            raise DataError(f"{path} is missing: nothing says what {JOURNAL} is about; remove {folder} to begin again")
        return
    try:
        begun = json.loads(path.read_text("utf-8"))
    except (ValueError, RecursionError):
        raise DataError(f"{path}: not JSON; remove {folder} to begin again") from None
    differ = _difference(begun, json.loads(json.dumps(plan)))
    if differ:
        raise UsageError(
            f"{folder} holds a tuning with other {differ}; go on with that one, choose another --out, or "
            "remove the folder"
        )


def _difference(begun: Any, plan: Mapping[str, Any]) -> str:
    """Return in what a plan differs from the one that was begun; empty where in nothing."""
    begun = begun if isinstance(begun, dict) else {}
    for name, wanted in plan.items():
        found, label = begun.get(name), f"{name.replace('_', ' ')}:"
        if found == wanted:
            continue
        if isinstance(found, dict) and isinstance(wanted, dict):
            part = next(key for key in {**found, **wanted} if found.get(key) != wanted.get(key))
            found, wanted, label = found.get(part), wanted.get(part), f"{label} {part}"
        elif name == "arms" and isinstance(found, list):
            found, wanted = _without(found, wanted), _without(wanted, found)
        return f"{label} {_shown(found)} there, {_shown(wanted)} now"
    return ""


def _without(items: list[Any], others: list[Any]) -> list[Any]:
    return [item for item in items if item not in others]


def _shown(value: Any) -> str:
    """Return a value as a message shows it; of several what is short, or the first."""
    if not isinstance(value, list):
        return "nothing" if value is None else str(value)
    text = ", ".join(map(str, value)) or "nothing more"
    if len(text) <= 40:
        return text
    return f"{value[0]}" + (f" and {len(value) - 1} more" if len(value) > 1 else "")
