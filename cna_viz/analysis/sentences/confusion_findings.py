"""Sentences about answers that were wrong: how many, and which class was taken for which."""

from collections.abc import Sequence

import numpy as np

from cna_viz.analysis.tables.confusion import Confusion, confusions
from cna_viz.analysis.words import counted
from cna_viz.records.record import Record


def confusion_findings(records: Sequence[Record], part: str = "test") -> list[str]:
    """Say for each arm which class is most often taken for which other, and which class is told worst.

    Errors are those of :func:`~cna_viz.analysis.tables.confusion.confusions`.
    """
    found = confusions(records, part)
    what = "graphs" if "graph_of_node" in records[0].graph else "nodes"
    return [sentence for arm in found for sentence in _of(arm, part, what)]


def _of(found: Confusion, part: str, what: str) -> list[str]:
    total, right = int(found.counts.sum()), int(np.trace(found.counts))
    runs = f" of {counted(found.runs, 'run')}" if found.runs > 1 else ""
    if total == 0:
        return [f"**{found.arm}**: there are no {part} {what}{runs}"]
    wrong = found.counts - np.diag(np.diag(found.counts))
    if right == total:
        return [f"**{found.arm}**: all {total} {part} {what}{runs} are told right"]
    one, other = np.unravel_index(wrong.argmax(), wrong.shape)
    size = found.counts.sum(axis=1)
    recall = np.divide(np.diag(found.counts), size, out=np.full(len(size), np.nan), where=size > 0)
    worst = int(np.nanargmin(recall))
    share = 100 * wrong[one, other] / (total - right)
    ties = int(np.count_nonzero(wrong == wrong.max())) - 1
    tied = f"; {counted(ties, 'other pair')} as often" if ties else ""
    return [
        f"**{found.arm}**: {total - right} of {total} {part} {what}{runs} are told wrong; most often class {one} is "
        f"taken for class {other} ({wrong[one, other]} times, {share:.0f} % of the errors{tied})",
        f"**{found.arm}**: class {worst} is told worst, {100 * recall[worst]:.0f} % of its {size[worst]} {what} right",
    ]
