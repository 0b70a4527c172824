"""How runs were trained: whether they had enough epochs, how they were tuned, and the command that trains one."""

import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Final

from cna_viz.analysis.tables.comparison import arm_names
from cna_viz.analysis.words import counted
from cna_viz.config import RunConfig
from cna_viz.config.arms import inactive
from cna_viz.config.fields import flat, settings
from cna_viz.config.tuning import Tuning
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.scores import WORDS

LATE: Final = 0.95
"""Share of the allowed epochs from which a best epoch counts as late: the run was still improving."""


def unfinished_findings(records: Sequence[Record]) -> list[str]:
    """Report how many runs were still improving when they had to end, and in which slots."""
    records = [record for record in records if record.config.watched is None]
    if not records:
        return ["these runs were watched: how many epochs they were allowed is unknown"]
    allowed = [(record, record.config.training.epochs) for record in records]
    late = [record for record, epochs in allowed if epochs > 0 and record.best_epoch >= LATE * epochs]
    if not late:
        return ["no run had its best validation epoch at the very end: the number of epochs decides nothing here"]
    total, found = (Counter(record.config.slot for record in some) for some in (records, late))
    most = ", ".join(f"{slot} ({count} of {total[slot]})" for slot, count in found.most_common(5))
    more = f" and {len(found) - 5} more" if len(found) > 5 else ""
    return [
        f"{len(late)} of {counted(len(records), 'run')} had their best validation epoch in the last "
        f"{100 * (1 - LATE):.0f} % of the epochs allowed, and may still have been improving: {most}{more}",
        "a comparison of such arms is also one of how fast they learn; `-p epochs` gives them more time",
    ]


def tuning_notes(configs: Sequence[RunConfig], tuning: Tuning | None = None) -> dict[str, str]:
    """Return how every arm was tuned, by the name that :func:`.comparison.paired_table` gives it.

    Such as "not tuned", or "tuned: 20 trials of lr on validation accuracy with seeds 10, 11: lr 0.003".

    Args:
        configs: The runs that are compared.
        tuning: How their grid was tuned (``grid.tuning``).
    """
    names = arm_names(configs, tuning)
    notes: dict[str, str] = {}
    for config in configs:
        notes.setdefault(names[config.run_id], _note(config, tuning))
    return notes


def tuning_findings(configs: Sequence[RunConfig], tuning: Tuning | None = None) -> list[str]:
    """Return the sentences of :func:`tuning_notes` with the names of their arms; a single one where all agree."""
    notes = tuning_notes(configs, tuning)
    if len(set(notes.values())) == 1:
        return [f"all arms: {next(iter(notes.values()))}"]
    return [f"**{arm}** {note}" for arm, note in notes.items()]


def run_command(config: RunConfig, runs: str = "") -> str:
    """Return the ``cna-viz run`` command that trains a run, quoted for a shell, without options at their default.

    ``runs`` is the folder of the records, the command's default when left out. Refuses watched networks.
    """
    if config.watched is not None:
        raise UsageError(
            f"run {config.run_id} was watched: only the program that trained {config.slot!r} can do so again"
        )
    values, defaults = flat(config), flat(RunConfig())
    csbm = config.data.csbm
    if csbm is not None:
        defaults |= {f"csbm_{name}": value for name, value in type(csbm)()}
    words = ["cna-viz", "run"]
    for name, setting in settings().items():
        if name in values and values[name] != defaults.get(name):
            words += [setting.option, _text(values[name])]
    return shlex.join([*words, *(["--runs", runs] if runs else [])])


def _note(config: RunConfig, tuning: Tuning | None) -> str:
    tuned = None if tuning is None else tuning.of(config)
    if tuning is None or tuned is None:
        searched = tuning is not None and not set(tuning.space) <= inactive(config)
        return "not tuned" + (": its settings are not those that the tuning chose" if searched else "")
    chosen = ", ".join(f"{name} {value}" for name, value in tuned.chosen.items())
    kept = " (the default: no trial was better)" if tuned.trial == 0 else ""
    return (
        f"tuned: {tuning.trials} trials of {', '.join(tuned.chosen)} on validation {WORDS[tuned.metric]} with "
        f"{'seed' if len(tuning.seeds) == 1 else 'seeds'} {', '.join(map(str, tuning.seeds))}: {chosen}{kept}"
    )


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
