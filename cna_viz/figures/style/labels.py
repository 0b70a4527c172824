"""The words on axes and under figures."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from cna_viz.config.vocabulary import LOWER_IS_BETTER
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
"""Titles of axes that show a setting."""

SETTING_QUESTIONS: Final[dict[str, str]] = {
    "clusters": "How many clusters does it take?",
    "csbm_homophily": "What happens where neighbours belong to other classes?",
}

STAGE_LABELS: Final[dict[str, str]] = {"conv": "after the convolution", "slot": "after the slot"}


def provenance(records: Sequence[Record], *notes: str) -> str:
    """Return the footnote: dataset, split, seeds, runs, and notes."""
    runs = [record.config.facts for record in records]
    facts = [
        "dataset " + _listed(str(run["dataset"]) for run in runs),
        "split " + _listed(str(run["split"]) for run in runs),
        "seeds " + _listed(str(run["seed"]) for run in runs),
        "runs " + _listed((record.id[:8] for record in records), most=3),
    ]
    return "<br>".join([" · ".join(facts), *notes])


def points_label(metric: str) -> str:
    """Return a score and the unit of its differences."""
    less = ", less is better" if metric in LOWER_IS_BETTER else ""
    return f"{WORDS[metric]} in points" if metric in SHARES else f"{WORDS[metric]}{less}"


def student_note(metric: str) -> str:
    """Return the note on intervals of :func:`~cna_viz.analysis.statistics.intervals.confidence_interval`."""
    cut = ", cut at 0 and 100 %" if metric in SHARES else ""
    return f"mean and 95 % interval over seeds (Student t{cut})"


def left_out(runs: Mapping[str, int]) -> list[str]:
    """Return the note on arms that can't be compared: how many of their runs diverged; none where there are none."""
    listed = _listed(f"{arm} ({count} diverged)" for arm, count in runs.items())
    return [f"left out, because runs have no score: {listed}"] if runs else []


def which_model(records: Sequence[Record]) -> str:
    """Return the words on which model of each run is shown; that of a watched training is its last."""
    own = {record.config.watched is None for record in records}
    words = {True: "model of the best validation epoch", False: "model at the end of the training"}
    return f"{words[True]}; of watched networks, {words[False]}" if len(own) > 1 else words[own.pop()]


def _listed(values: Iterable[str], most: int = 6) -> str:
    distinct = list(dict.fromkeys(values))
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return escaped(", ".join(distinct[:most]) + more)


def layers_words(count: int) -> str:
    """Return a depth in words: 1 layer, 2 layers."""
    return f"{count} layer" if count == 1 else f"{count} layers"
