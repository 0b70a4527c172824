"""Why a panel has nothing to draw, and what makes a run of which it has."""

from cna_viz.analysis.sentences.training_notes import run_command
from cna_viz.config import RunConfig
from cna_viz.errors import UsageError
from cna_viz.records.record import Record
from cna_viz.records.stored import stored_runs


def no_snapshots(record: Record, consequence: str, remedy: bool = False) -> UsageError:
    """Return the error of a run without snapshots.

    Args:
        record: The run.
        consequence: What can't be seen.
        remedy: Say how to train one with snapshots, too; once is enough among several panels.
    """
    sentence = f"Run {record.id[:8]} keeps no snapshots, so {consequence}."
    if not remedy:
        return UsageError(sentence)
    if record.config.watched is not None:
        return UsageError(f"{sentence} Watch it with snapshots 'log' to see them.")
    folder = record.folder.parent
    # Runs of one's own do not belong among those of the package.
    command = run_command(_with_snapshots(record.config), "" if folder == stored_runs() else str(folder))
    return UsageError(f"{sentence} This trains one that does: {command}")


def no_clusters(record: Record) -> UsageError:
    """Return the error of a run whose slots have no clusters."""
    if record.layers == 1:
        return UsageError(f"Run {record.id[:8]} has one layer and no slot.")
    return UsageError(
        f"The slot {record.config.slot!r} of run {record.id[:8]} puts nodes in no clusters. Slots with C do: "
        "cna, c, cn, ca, cna-random and others."
    )


def no_rationals(record: Record, layer: int) -> UsageError | None:
    """Return why there are no rational functions after a layer; None where there may be some."""
    config = record.config
    if record.layers == 1:
        return UsageError(f"Run {record.id[:8]} has one layer and no slot.")
    if config.watched is None and config.model.factors.get("activation") != "rational":
        with_a = "Slots with A have them: cna, a, ca, na and others."
        return UsageError(f"The slot {config.slot!r} of run {record.id[:8]} has no rational functions. {with_a}")
    if layer >= record.layers:
        return UsageError(f"No slot stands after the last layer, {record.layers}; choose one before it.")
    return None


def not_measured(record: Record) -> UsageError:
    """Return the error of a run of which nothing was measured."""
    return UsageError(
        f"Run {record.id[:8]} measured nothing in its layers: option --measures of `cna-viz run` says what is measured."
    )


def _with_snapshots(config: RunConfig) -> RunConfig:
    recording = config.recording.model_copy(update={"snapshots": "log"})
    return config.model_copy(update={"recording": recording})
