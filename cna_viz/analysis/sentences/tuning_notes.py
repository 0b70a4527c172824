"""Whether and how every arm of a comparison was tuned, in words."""

from collections.abc import Sequence

from cna_viz.analysis.tables.comparison import arm_names
from cna_viz.config import RunConfig
from cna_viz.config.arms import inactive
from cna_viz.config.tuning import TunedArm, Tuning
from cna_viz.scores import WORDS


def tuning_notes(configs: Sequence[RunConfig], tuning: Tuning | None = None) -> dict[str, str]:
    """Return a sentence for every arm, by the name that :func:`.comparison.paired_table` gives it.

    Args:
        configs: The runs that are compared.
        tuning: What their grid says of how it was tuned (``grid.tuning``).

    Returns:
        "not tuned", or such as "tuned: 20 trials of lr, dropout on validation accuracy with seeds 10, 11, 12: lr 0.003,
        dropout 0.5".
    """
    names = arm_names(configs, tuning)
    notes: dict[str, str] = {}
    for config in configs:
        tuned = None if tuning is None else tuning.of(config)
        note = _untuned(config, tuning) if tuning is None or tuned is None else _note(tuned, tuning)
        notes.setdefault(names[config.run_id], note)
    return notes


def tuning_findings(configs: Sequence[RunConfig], tuning: Tuning | None = None) -> list[str]:
    """Return the sentences of :func:`tuning_notes` with the names of their arms; one where all are the same."""
    notes = tuning_notes(configs, tuning)
    if len(set(notes.values())) == 1:
        return [f"all arms: {next(iter(notes.values()))}"]
    return [f"**{arm}** {note}" for arm, note in notes.items()]


def _untuned(config: RunConfig, tuning: Tuning | None) -> str:
    searched = tuning is not None and not set(tuning.space) <= inactive(config)
    return "not tuned" + (": its settings are not those that the tuning chose" if searched else "")


def _note(tuned: TunedArm, tuning: Tuning) -> str:
    chosen = ", ".join(f"{name} {value}" for name, value in tuned.chosen.items())
    kept = " (as before: no other was better)" if tuned.trial == 0 else ""
    return (
        f"tuned: {tuning.trials} trials of {', '.join(tuned.chosen)} on validation {WORDS[tuned.metric]} with "
        f"{'seed' if len(tuning.seeds) == 1 else 'seeds'} {', '.join(map(str, tuning.seeds))}: {chosen}{kept}"
    )
