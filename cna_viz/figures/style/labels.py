"""The words on axes and under figures, and the checks that every figure makes before it draws."""

from collections.abc import Iterable, Mapping, Sequence
from math import isfinite
from typing import Final

from cna_viz.config.own import PREFIX
from cna_viz.config.vocabulary import LOWER_IS_BETTER, SPLITS, SplitName
from cna_viz.errors import UsageError, unknown_name
from cna_viz.figures.style.theme import escaped
from cna_viz.records.record import Record
from cna_viz.scores import SHARES, WORDS

SETTING_AXES: Final[dict[str, str]] = {
    "layers": "depth (number of convolutions)",
    "clusters": "number of clusters per slot",
    "hidden": "channels of a hidden layer",
    "csbm_homophily": "homophily (share of a node's edges that lead to its own class)",
    "lr": "learning rate",
}

STAGE_LABELS: Final[dict[str, str]] = {"conv": "after the convolution", "slot": "after the slot"}


def setting_axis(setting: str) -> str:
    """Return the title of an axis that shows a setting."""
    return SETTING_AXES.get(setting, escaped(setting.replace("_", " ")))


def provenance(records: Sequence[Record], *notes: str) -> str:
    """Return the footnote: dataset, split, seeds and runs in one line, then the notes."""
    facts = [
        "dataset " + _listed(_datasets(records)),
        "split " + _listed(map(_split, records)),
        "seeds " + _listed(str(record.config.stated_seed) for record in records),
        "runs " + _listed((record.id[:8] for record in records), most=3),
    ]
    return "<br>".join([" · ".join(facts), *notes, *_diverged(records)])


def _diverged(records: Sequence[Record]) -> list[str]:
    """Return the note on watched runs that diverged, whose measures are not finite from some epoch on."""
    runs = {record.id[:8] for record in records if record.config.watched is not None and record.status == "diverged"}
    return [f"diverged: {_listed(sorted(runs), most=3)}"] if runs else []


def snapshot_note(records: Sequence[Record], epoch: int | None = None) -> list[str]:
    """Return the note on unfinished runs of which another snapshot is drawn than that of the selected model."""
    late = {record.shown_epoch for record in records if record.shown_epoch != record.best_epoch}
    if epoch is not None or not late:
        return []
    if len(late) == 1:
        return [f"snapshot of epoch {late.pop()}, the last one kept"]
    return [f"snapshots of epochs {_listed(map(str, sorted(late)))}, the last kept of each"]


def _split(record: Record) -> str:
    watched = record.config.watched
    return str(record.config.facts["split"]) if watched is None else watched.split


def _datasets(records: Sequence[Record]) -> list[str]:
    """Return the dataset of every run; the content, too, where the name does not identify it."""
    names, contents = [str(record.config.facts["dataset"]) for record in records], dict[str, set[str]]()
    for name, record in zip(names, records, strict=True):
        if record.content is not None and record.config.data.csbm is None:
            contents.setdefault(name, set()).add(record.content[:8])
    unclear = {name for name, found in contents.items() if len(found) > 1 or name.startswith(PREFIX)}
    return [
        f"{name} ({record.content[:8]})" if name in unclear and record.content else name
        for name, record in zip(names, records, strict=True)
    ]


def edge_notes(records: Sequence[Record]) -> list[str]:
    """Return the note on what networks are given of the edges, and neither the drawing nor the measures show."""
    data = [record.config.about for record in records]
    notes = ["direction not drawn; measures use the symmetric copy"] if any(one.is_directed for one in data) else []
    notes += ["edge weights not drawn; measures don't use them"] if any(one.is_weighted for one in data) else []
    return ["; ".join(notes)] if notes else []


def points_label(metric: str) -> str:
    """Return a score and the unit of its differences."""
    less = ", less is better" if metric in LOWER_IS_BETTER else ""
    return f"{WORDS[metric]} in points" if metric in SHARES else f"{WORDS[metric]}{less}"


