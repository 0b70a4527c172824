"""Collapsing features and vanishing gradients: which runs have which, before training and after.

The two share a mechanism (Arroyo et al., arXiv 2502.10818), and drops blamed on the one can be the other (Park et al.,
arXiv 2506.04653). No single number separates them, but their combinations do: a network that does not fit its own
training nodes has not been trained, and networks with only one of the two show which of them prevents that. A network
that fits them and fails in the test has been trained, so it is neither.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd

from cna_viz.analysis.tables.comparison import arms_of
from cna_viz.analysis.tables.predictions import chance_score
from cna_viz.analysis.tables.tables import accuracy_table, layer_value
from cna_viz.config.vocabulary import LOWER_IS_BETTER
from cna_viz.records.record import Record

VANISHED: Final = 0.01
"""Gradient at the first hidden layer relative to the last below which it counts as vanished."""
COLLAPSED_RANK: Final = 2.0
"""Effective rank of the last hidden layer below which features count as collapsed: less than two directions."""
FITTED: Final = 0.8
"""Share of the way from always predicting the most frequent class to no error, on the training nodes, that counts as
fitted."""
SETTLING: Final = frozenset({"batchnorm", "diffgroupnorm"})
"""Slots with running statistics, which are empty before the first step: the untrained network, measured in evaluation
mode, is not normalized at all."""
QUADRANTS: Final = ("neither", "gradient vanishes", "features collapse", "both")

START, SELECTED = "untrained", "selected"


def collapse_table(records: Sequence[Record]) -> pd.DataFrame:
    """Return a row per run and model: the untrained network, and the selected one.

    Args:
        records: Runs that measured ``gradient_norm`` and ``effective_rank``.

    Returns:
        The columns of :func:`~cna_viz.analysis.tables.tables.accuracy_table`, and

        - ``run``: id of its config; a run given twice counts once;
        - ``arm``: its name, without the depth;
        - ``model``: ``untrained`` or ``selected``;
        - ``gradient``: gradient norm after the first convolution divided by that after the last hidden one; below 1 it
          shrinks on its way to the input, NaN where nothing was measured or no gradient arrives anywhere;
        - ``rank``: effective rank after the last hidden convolution;
        - ``quadrant``: one of :data:`QUADRANTS`, by :data:`VANISHED` and :data:`COLLAPSED_RANK`; None where one of the
          two is NaN;
        - ``fitted``: whether it fits its training nodes, by :data:`FITTED`.
    """
    records = list({record.config.run_id: record for record in records}.values())
    accuracy, rows = accuracy_table(records), []
    for record, arm in zip(records, arms_of(records, ignore={"layers"}), strict=True):
        run, fitted = record.config.run_id, bool(_fit(record) >= FITTED)  # not so for NaN
        for model, epoch in ((START, _start(record)), (SELECTED, record.best_epoch)):
            last = last_hidden(record)
            first_norm, last_norm = (layer_value(record, "gradient_norm", "conv", layer, epoch) for layer in (1, last))
            gradient = first_norm / last_norm if last_norm > 0 else float("nan")
            rank = layer_value(record, "effective_rank", "conv", last, epoch)
            own = {"run": run, "arm": arm, "model": model, "gradient": gradient, "rank": rank}
            rows.append({**own, "quadrant": quadrant(gradient, rank), "fitted": fitted})
    facts = accuracy.drop(columns="run").loc[accuracy.index.repeat(2)].reset_index(drop=True)
    return pd.concat([facts, pd.DataFrame(rows)], axis=1)


def quadrant(gradient: float, rank: float) -> str | None:
    """Return one of :data:`QUADRANTS`; None where a number is missing."""
    if np.isnan(gradient) or np.isnan(rank):
        return None
    return QUADRANTS[(gradient < VANISHED) + 2 * (rank < COLLAPSED_RANK)]


def last_hidden(record: Record) -> int:
    """Return the number of the last hidden layer; a single layer counts as hidden."""
    return max(1, record.layers - 1)


def _fit(record: Record) -> float:
    """Return how far a run has come on its training nodes from a constant prediction (0) to no error (1)."""
    guess = chance_score(record, "train")
    best = 0.0 if record.metric in LOWER_IS_BETTER else 1.0
    return (record.score("train") - guess) / (best - guess) if guess != best else float("nan")


def settles(record: Record) -> bool:
    """Whether the slot of a run has no statistics before the first step; a watched network may have its name only."""
    return record.config.watched is None and record.config.slot in SETTLING


def _start(record: Record) -> int:
    """Return the epoch of the untrained network, or the first later measured one for a slot that has to settle."""
    if not settles(record):
        return 0
    measured = record.metrics["gradient_norm"].dropna("epoch", how="all").epoch.values
    return int(next((epoch for epoch in measured if epoch > 0), 0))
