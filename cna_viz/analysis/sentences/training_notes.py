"""How runs were trained: whether they had enough epochs, how they were tuned, and the command that trains one."""

import shlex
from collections import Counter
from collections.abc import Sequence

from cna_viz.analysis.tables.comparison import arm_names
from cna_viz.analysis.tables.training_end import LATE, training_end
from cna_viz.analysis.words import counted, listed
from cna_viz.config import RunConfig
from cna_viz.config.arms import inactive
from cna_viz.config.fields import flat, settings
from cna_viz.config.tuning import Tuning
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.scores import WORDS


def unfinished_findings(records: Sequence[Record]) -> list[str]:
    """Report how many runs were still improving when they had to end, and in which slots.

    What counts as unfinished is said at :func:`~cna_viz.analysis.tables.training_end.training_end`.
    """
    if not records:
        raise UsageError("no runs to report on: make some with `cna-viz run`")
    ends = [training_end(record) for record in records]
    slots = {end: Counter(r.config.slot for r, one in zip(records, ends, strict=True) if one == end) for end in ends}
    left_out = [
        f"{counted(slots[end].total(), 'run')} {words}"
        for end, words in {
            "diverged": "diverged",
            "untrained": "had no epoch",
            "unknown": "watched or interrupted",
        }.items()
        if end in slots
    ]
    not_counted = [f"not counted: {listed(left_out)}"] if left_out else []
    trained = [record for record, end in zip(records, ends, strict=True) if end in ("finished", "unfinished")]
    if not trained:
        return [f"whether more epochs would help is known of no run: {listed(left_out)}"]
    if "unfinished" not in slots:
        all_of = "the run was not" if len(trained) == 1 else f"none of {counted(len(trained), 'run')} was"
        return [f"{all_of} still improving at its end, in validation score or loss", *not_counted]
    found, total = slots["unfinished"], Counter(record.config.slot for record in trained)
    most = ", ".join(f"{slot} ({count} of {total[slot]})" for slot, count in found.most_common(5))
    more = f" and {counted(len(found) - 5, 'other slot')}" if len(found) > 5 else ""
    return [
        f"{found.total()} of {counted(len(trained), 'run')} {'is' if found.total() == 1 else 'are'} unfinished: the "
        f"validation score or loss still improved in the last {100 * (1 - LATE):.0f} % of the epochs: {most}{more}",
        *not_counted,
        "a comparison of unfinished runs is also one of how fast they learn; more `epochs` give them the time",
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
    if value is None:
        return "none"
    return ",".join(map(str, value)) if isinstance(value, tuple) else str(value)