def student_note(metric: str) -> str:
    """Return the note on intervals of :func:`~cna_viz.analysis.statistics.intervals.confidence_interval`."""
    cut = ", cut at 0 and 100 %" if metric in SHARES else ""
    return f"mean and 95 % interval over seeds (Student t{cut})"


def left_out(runs: Mapping[str, int]) -> list[str]:
    """Return the note on arms that can't be compared, with how many of their runs diverged; empty if none did."""
    listed = _listed(f"{arm} ({count} diverged)" for arm, count in runs.items())
    return [f"left out, because runs have no score: {listed}"] if runs else []


def which_model(records: Sequence[Record]) -> str:
    """Return which model of each run is shown; of a watched training it is the one that its program selected."""
    own = [record for record in records if record.config.watched is None]
    watched = [record for record in records if record.config.watched is not None and record.status != "incomplete"]
    stopped = [record for record in records if record.config.watched is not None and record.status == "incomplete"]
    words = ["model of the best validation epoch"] if own else []
    words += [f"model selected by the user's program (watch), at {_epochs(watched)}"] if watched else []
    words += [f"model of unfinished runs at {_epochs(stopped)}, the last one measured"] if stopped else []
    return "; ".join(words)


def _epochs(records: Sequence[Record]) -> str:
    found = sorted({record.best_epoch for record in records})
    return f"epoch {found[0]}" if len(found) == 1 else f"epochs {_listed(map(str, found))}"


def _listed(values: Iterable[str], most: int = 6) -> str:
    distinct = list(dict.fromkeys(values))
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return escaped(", ".join(distinct[:most]) + more)


def layers_words(count: int) -> str:
    """Return a depth in words: 1 layer, 2 layers."""
    return f"{count} layer" if count == 1 else f"{count} layers"


def check_records(records: Sequence[Record], split: SplitName = "test") -> None:
    """Refuse an empty list of records, and a split that is none of train, val and test."""
    if not records:
        raise UsageError("no records to draw: make some with `cna-viz run`")
    check_choice("split", split, SPLITS)


def one_depth(records: Sequence[Record]) -> int:
    """Return the number of layers that all records share; raises :class:`~cna_viz.errors.UsageError` if they differ."""
    check_records(records)
    depths = sorted({record.layers for record in records})
    if len(depths) > 1:
        raise UsageError(f"this figure needs records of one depth, not of depths {', '.join(map(str, depths))}")
    return depths[0]


def one_metric(records: Sequence[Record], split: SplitName = "test") -> str:
    """Return the metric that all records share; refuses records of several, and of runs without a score."""
    check_records(records, split)
    for record in records:
        if not has_scores(record):
            raise UsageError(f"run {record.id} was watched without labels: it has no score to draw")
    metrics = sorted({record.metric for record in records})
    if len(metrics) > 1:
        raise UsageError(
            f"this figure needs records of one metric, not of {', '.join(metrics)}: draw each dataset in its own figure"
        )
    return metrics[0]


def has_scores(record: Record) -> bool:
    """Whether a run can have scores: it has labels, or its program stated scores."""
    return record.config.task != "none" or bool(record.metrics[record.metric].notnull().any())


def check_scores(records: Sequence[Record], split: SplitName) -> None:
    """Refuse runs of which none has a score of its selected model."""
    if not any(isfinite(record.score(split)) for record in records):
        raise UsageError(f"none of these {len(records)} runs has a {split} score to draw")


def check_choice(kind: str, value: str, choices: Iterable[str]) -> None:
    """Refuse a name that is not among the choices; the error lists them."""
    if value not in (known := list(choices)):
        raise unknown_name(kind, value, known)


def nothing_measured(measure: str, stage: str) -> UsageError:
    """Return the error for a figure that would be empty."""
    where = "; a network of one layer has no slot" if stage == "slot" else ""
    return UsageError(f"these records hold no value of {measure!r} at stage {stage!r} to draw{where}")
