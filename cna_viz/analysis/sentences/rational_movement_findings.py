"""Sentences about what training did to the rational functions of a slot."""

from typing import Final

import numpy as np

from cna_viz.analysis.tables.rational_movement import rational_movement
from cna_viz.analysis.words import counted
from cna_viz.records.record import Record

HARDLY: Final = 0.05
"""Share of the size of the functions below which they are said to hardly move."""


def rational_movement_findings(record: Record, layer: int) -> list[str]:
    """Say how far the functions moved between the first snapshot and the selected model, where their values lie.

    Functions *moved* where the change is at least 5 % of their own size (root mean square over the same values).
    Errors are those of :func:`~cna_viz.analysis.tables.rational_movement.rational_movement`.
    """
    found = rational_movement(record, layer)
    if found.selected == found.epochs[0]:
        return [f"the selected model is that of epoch {found.selected}, the first one kept: no function had moved yet"]
    known = np.flatnonzero(np.isfinite(found.change) & np.isfinite(found.extent))
    if not len(known):
        return ["no value that is a number enters the rational functions, so their movement means nothing"]
    change, extent = found.change[known], found.extent[known]
    mean, whole = float(change.mean()), float(extent.mean())
    size = f" ({100 * mean / whole:.0f} % of their own size there)" if whole > 0 else ""
    verdict = "the functions moved" if mean >= HARDLY * whole else "the functions hardly moved"
    span = f"between epoch {found.epochs[0]} and epoch {found.selected}"
    sentences = [f"{verdict} {span}: by {mean:.2g} on average, root mean square over the values{size}"]
    if len(known) > 1:
        most, least = known[change.argmax()], known[change.argmin()]
        sentences.append(
            f"most that of cluster {most} (by {change.max():.2g}), least that of cluster {least} "
            f"(by {change.min():.2g})"
        )
    idle = len(found.change) - len(known)
    return [*sentences, f"{counted(idle, 'function')} without a value that is a number"] if idle else sentences
