"""The words on axes and under figures."""

from collections.abc import Iterable, Sequence
from html import escape
from typing import Final

from cna_viz.records.record import Record

MEASURE_LABELS: Final[dict[str, str]] = {
    "rayleigh": "Rayleigh energy tr(XᵀΔX) / ‖X‖²",
    "mad": "mean average distance (cosine)",
    "effective_rank": "effective rank",
    "feature_norm": "feature norm ‖X‖",
    "gradient_norm": "gradient norm ‖∂L/∂X‖",
}

MEASURE_QUESTIONS: Final[dict[str, str]] = {
    "rayleigh": "Do neighbours become alike?",
    "mad": "Do neighbours come to point the same way?",
    "effective_rank": "How many directions do the features still use?",
    "feature_norm": "Do the features vanish or explode?",
    "gradient_norm": "Does the gradient reach the first layers?",
}

LOG_MEASURES: Final = frozenset({"rayleigh", "mad", "feature_norm", "gradient_norm"})
"""Measures that range over orders of magnitude and are drawn on a logarithmic axis."""

STAGE_LABELS: Final[dict[str, str]] = {"conv": "after the convolution", "slot": "after the slot"}


def provenance(records: Sequence[Record], *notes: str) -> str:
    """Return the footnote: dataset, split, seeds, runs, and notes."""
    configs = [record.config for record in records]
    facts = [
        "dataset " + _listed(config.data.dataset for config in configs),
        "split " + _listed(config.data.split for config in configs),
        "seeds " + _listed(str(config.seed) for config in configs),
        "runs " + _listed((record.id[:8] for record in records), most=3),
    ]
    return "<br>".join([" · ".join(facts), *notes])


def _listed(values: Iterable[str], most: int = 6) -> str:
    distinct = list(dict.fromkeys(values))
    more = f" and {len(distinct) - most} more" if len(distinct) > most else ""
    return escape(", ".join(distinct[:most]) + more)
